// SPDX-License-Identifier: Apache-2.0
// "tcp://hub.example:7199" taken apart, and names looked up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace breakwater {

inline constexpr std::uint16_t kDefaultHubPort = 7199;

struct TcpEndpoint {
  std::string host;  // a name, an IPv4 address, or an IPv6 address without brackets
  std::uint16_t port = kDefaultHubPort;
  bool operator==(const TcpEndpoint&) const = default;
};

// "tcp://HOST:PORT", "HOST:PORT", "HOST"; an IPv6 address stands in [brackets].
Result<TcpEndpoint> parse_endpoint(std::string_view text);

// "tcp://192.0.2.1:7199", "tcp://[2001:db8::1]:7199": what zmq connects to without looking anything up.
std::string numeric_endpoint(std::string_view address, std::uint16_t port);

// True if `host` is an address: nothing to look up.
bool is_numeric(const std::string& host);

// All addresses of a host in the resolver's order (RFC 6724), each once. Blocks, possibly for half a minute: never on
// a loop. Thread-safe.
Result<std::vector<std::string>> look_up(const std::string& host);

}  // namespace breakwater
