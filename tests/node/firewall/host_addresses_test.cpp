// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/host_addresses.h"

#include <array>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

namespace breakwater {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Address address(const char* text) {
  return Address::parse(text).value();
}
HostRange range(const char* text, const char* reason) {
  return {Prefix::parse(text).value(), reason};
}

TEST(DockerBridges, ByTheirNames) {
  for (const char* name : {"docker0", "docker_gwbridge", "br-0123456789ab"})
    EXPECT_TRUE(is_docker_bridge(name)) << name;
  for (const char* name : {"eth0", "br-lan", "br-0123456789AB", "br-0123456789abc", "docker1", ""}) {
    EXPECT_FALSE(is_docker_bridge(name)) << name;
  }
}

TEST(RangesOfInterfaces, OwnAddressesAndDockersNetworks) {
  const std::vector<InterfaceAddress> addresses{{"eth0", address("198.51.100.5"), 24},
                                                {"docker0", address("203.0.113.1"), 25},
                                                {"br-0123456789ab", address("2001:db8:2::1"), 64}};
  EXPECT_THAT(ranges_of_interfaces(addresses),
              ElementsAre(range("198.51.100.5", "own address of eth0"), range("203.0.113.1", "own address of docker0"),
                          range("203.0.113.0/25", "the Docker network of docker0"),
                          range("2001:db8:2::1", "own address of br-0123456789ab"),
                          range("2001:db8:2::/64", "the Docker network of br-0123456789ab")));
}

TEST(RangesOfInterfaces, ABridgeWithoutANetworkIsNotTheWholeWorld) {
  const std::vector<InterfaceAddress> addresses{{"docker0", address("203.0.113.1"), 0},
                                                {"docker0", address("203.0.113.2"), 32}};
  EXPECT_THAT(ranges_of_interfaces(addresses), ElementsAre(range("203.0.113.1", "own address of docker0"),
                                                           range("203.0.113.2", "own address of docker0")));
}

TEST(ParseResolvers, TakesNameserverLines) {
  const char* reason = "a resolver of this host";
  EXPECT_THAT(
      parse_resolvers("# nameserver 192.0.2.1\nsearch example.org\nnameserver 198.51.100.53\n"
                      "nameserver\t2001:db8::53 ; the second\n  nameserver fe80::1%eth0\nnameservers 192.0.2.2\n"
                      "nameserver nonsense\nnameserver\nnameserver 203.0.113.53"),
      ElementsAre(range("198.51.100.53", reason), range("2001:db8::53", reason), range("fe80::1", reason),
                  range("203.0.113.53", reason)));
  EXPECT_THAT(parse_resolvers(""), IsEmpty());
}

class RouteMessage {
 public:
  explicit RouteMessage(unsigned char length = 0, unsigned char type = RTN_UNICAST) {
    message_ = mnl_nlmsg_put_header(buffer_.data());
    message_->nlmsg_type = RTM_NEWROUTE;
    auto* route = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(message_, sizeof(rtmsg)));
    route->rtm_family = AF_INET;
    route->rtm_dst_len = length;
    route->rtm_type = type;
  }
  RouteMessage& with(unsigned short type, const std::vector<std::uint8_t>& bytes) {
    mnl_attr_put(message_, type, bytes.size(), bytes.data());
    return *this;
  }
  const nlmsghdr* get() const { return message_; }

 private:
  alignas(8) std::array<char, 1024> buffer_{};
  nlmsghdr* message_;
};

TEST(DefaultGateways, OfADefaultRoute) {
  EXPECT_THAT(default_gateways(RouteMessage().with(RTA_GATEWAY, {198, 51, 100, 1}).get()),
              ElementsAre(address("198.51.100.1")));
  EXPECT_THAT(default_gateways(RouteMessage(24).with(RTA_GATEWAY, {198, 51, 100, 1}).get()), IsEmpty());
  EXPECT_THAT(default_gateways(RouteMessage(0, RTN_UNREACHABLE).with(RTA_GATEWAY, {198, 51, 100, 1}).get()), IsEmpty());
  EXPECT_THAT(default_gateways(RouteMessage().get()), IsEmpty()) << "a route by device alone";
}

TEST(DefaultGateways, IPv6NextHopOfAnIPv4Route) {
  std::vector<std::uint8_t> via{AF_INET6, 0};
  const auto v6 = address("2001:db8::1");
  via.insert(via.end(), v6.bytes().begin(), v6.bytes().end());
  EXPECT_THAT(default_gateways(RouteMessage().with(RTA_VIA, via).get()), ElementsAre(v6));
}

TEST(DefaultGateways, EachHopOfAMultipathRoute) {
  std::vector<std::uint8_t> hops;
  for (const std::uint8_t last : {std::uint8_t{1}, std::uint8_t{2}}) {
    hops.insert(hops.end(), {16, 0, 0, 0, 2, 0, 0, 0, 8, 0, RTA_GATEWAY, 0, 198, 51, 100, last});
  }
  EXPECT_THAT(default_gateways(RouteMessage().with(RTA_MULTIPATH, hops).get()),
              ElementsAre(address("198.51.100.1"), address("198.51.100.2")));
  hops[16] = 200;  // longer than what is left
  EXPECT_THAT(default_gateways(RouteMessage().with(RTA_MULTIPATH, hops).get()), ElementsAre(address("198.51.100.1")));
}

TEST(CollectHostRanges, FindsTheLoopbackOfThisHost) {
  const auto ranges = collect_host_ranges();
  ASSERT_TRUE(ranges) << ranges.error().message();
  EXPECT_THAT(*ranges, ::testing::Contains(range("127.0.0.1", "own address of lo")));
}

}  // namespace
}  // namespace breakwater
