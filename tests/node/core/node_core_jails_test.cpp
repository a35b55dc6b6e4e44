// SPDX-License-Identifier: Apache-2.0
// Other jails while the node runs: what it remembers goes with their names.
#include <gtest/gtest.h>

#include "node/core/node_core.h"
#include "tests/fakes/node_harness.h"

namespace breakwater {
namespace {

using namespace std::chrono_literals;

constexpr const char* kAttacker = "203.0.113.7";
constexpr std::optional<std::size_t> kNowhere = std::nullopt;

JailConfig reading_jail(const std::string& name, std::vector<std::string> failregex) {
  JailConfig jail = simple_jail(name, 2);
  jail.filter.name = name;
  for (std::string& pattern : failregex)
    jail.filter.failregex.push_back({std::move(pattern), {"filter.d/" + name + ".conf", 2}});
  return jail;
}

TEST(NodeCoreJails, ACountThatWasBegunGoesOn) {
  NodeHarness node({simple_jail("sshd", 3)});
  node.offend(kAttacker, 2);
  node.reload({simple_jail("sshd", 3)});
  EXPECT_FALSE(node.banned(kAttacker));
  node.offend(kAttacker);
  EXPECT_TRUE(node.banned(kAttacker));
}

TEST(NodeCoreJails, ACountFollowsItsJailToAnotherPlace) {
  NodeHarness node({simple_jail("web", 3), simple_jail("sshd", 3)});
  node.offend(kAttacker, 2, 1);
  node.reload({simple_jail("sshd", 3), simple_jail("mail", 3), simple_jail("web", 3)});
  node.offend(kAttacker, 2, 1);  // the mail's are its own
  EXPECT_FALSE(node.banned(kAttacker));
  node.offend(kAttacker, 1, 2);  // and so are the web's
  EXPECT_FALSE(node.banned(kAttacker));
  node.offend(kAttacker, 1, 0);
  EXPECT_TRUE(node.banned(kAttacker));
}

TEST(NodeCoreJails, NewOptionsCountForWhatWasCountedAlready) {
  NodeHarness node({simple_jail("sshd", 5)});
  node.offend(kAttacker, 3);
  JailConfig stricter = simple_jail("sshd", 4);
  stricter.bantime = std::nullopt;
  node.reload({stricter});
  EXPECT_FALSE(node.banned(kAttacker));  // nobody is banned by a reload
  node.offend(kAttacker);
  EXPECT_TRUE(node.banned(kAttacker));
  node.pass(24h * 365);
  EXPECT_TRUE(node.banned(kAttacker));
}

TEST(NodeCoreJails, ARemovedJailLeavesItsBansAndForgetsItsCounts) {
  NodeHarness node({simple_jail("sshd", 3)});
  node.offend(kAttacker, 3);
  node.offend("203.0.113.8", 2);
  node.reload({});
  EXPECT_TRUE(node.banned(kAttacker));
  EXPECT_EQ(0u, node.counter("offenders"));
  node.reload({simple_jail("sshd", 3)});
  node.offend("203.0.113.8");
  EXPECT_FALSE(node.banned("203.0.113.8"));
  EXPECT_TRUE(node.banned(kAttacker));
  node.pass(61min);
  EXPECT_FALSE(node.banned(kAttacker));
}

TEST(NodeCoreJails, TwentyReloadsLoseAndDoubleNothing) {
  NodeHarness node({simple_jail("a", 21), simple_jail("b", 22)});
  for (int i = 0; i < 20; ++i) {
    node.offend(kAttacker, 1, 0);
    node.offend("2001:db8::7", 1, 1);
    node.reload(i % 2 == 0 ? std::vector{simple_jail("a", 21), simple_jail("b", 22)}
                           : std::vector{simple_jail("a", 21), simple_jail("b", 22), simple_jail("c", 1)});
  }
  EXPECT_EQ(40u, node.counter("offences"));
  EXPECT_FALSE(node.banned(kAttacker));
  node.offend(kAttacker, 1, 0);
  EXPECT_TRUE(node.banned(kAttacker));
  node.offend("2001:db8::7", 1, 1);
  EXPECT_FALSE(node.banned("2001:db8::7"));
  node.offend("2001:db8::7", 1, 1);
  EXPECT_TRUE(node.banned("2001:db8::7"));
}

// What one connection's lines tell together: the user in one, the address in another.
TEST(NodeCoreJails, AFilterThatIsTheSameRemembersItsOpenConnections) {
  const std::vector<std::string> failregex = {"^<F-MLFID>\\d+</F-MLFID>: user <F-USER>\\S+</F-USER> refused$",
                                              "^<F-NOFAIL><F-MLFID>\\d+</F-MLFID></F-NOFAIL>: from <HOST>$"};
  JailConfig jail = reading_jail("mail", failregex);
  jail.maxretry = 1;
  const auto banned_after = [&](const std::vector<JailConfig>& then) {
    NodeHarness node({jail});
    node.read("17: user root refused");
    const auto kept = node.reload(then);
    node.read("17: from 203.0.113.7");
    return std::pair(node.banned(kAttacker), kept.at(0));
  };
  EXPECT_EQ(std::pair(true, std::optional<std::size_t>(0)), banned_after({jail}));
  JailConfig moved = jail;  // written elsewhere, counted otherwise: the filter is the same
  moved.filter.failregex[0].origin.line = 99;
  moved.findtime = 1h;
  EXPECT_EQ(std::pair(true, std::optional<std::size_t>(0)), banned_after({moved}));
  JailConfig other = jail;
  other.filter.failregex.push_back({"^never <HOST>$", {}});
  EXPECT_EQ(std::pair(false, kNowhere), banned_after({other}));
}

TEST(NodeCoreJails, AFilterThatChangedIsTheOneThatMatches) {
  NodeHarness node({reading_jail("web", {"^refused <HOST>$"})});
  node.read("refused 203.0.113.7");
  node.reload({reading_jail("web", {"^denied <HOST>$"})});
  node.read("refused 203.0.113.7");
  EXPECT_FALSE(node.banned(kAttacker));
  node.read("denied 203.0.113.7");
  EXPECT_TRUE(node.banned(kAttacker));  // the count went on
}

TEST(NodeCoreJails, AJailsOwnIgnoreipIsTheNewOne) {
  NodeHarness node({simple_jail("sshd", 2)});
  JailConfig kinder = simple_jail("sshd", 2);
  kinder.ignoreip = {Prefix::parse("203.0.113.0/24").value()};
  node.offend(kAttacker);
  node.reload({kinder});
  node.offend(kAttacker, 5);
  EXPECT_FALSE(node.banned(kAttacker));
  node.reload({simple_jail("sshd", 2)});
  node.offend(kAttacker);
  EXPECT_TRUE(node.banned(kAttacker));
}

TEST(NodeCoreJails, OffencesOfNamesFindTheirJailAgain) {
  JailConfig first = reading_jail("first", {"^first <HOST>$"});
  JailConfig second = reading_jail("second", {"^second <HOST>$"});
  first.filter.use_dns = second.filter.use_dns = true;
  first.maxretry = second.maxretry = 1;
  second.bantime = std::nullopt;
  NodeHarness node({first, second});
  node.read("first a.example");
  node.read("second b.example");
  node.reload({second});
  node.core->on_looked_up("a.example", {Address::parse("203.0.113.8").value()}, node.now);
  node.settle();
  node.core->on_looked_up("b.example", {Address::parse(kAttacker).value()}, node.now);
  node.settle();
  EXPECT_FALSE(node.banned("203.0.113.8"));  // its jail is gone
  EXPECT_EQ(1u, node.counter("names_dropped"));
  EXPECT_TRUE(node.banned(kAttacker));
}

// A hub is configured where there was none: what was counted before stays here, the rest is told.
TEST(NodeCoreJails, AHubMayComeAndGo) {
  NodeSettings settings;
  settings.has_hub = false;
  NodeHarness node({simple_jail("sshd", 9)}, settings);
  node.offend(kAttacker);
  node.core->set_has_hub(true);
  node.connect();
  node.offend(kAttacker);
  const auto told = node.link.take<wire::OffenceBatch>();
  ASSERT_TRUE(told);
  EXPECT_EQ(1u, told->offences.size());
  node.core->set_has_hub(false);
  node.core->on_link(LinkState::down, "no hub is configured", node.now, node.tick);
  node.offend(kAttacker);
  node.pass(1min);
  EXPECT_FALSE(node.link.take<wire::OffenceBatch>());
  EXPECT_EQ(3u, node.counter("offences"));
}

}  // namespace
}  // namespace breakwater
