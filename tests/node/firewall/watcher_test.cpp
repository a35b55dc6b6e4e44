// SPDX-License-Identifier: Apache-2.0
// The kernel's events, in a network namespace.
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "node/adapters/firewall/firewall_watcher.h"
#include "node/adapters/firewall/host_addresses.h"
#include "tests/node/firewall/netns.h"

namespace breakwater {
namespace {

using ::testing::Contains;

bool readable(int fd, int milliseconds) {
  pollfd wait{fd, POLLIN, 0};
  return ::poll(&wait, 1, milliseconds) == 1;
}

class Watchers : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = netns_unavailable(); !why.empty()) GTEST_SKIP() << why;
    space_.emplace();
    inside_.emplace(*space_);
  }
  void shell(const std::string& script) { run_in(*space_, script); }

  std::optional<Netns> space_;
  std::optional<InNetns> inside_;
};

TEST_F(Watchers, TellOfRulesInTheFilterAndTheRawTable) {
  shell("iptables -N SOMETHING");
  auto watcher = FirewallWatcher::open();
  ASSERT_TRUE(watcher) << watcher.error().message();
  EXPECT_FALSE(readable(watcher->fd(), 0));
  for (const char* change :
       {"iptables -A SOMETHING -j LOG", "ip6tables -I INPUT -j ACCEPT", "iptables -F", "iptables -X SOMETHING",
        "ip6tables -t raw -A PREROUTING -j ACCEPT", "ip6tables -t raw -F", "nft flush ruleset"}) {
    shell(change);
    EXPECT_TRUE(readable(watcher->fd(), 2000)) << change;
    EXPECT_TRUE(watcher->changed()) << change;
    EXPECT_FALSE(readable(watcher->fd(), 0)) << change;
  }
}

TEST_F(Watchers, OverlookOtherTables) {
  shell("iptables -L >/dev/null; nft 'add table inet other; add set inet other s { type ipv4_addr; }'");
  auto watcher = FirewallWatcher::open();
  ASSERT_TRUE(watcher);
  shell("nft 'add element inet other s { 203.0.113.7 }; add chain inet other c'; iptables -t nat -N DOCKER");
  EXPECT_TRUE(readable(watcher->fd(), 2000));
  EXPECT_FALSE(watcher->changed());
}

TEST_F(Watchers, ManyEventsAtOnceAreOneChange) {
  shell("iptables -N SOMETHING");
  auto watcher = FirewallWatcher::open();
  ASSERT_TRUE(watcher);
  shell(
      "i=0; (echo '*filter'; while [ $i -lt 5000 ]; do echo \"-A SOMETHING -s 198.51.$((i / 256)).$((i % 256)) -j "
      "DROP\";"
      "i=$((i + 1)); done; echo COMMIT) | iptables-restore --noflush");
  int rounds = 0;
  bool changed = false;
  while (readable(watcher->fd(), 0) && ++rounds < 1000)
    changed = watcher->changed() || changed;
  EXPECT_TRUE(changed) << "even if the kernel had to drop events";
  EXPECT_LT(rounds, 1000);
}

TEST_F(Watchers, WakeWithoutAChange) {
  auto watcher = FirewallWatcher::open();
  ASSERT_TRUE(watcher);
  watcher->wake_in(Duration(1));
  EXPECT_TRUE(readable(watcher->fd(), 2000));
  EXPECT_FALSE(watcher->changed());
  EXPECT_FALSE(readable(watcher->fd(), 0));
}

TEST_F(Watchers, HostAddressesOfANamespace) {
  shell("echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad");
  shell(
      "ip link add eth0 type veth peer name peer0; ip link set peer0 up; ip link add docker0 type bridge; ip link set "
      "eth0 up; ip link set docker0 up;"
      "ip addr add 198.51.100.5/24 dev eth0; ip -6 addr add 2001:db8:1::5/64 dev eth0 nodad;"
      "ip addr add 203.0.113.1/25 dev docker0; ip route add default via 198.51.100.1;"
      "ip -6 route add default via 2001:db8:1::1");
  const auto ranges = collect_host_ranges();
  ASSERT_TRUE(ranges) << ranges.error().message();
  for (const auto& [range, reason] : {std::pair{"198.51.100.5", "own address of eth0"},
                                      {"2001:db8:1::5", "own address of eth0"},
                                      {"203.0.113.0/25", "the Docker network of docker0"},
                                      {"203.0.113.1", "own address of docker0"},
                                      {"198.51.100.1", "the default gateway"},
                                      {"2001:db8:1::1", "the default gateway"}}) {
    EXPECT_THAT(*ranges, Contains(HostRange{Prefix::parse(range).value(), reason}));
  }
  for (const auto& one : *ranges)
    EXPECT_NE(one.range.length(), 0u) << one.reason;
}

TEST_F(Watchers, HostAddressesChange) {
  shell("ip link add eth0 type veth peer name peer0; ip link set peer0 up; ip link set eth0 up");
  auto watcher = HostAddressWatcher::open();
  ASSERT_TRUE(watcher) << watcher.error().message();
  EXPECT_FALSE(watcher->changed());
  for (const char* change : {"ip addr add 198.51.100.5/24 dev eth0", "ip route add default via 198.51.100.1",
                             "ip route del default", "ip addr del 198.51.100.5/24 dev eth0"}) {
    while (watcher->changed()) {
    }
    shell(change);
    EXPECT_TRUE(readable(watcher->fd(), 2000)) << change;
    EXPECT_TRUE(watcher->changed()) << change;
  }
}

}  // namespace
}  // namespace breakwater
