// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/host_addresses.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <fstream>
#include <iterator>
#include <optional>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include "common/base/text.h"
#include "node/adapters/firewall/netlink_attributes.h"

namespace breakwater {
namespace {

constexpr int kReadsAtOnce = 64;
constexpr std::size_t kLongestResolvConf = 65536;

std::span<const std::uint8_t> bytes_of(const sockaddr* address, sa_family_t family) {
  if (family == AF_INET) {
    return {reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr), 4};
  }
  return {reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr), 16};
}

// The mask's own family field is not always filled in: the address's decides where the bytes are.
unsigned mask_length(const sockaddr* mask, sa_family_t family) {
  unsigned length = 0;
  for (const std::uint8_t byte : bytes_of(mask, family))
    length += static_cast<unsigned>(std::popcount(byte));
  return length;
}

Result<std::vector<InterfaceAddress>> interface_addresses() {
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) return system_error("reading the interfaces' addresses");
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(raw, &::freeifaddrs);
  std::vector<InterfaceAddress> found;
  for (const ifaddrs* one = all.get(); one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_netmask == nullptr) continue;
    if (one->ifa_addr->sa_family != AF_INET && one->ifa_addr->sa_family != AF_INET6) continue;
    const auto address = Address::from_bytes(bytes_of(one->ifa_addr, one->ifa_addr->sa_family));
    if (!address) continue;
    found.push_back({one->ifa_name, *address, mask_length(one->ifa_netmask, one->ifa_addr->sa_family)});
  }
  return found;
}

void add_gateway(const nlattr* attribute, std::vector<Address>& found) {
  const auto type = mnl_attr_get_type(attribute);
  const auto* data = static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute));
  std::size_t length = mnl_attr_get_payload_len(attribute);
  if (type == RTA_VIA && length > sizeof(rtvia)) {
    data += sizeof(rtvia);
    length -= sizeof(rtvia);
  } else if (type != RTA_GATEWAY) {
    return;
  }
  if (const auto address = Address::from_bytes({data, length})) found.push_back(*address);
}

void add_hops(const nlattr* multipath, std::vector<Address>& found) {
  const auto* at = static_cast<const char*>(mnl_attr_get_payload(multipath));
  std::size_t left = mnl_attr_get_payload_len(multipath);
  while (left >= sizeof(rtnexthop)) {
    const auto* hop = reinterpret_cast<const rtnexthop*>(at);
    if (hop->rtnh_len < sizeof(rtnexthop) || hop->rtnh_len > left) return;
    const NetlinkAttributes inside(at + sizeof(rtnexthop), hop->rtnh_len - sizeof(rtnexthop));
    for (const nlattr* attribute : inside)
      add_gateway(attribute, found);
    const std::size_t step = std::min<std::size_t>(RTNH_ALIGN(hop->rtnh_len), left);
    at += step;
    left -= step;
  }
}

Result<void> dump_routes(mnl_socket* socket, unsigned char family, std::vector<Address>& gateways) {
  alignas(nlmsghdr) std::array<char, 32768> buffer;
  nlmsghdr* request = mnl_nlmsg_put_header(buffer.data());
  request->nlmsg_type = RTM_GETROUTE;
  request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request->nlmsg_seq = family;
  auto* route = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(rtmsg)));
  route->rtm_family = family;
  if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) return system_error("reading the routes");
  const auto read_one = [](const nlmsghdr* message, void* into) {
    const auto found = message->nlmsg_type == RTM_NEWROUTE ? default_gateways(message) : std::vector<Address>();
    auto& all = *static_cast<std::vector<Address>*>(into);
    all.insert(all.end(), found.begin(), found.end());
    return MNL_CB_OK;
  };
  for (;;) {
    const ssize_t got = mnl_socket_recvfrom(socket, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("reading the routes");
    const int more = mnl_cb_run(buffer.data(), static_cast<std::size_t>(got), family, mnl_socket_get_portid(socket),
                                +read_one, &gateways);
    if (more < 0) return system_error("reading the routes");
    if (more == 0) return {};
  }
}

Result<std::vector<Address>> all_default_gateways() {
  const std::unique_ptr<mnl_socket, decltype(&mnl_socket_close)> socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC),
                                                                        &mnl_socket_close);
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) return system_error("opening rtnetlink");
  std::vector<Address> gateways;
  for (const unsigned char family : {static_cast<unsigned char>(AF_INET), static_cast<unsigned char>(AF_INET6)}) {
    if (const auto done = dump_routes(socket.get(), family, gateways); !done) return done.error();
  }
  return gateways;
}

// Empty if there is no such file.
std::string contents(const char* path) {
  std::ifstream file(path);
  std::string text(kLongestResolvConf, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

void append(std::vector<HostRange>& all, std::vector<HostRange> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

bool is_docker_bridge(std::string_view interface) {
  if (interface == "docker0" || interface == "docker_gwbridge") return true;
  if (!interface.starts_with("br-") || interface.size() != 15) return false;
  return std::all_of(interface.begin() + 3, interface.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0 || (c >= 'a' && c <= 'f'); });
}

std::vector<HostRange> ranges_of_interfaces(std::span<const InterfaceAddress> addresses) {
  std::vector<HostRange> ranges;
  for (const auto& one : addresses) {
    ranges.push_back({Prefix(one.address), "own address of " + one.interface});
    const bool network = one.length > 0 && one.length < one.address.bits();
    if (network && is_docker_bridge(one.interface)) {
      ranges.push_back({Prefix(one.address, one.length), "the Docker network of " + one.interface});
    }
  }
  return ranges;
}

std::vector<HostRange> parse_resolvers(std::string_view resolv_conf) {
  std::vector<HostRange> ranges;
  for (const auto line : split(resolv_conf, '\n')) {
    auto text = trimmed(line.substr(0, line.find_first_of("#;")));
    constexpr std::string_view kWord = "nameserver";
    if (!text.starts_with(kWord) || text.size() == kWord.size()) continue;
    if (text[kWord.size()] != ' ' && text[kWord.size()] != '\t') continue;
    text = trimmed(text.substr(kWord.size()));
    text = text.substr(0, text.find('%'));  // the zone of a link-local address
    if (const auto address = Address::parse(text)) ranges.push_back({Prefix(*address), "a resolver of this host"});
  }
  return ranges;
}

std::vector<Address> default_gateways(const nlmsghdr* message) {
  std::vector<Address> found;
  if (mnl_nlmsg_get_payload_len(message) < sizeof(rtmsg)) return found;
  const auto* route = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(message));
  if (route->rtm_dst_len != 0 || route->rtm_type != RTN_UNICAST) return found;
  for (const nlattr* attribute : NetlinkAttributes::of(message, sizeof(rtmsg))) {
    if (mnl_attr_get_type(attribute) == RTA_MULTIPATH)
      add_hops(attribute, found);
    else
      add_gateway(attribute, found);
  }
  return found;
}

Result<std::vector<HostRange>> collect_host_ranges() {
  const auto interfaces = interface_addresses();
  if (!interfaces) return interfaces.error();
  const auto gateways = all_default_gateways();
  if (!gateways) return gateways.error();
  auto ranges = ranges_of_interfaces(*interfaces);
  for (const auto& gateway : *gateways)
    ranges.push_back({Prefix(gateway), "the default gateway"});
  append(ranges, parse_resolvers(contents("/etc/resolv.conf")));
  // With systemd-resolved the first file names only its stub on 127.0.0.53.
  append(ranges, parse_resolvers(contents("/run/systemd/resolve/resolv.conf")));
  std::sort(ranges.begin(), ranges.end());
  ranges.erase(std::unique(ranges.begin(), ranges.end()), ranges.end());
  return ranges;
}

void HostAddressWatcher::Close::operator()(mnl_socket* socket) const {
  mnl_socket_close(socket);
}
HostAddressWatcher::HostAddressWatcher(mnl_socket* socket) : socket_(socket) {}
HostAddressWatcher::HostAddressWatcher(HostAddressWatcher&&) noexcept = default;
HostAddressWatcher& HostAddressWatcher::operator=(HostAddressWatcher&&) noexcept = default;
HostAddressWatcher::~HostAddressWatcher() = default;

Result<HostAddressWatcher> HostAddressWatcher::open() {
  HostAddressWatcher watcher(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!watcher.socket_) return system_error("opening rtnetlink");
  constexpr unsigned kGroups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
  if (mnl_socket_bind(watcher.socket_.get(), kGroups, MNL_SOCKET_AUTOPID) < 0) return system_error("binding rtnetlink");
  return watcher;
}

int HostAddressWatcher::fd() const {
  return mnl_socket_get_fd(socket_.get());
}

bool HostAddressWatcher::changed() {
  alignas(nlmsghdr) std::array<char, 32768> buffer;
  bool found = false;
  for (int i = 0; i < kReadsAtOnce; ++i) {
    const ssize_t got = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    found = true;
  }
  return found;
}

}  // namespace breakwater
