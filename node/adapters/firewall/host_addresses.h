// SPDX-License-Identifier: Apache-2.0
// What this host must never ban: its own addresses, Docker's networks, gateways, resolvers.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/address.h"
#include "common/base/result.h"

struct mnl_socket;
struct nlmsghdr;

namespace breakwater {

struct HostRange {
  Prefix range;
  std::string reason;  // completes "203.0.113.1 is ...": "own address of eth0", "the default gateway"
  auto operator<=>(const HostRange&) const = default;
};

// Reads the interfaces, the routes and the resolvers of the thread's network namespace. Sorted, without repetitions.
// No privileges needed. A part that cannot be read is an error: an incomplete list would ban a gateway.
// Not here, because only others know them: networks of Docker with names of their own (Engine API /networks), the
// hub, the operator's ignoreip.
Result<std::vector<HostRange>> collect_host_ranges();

// The pure parts.
struct InterfaceAddress {
  std::string interface;
  Address address;
  unsigned length = 32;  // of its subnet
};
// Own addresses, and the whole subnet of Docker's bridges: containers are behind it, and clients whose own address was
// lost on the way (userland proxy, IPv6 to an IPv4-only container) show its gateway.
std::vector<HostRange> ranges_of_interfaces(std::span<const InterfaceAddress> addresses);
// docker0, docker_gwbridge, br-<12 hex digits>.
bool is_docker_bridge(std::string_view interface);
// The `nameserver` lines of resolv.conf(5); lines that make no sense are passed over.
std::vector<HostRange> parse_resolvers(std::string_view resolv_conf);
// Gateways of a route, if it is a default route: RTA_GATEWAY, RTA_VIA and each hop of RTA_MULTIPATH.
// `message`: an RTM_NEWROUTE, whole and length-checked.
std::vector<Address> default_gateways(const nlmsghdr* message);

// Tells when addresses, links or routes change. One thread.
class HostAddressWatcher {
 public:
  static Result<HostAddressWatcher> open();
  HostAddressWatcher(HostAddressWatcher&&) noexcept;
  HostAddressWatcher& operator=(HostAddressWatcher&&) noexcept;
  ~HostAddressWatcher();

  int fd() const;
  // Empties the descriptor; true if something changed since the last call, or events were lost. Docker makes and
  // removes links with every container: collect a moment later, not for every single event.
  bool changed();

 private:
  struct Close {
    void operator()(mnl_socket* socket) const;
  };
  explicit HostAddressWatcher(mnl_socket* socket);
  std::unique_ptr<mnl_socket, Close> socket_;
};

}  // namespace breakwater
