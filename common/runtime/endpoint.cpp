// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/endpoint.h"

#include <algorithm>
#include <charconv>
#include <memory>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/base/address.h"
#include "common/base/text.h"

namespace breakwater {
namespace {

Error bad_endpoint(std::string_view text) {
  return Error("\"" + escaped(text) + "\" is no endpoint (try tcp://hub.example:" + std::to_string(kDefaultHubPort) +
               " or tcp://[2001:db8::1]:" + std::to_string(kDefaultHubPort) + ")");
}

}  // namespace

Result<TcpEndpoint> parse_endpoint(std::string_view text) {
  std::string_view rest = trimmed(text);
  constexpr std::string_view kScheme = "tcp://";
  if (rest.starts_with(kScheme)) rest.remove_prefix(kScheme.size());
  TcpEndpoint endpoint;
  std::string_view port;
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return bad_endpoint(text);
    endpoint.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (!rest.empty() && rest.front() != ':') return bad_endpoint(text);
    if (!rest.empty()) port = rest.substr(1);
    if (!is_numeric(endpoint.host)) return bad_endpoint(text);
    if (rest.empty()) return endpoint;
  } else {
    const auto colon = rest.find(':');
    endpoint.host = rest.substr(0, colon);
    if (endpoint.host.empty() || endpoint.host.find_first_of("/@ ") != std::string::npos) return bad_endpoint(text);
    if (colon == std::string_view::npos) return endpoint;
    port = rest.substr(colon + 1);
  }
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc() || end != port.data() + port.size() || endpoint.port == 0) return bad_endpoint(text);
  return endpoint;
}

std::string numeric_endpoint(std::string_view address, std::uint16_t port) {
  const bool v6 = address.find(':') != std::string_view::npos;
  return "tcp://" + (v6 ? "[" + std::string(address) + "]" : std::string(address)) + ":" + std::to_string(port);
}

bool is_numeric(const std::string& host) {
  return static_cast<bool>(Address::parse(host));
}

Result<std::vector<std::string>> look_up(const std::string& host) {
  if (is_numeric(host)) return std::vector<std::string>{host};
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) return Error(std::string(::gai_strerror(error))).within("looking up " + escaped(host));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    if (std::find(addresses.begin(), addresses.end(), text) == addresses.end()) addresses.emplace_back(text);
  }
  if (addresses.empty()) return Error("looking up " + escaped(host) + ": it has no address");
  return addresses;
}

}  // namespace breakwater
