// SPDX-License-Identifier: Apache-2.0
// Both real firewalls in network namespaces: the contract, and healing.
#include "node/adapters/firewall/iptables_firewall.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "common/runtime/system_clock.h"
#include "node/adapters/firewall/choose_firewall.h"
#include "node/adapters/firewall/iptables_rules_firewall.h"
#include "tests/contracts/firewall_contract.h"
#include "tests/node/firewall/docker_layouts.h"
#include "tests/node/firewall/netns.h"

namespace breakwater {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Waits for `done` while the firewall heals as main() lets it: when its descriptor is readable, and twice a second.
// False after `patience`.
template <class Done>
bool heal_until(Firewall& firewall, const Done& done, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto health = firewall.heal();
    EXPECT_TRUE(health) << health.error().message();
    if (health && done(*health)) return true;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd wait{firewall.watch_fd(), POLLIN, 0};
    ::poll(&wait, 1, static_cast<int>(std::min<long>(left.count(), 500)));
  }
}

template <class T>
class RealWorld {
 public:
  std::string unavailable() {
    if (auto why = netns_unavailable(); !why.empty()) return why;
    space_.emplace();
    inside_.emplace(*space_);
    run_in(*space_, docker_20("iptables", kContainer4) + docker_20_ip6("ip6tables", kContainer6));
    auto opened = T::open(clock_);
    if (!opened) return opened.error().message();
    firewall_ = std::move(*opened);
    return {};
  }
  Firewall& firewall() { return *firewall_; }
  void pass(Duration time) {
    // Only the kernel knows when its second is over.
    const auto until = std::chrono::steady_clock::now() + time;
    heal_until(
        *firewall_, [&](const FirewallHealth&) { return std::chrono::steady_clock::now() > until; }, 10s);
    const auto count = [&] { return firewall_->list()->size(); };
    const auto before = count();
    heal_until(
        *firewall_, [&](const FirewallHealth&) { return count() < before; }, 2s);
  }

 private:
  SystemClock clock_;
  std::optional<Netns> space_;
  std::optional<InNetns> inside_;
  std::unique_ptr<T> firewall_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Iptables, FirewallContract, RealWorld<IptablesFirewall>);
INSTANTIATE_TYPED_TEST_SUITE_P(IptablesRules, FirewallContract, RealWorld<IptablesRulesFirewall>);

constexpr auto kSoon = 1s;  // the promise: back within a second

FirewallChange ban(const char* who, std::optional<Duration> remaining = 1h) {
  return {.who = Prefix::parse(who).value(), .remaining = remaining, .lift = false};
}

class Healing : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = netns_unavailable(); !why.empty()) GTEST_SKIP() << why;
    space_.emplace();
    inside_.emplace(*space_);
  }

  void start(const std::string& script) {
    shell(script);
    auto opened = IptablesFirewall::open(clock_);
    ASSERT_TRUE(opened) << opened.error().message();
    firewall_ = std::move(*opened);
    const auto installed = firewall_->install();
    ASSERT_TRUE(installed) << installed.error().message();
    for (const auto& error : firewall_->apply({ban("203.0.113.77"), ban("2001:db8::77")}))
      EXPECT_EQ(error, "");
    ASSERT_TRUE(settled());
  }
  void start_docker_20() { start(docker_20("iptables", kContainer4) + docker_20_ip6("ip6tables", kContainer6)); }

  std::string shell(const std::string& script) { return run_in(*space_, script); }
  // The rules of a chain, one a line, without "-A CHAIN ".
  std::vector<std::string> chain(const std::string& name, const std::string& iptables = "iptables") {
    std::vector<std::string> rules;
    const auto out = shell(iptables + " -S " + name);  // may end in "-t raw"
    for (std::size_t at = 0; at < out.size();) {
      const auto end = out.find('\n', at);
      const auto line = out.substr(at, end - at);
      if (line.starts_with("-A ")) rules.push_back(line.substr(4 + name.size()));
      at = end + 1;
    }
    return rules;
  }
  static std::string ours(const char* side, const char* set = "breakwater4") {
    return std::string("-m set --match-set ") + set + " " + side + " -m comment --comment breakwater -j DROP";
  }
  int count(const std::string& chain_name, const std::string& iptables = "iptables") {
    int n = 0;
    for (const auto& rule : chain(chain_name, iptables))
      n += rule.find("breakwater") != std::string::npos ? 1 : 0;
    return n;
  }
  // No event waits and nothing is to do.
  bool settled() {
    return heal_until(
        *firewall_, [&](const FirewallHealth& h) { return h.enforcing; }, 2s);
  }
  bool healed_to(std::uint64_t repairs) {
    return heal_until(
        *firewall_,
        [&](const FirewallHealth& h) {
          lost_ = lost_ || h.entries_lost;
          health_ = h;
          return h.enforcing && h.repairs >= repairs;
        },
        kSoon);
  }

  SystemClock clock_;
  std::optional<Netns> space_;
  std::optional<InNetns> inside_;
  std::unique_ptr<IptablesFirewall> firewall_;
  FirewallHealth health_;
  bool lost_ = false;
};

TEST_F(Healing, StandsWhereDockerTwentyNeedsIt) {
  start_docker_20();
  EXPECT_EQ(chain("DOCKER")[0], ours("src"));
  EXPECT_THAT(chain("DOCKER-USER"), ElementsAre(ours("src"), ours("dst"), "-j RETURN"));
  EXPECT_THAT(chain("INPUT"), ElementsAre(ours("src")));
  EXPECT_EQ(count("FORWARD"), 0);
  EXPECT_THAT(chain("PREROUTING", "iptables -t raw"), ElementsAre(ours("src"), ours("dst")));
  EXPECT_EQ(chain("FORWARD", "ip6tables")[0], ours("src", "breakwater6")) << "no DOCKER-USER there";
  EXPECT_EQ(chain("DOCKER", "ip6tables")[0], ours("src", "breakwater6"));
  EXPECT_EQ(firewall_->heal()->places,
            (std::vector<std::string>{"ip raw PREROUTING", "ip DOCKER", "ip DOCKER-USER", "ip INPUT",
                                      "ip6 raw PREROUTING", "ip6 DOCKER", "ip6 FORWARD", "ip6 INPUT"}));
}

TEST_F(Healing, StandsAboveTheAcceptsOfDockerTwentyEight) {
  start(docker_28("iptables", kContainer4) + docker_28("ip6tables", kContainer6));
  EXPECT_EQ(chain("DOCKER")[0], ours("src"));
  EXPECT_THAT(chain("DOCKER-USER"), ElementsAre(ours("src"), ours("dst")));
  EXPECT_THAT(chain("DOCKER-USER", "ip6tables"), ElementsAre(ours("src", "breakwater6"), ours("dst", "breakwater6")));
}

TEST_F(Healing, WithoutDockersChainsInForward) {
  start(docker_29_nft());
  EXPECT_THAT(chain("FORWARD"), ElementsAre(ours("src"), ours("dst")));
  EXPECT_THAT(chain("INPUT"), ElementsAre(ours("src")));
}

TEST_F(Healing, AfterAFlushOfEverything) {
  start_docker_20();
  shell("iptables -F; ip6tables -F");
  EXPECT_TRUE(healed_to(6)) << health_.repairs << health_.problem;
  EXPECT_EQ(chain("INPUT")[0], ours("src"));
  EXPECT_EQ(chain("INPUT", "ip6tables")[0], ours("src", "breakwater6"));
  EXPECT_EQ(chain("FORWARD")[0], ours("src")) << "the jump to DOCKER-USER is gone";
  EXPECT_FALSE(lost_) << "the sets survive";
  EXPECT_EQ(firewall_->list()->size(), 2u);
}

TEST_F(Healing, AfterNftFlushRuleset) {
  start_docker_20();
  shell("nft flush ruleset");
  EXPECT_TRUE(healed_to(3)) << health_.repairs << health_.problem;
  EXPECT_THAT(chain("FORWARD"), ElementsAre(ours("src"), ours("dst")));
  EXPECT_THAT(chain("INPUT"), ElementsAre(ours("src")));
  EXPECT_THAT(chain("INPUT", "ip6tables"), ElementsAre(ours("src", "breakwater6")));
}

TEST_F(Healing, AfterAFlushOfTheRawTable) {
  start_docker_20();
  shell("iptables -t raw -F; ip6tables -t raw -F");
  EXPECT_TRUE(healed_to(2)) << health_.repairs << health_.problem;
  EXPECT_THAT(chain("PREROUTING", "iptables -t raw"), ElementsAre(ours("src"), ours("dst")));
  EXPECT_EQ(chain("PREROUTING", "ip6tables -t raw")[0], ours("src", "breakwater6"));
}

TEST_F(Healing, WithoutARawTableTheOthersStand) {
  start(no_raw_table() + docker_20("iptables", kContainer4) + docker_20_ip6("ip6tables", kContainer6));
  const auto health = firewall_->heal();
  EXPECT_TRUE(health->enforcing);
  EXPECT_EQ(health->problem, "");
  EXPECT_THAT(health->places,
              ElementsAre("ip DOCKER", "ip DOCKER-USER", "ip INPUT", "ip6 DOCKER", "ip6 FORWARD", "ip6 INPUT"));
  ASSERT_TRUE(firewall_->remove());
}

// iptables cannot show such a table. A rule put there again and again, because it is not seen, would fill it.
TEST_F(Healing, ATableThatIptablesCannotReadIsLeftAloneAndTold) {
  start(
      "nft 'add table ip filter; add chain ip filter INPUT { type filter hook input priority 0 ; };"
      "add rule ip filter INPUT meta mark set numgen inc mod 2'");
  const auto health = firewall_->heal();
  EXPECT_TRUE(health->enforcing) << "by the raw table";
  EXPECT_THAT(health->problem, HasSubstr("native nft rules"));
  EXPECT_THAT(shell("nft list table ip filter"), Not(HasSubstr("breakwater")));
}

TEST_F(Healing, WhenDockerdMakesItsChainAnew) {
  start_docker_20();
  shell(
      "iptables -D FORWARD -o docker0 -j DOCKER; iptables -F DOCKER; iptables -X DOCKER; iptables -N DOCKER;"
      "iptables -A FORWARD -o docker0 -j DOCKER");
  EXPECT_TRUE(heal_until(
      *firewall_, [&](const auto&) { return count("DOCKER") == 1; }, kSoon));
  EXPECT_TRUE(settled());
}

TEST_F(Healing, WhenAContainerPortIsInsertedAbove) {
  start(docker_28("iptables", kContainer4));
  shell("iptables -I DOCKER -d 203.0.113.3 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT");
  EXPECT_TRUE(heal_until(
      *firewall_, [&](const auto&) { return chain("DOCKER")[0] == ours("src"); }, kSoon));
  const auto health = firewall_->heal();
  EXPECT_EQ(health->contended, 1u);
  EXPECT_EQ(health->repairs, 0u);
}

TEST_F(Healing, DoesNotFightForTheFirstPlace) {
  start_docker_20();
  shell("iptables -N MAILCOW; iptables -A MAILCOW -s 203.0.113.9 -j REJECT; iptables -I INPUT 1 -j MAILCOW");
  // Something that must be mended, so that we know that it has looked.
  shell("iptables -D DOCKER-USER 1");
  EXPECT_TRUE(healed_to(1));
  EXPECT_THAT(chain("INPUT"), ElementsAre("-j MAILCOW", ours("src")));
  EXPECT_EQ(health_.contended, 0u);
}

TEST_F(Healing, ARivalIsMetAtOnceAndThenWithPatience) {
  start(no_raw_table() + docker_20("iptables", kContainer4));
  int moves = 0;
  std::vector<std::string> problems;
  const auto end = std::chrono::steady_clock::now() + 1500ms;
  while (std::chrono::steady_clock::now() < end) {  // as a program that wants slot 1 in a loop
    if (chain("INPUT")[0] != "-p tcp -j ACCEPT") {
      ++moves;
      shell("iptables -D INPUT -p tcp -j ACCEPT 2>/dev/null || true; iptables -I INPUT 1 -p tcp -j ACCEPT");
    }
    heal_until(
        *firewall_,
        [&](const FirewallHealth& h) {
          if (!h.problem.empty()) problems.push_back(h.problem);
          return true;
        },
        0ms);
  }
  EXPECT_LE(moves, 5);  // at 0, 250 and 750 ms; without patience it would be some fifteen
  EXPECT_GE(moves, 3);
  ASSERT_FALSE(problems.empty());
  EXPECT_EQ(problems.back(), "ip INPUT: a rule above ours may accept: -p tcp -j ACCEPT");
  EXPECT_FALSE(firewall_->heal()->enforcing);
  EXPECT_EQ(count("INPUT"), 1);
}

TEST_F(Healing, ARivalInInputIsNoProblemWhileTheRawTableDrops) {
  start_docker_20();
  for (int moves = 0; moves < 3; ++moves) {
    shell("iptables -I INPUT 1 -p tcp -j ACCEPT");
    const auto health = firewall_->heal();
    EXPECT_TRUE(health->enforcing);
    EXPECT_EQ(health->problem, "");
  }
  EXPECT_TRUE(heal_until(
      *firewall_, [&](const auto&) { return chain("INPUT")[0] == ours("src"); }, kSoon))
      << "the first place all the same";
}

TEST_F(Healing, AnAcceptOfEstablishedAboveDockerUsersJump) {
  start_docker_20();
  shell("iptables -I FORWARD 1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
  EXPECT_TRUE(heal_until(
      *firewall_, [&](const auto&) { return chain("FORWARD")[0] == ours("src"); }, kSoon));
}

TEST_F(Healing, DuplicatesGo) {
  start_docker_20();
  shell("iptables -A INPUT " + ours("src") + "; iptables -A INPUT " + ours("src") + "; iptables -A DOCKER-USER " +
        ours("dst"));
  EXPECT_TRUE(heal_until(
      *firewall_, [&](const auto&) { return count("INPUT") == 1 && count("DOCKER-USER") == 2; }, kSoon));
}

TEST_F(Healing, AFlushedSetIsReported) {
  start_docker_20();
  ASSERT_FALSE(firewall_->heal()->entries_lost);
  shell("ipset flush breakwater6");
  EXPECT_TRUE(heal_until(
      *firewall_, [&](const FirewallHealth& h) { return h.entries_lost; }, kSoon));
  EXPECT_FALSE(firewall_->heal()->entries_lost) << "once";
  firewall_->apply({ban("203.0.113.77"), ban("2001:db8::77")});
  EXPECT_FALSE(firewall_->heal()->entries_lost);
  EXPECT_EQ(firewall_->list()->size(), 2u);
}

TEST_F(Healing, ADestroyedSetIsMadeAnewWithItsRules) {
  start_docker_20();
  shell("iptables -F; iptables -t raw -F; ipset destroy breakwater4");
  EXPECT_TRUE(healed_to(5)) << health_.repairs;
  EXPECT_TRUE(lost_);
  EXPECT_EQ(chain("INPUT")[0], ours("src"));
  EXPECT_EQ(firewall_->list()->size(), 1u) << "IPv6 is untouched";
}

TEST_F(Healing, ABanIntoADestroyedSetIsNotLost) {
  start_docker_20();
  shell("iptables -F; iptables -t raw -F; ipset destroy breakwater4");
  EXPECT_EQ(firewall_->apply({ban("203.0.113.78")})[0], "");
  EXPECT_TRUE(firewall_->heal()->entries_lost);
  EXPECT_EQ(firewall_->list()->size(), 2u);
}

TEST_F(Healing, TheNextProcessFindsTheBansAndWatchesThem) {
  start_docker_20();
  firewall_.reset();
  auto opened = IptablesFirewall::open(clock_);
  ASSERT_TRUE(opened);
  firewall_ = std::move(*opened);
  ASSERT_TRUE(firewall_->install());
  EXPECT_EQ(firewall_->list()->size(), 2u);
  EXPECT_EQ(firewall_->heal()->repairs, 0u);
  shell("ipset flush");
  EXPECT_TRUE(heal_until(
      *firewall_, [&](const FirewallHealth& h) { return h.entries_lost; }, kSoon));
}

TEST_F(Healing, RemoveTakesOutOursAndNothingElse) {
  shell(docker_20("iptables", kContainer4) + docker_20_ip6("ip6tables", kContainer6));
  const std::string all_rules = "for t in filter raw nat; do iptables -t $t -S; ip6tables -t $t -S; done";
  const auto before = shell(all_rules);
  start("true");
  EXPECT_NE(shell(all_rules), before);
  ASSERT_TRUE(firewall_->remove());
  EXPECT_EQ(shell(all_rules), before);
  EXPECT_EQ(shell("ipset list -n"), "");
}

TEST_F(Healing, AForeignSetOfOurNameIsNotTouched) {
  shell("ipset create breakwater4 hash:ip,port");
  auto opened = IptablesFirewall::open(clock_);
  ASSERT_TRUE(opened);
  const auto installed = (*opened)->install();
  ASSERT_FALSE(installed);
  EXPECT_THAT(installed.error().message(), HasSubstr("ipset destroy breakwater4"));
}

TEST_F(Healing, LegacyIsUsedWhereDockerUsesIt) {
  if (find_program("iptables-legacy").empty()) GTEST_SKIP() << "needs the program iptables-legacy";
  start(docker_20("iptables-legacy", kContainer4) + docker_28("ip6tables-legacy", kContainer6));
  EXPECT_EQ(chain("DOCKER", "iptables-legacy")[0], ours("src"));
  EXPECT_EQ(chain("DOCKER-USER", "ip6tables-legacy")[0], ours("src", "breakwater6"));
  EXPECT_THAT(shell("iptables-nft-save; ip6tables-nft-save"), Not(HasSubstr("breakwater")));
  EXPECT_EQ(chain("PREROUTING", "iptables-legacy -t raw")[0], ours("src"));
  shell("iptables-legacy -F; ip6tables-legacy -F");  // no events: found by looking every 500 ms
  EXPECT_TRUE(healed_to(6)) << health_.repairs;
  EXPECT_EQ(chain("INPUT", "iptables-legacy")[0], ours("src"));
  shell("iptables-legacy -t raw -F");
  EXPECT_TRUE(healed_to(7)) << health_.repairs;
}

TEST_F(Healing, FollowsADockerdThatStartsWithLegacy) {
  if (find_program("iptables-legacy").empty()) GTEST_SKIP() << "needs the program iptables-legacy";
  start("true");
  EXPECT_THAT(shell("iptables-nft-save"), HasSubstr("breakwater"));
  shell(docker_20("iptables-legacy", kContainer4));
  shell("iptables -N SOMETHING");  // an event, so that we need not wait for the regular look
  EXPECT_TRUE(heal_until(
      *firewall_, [&](const auto&) { return count("INPUT", "iptables-legacy") == 1; }, kSoon));
  EXPECT_THAT(shell("iptables-nft-save"), Not(HasSubstr("breakwater")));
}

TEST_F(Healing, AutoTakesTheSets) {
  const auto chosen = choose_firewall("auto", clock_);
  ASSERT_TRUE(chosen) << chosen.error().message();
  EXPECT_EQ(chosen->backend, "iptables");
  EXPECT_EQ(chosen->why, "");
}

class RulesHealing : public Healing {
 protected:
  void start_rules(const std::string& script) {
    shell(script);
    auto opened = IptablesRulesFirewall::open(clock_);
    ASSERT_TRUE(opened) << opened.error().message();
    rules_ = std::move(*opened);
    ASSERT_TRUE(rules_->install());
  }
  std::unique_ptr<IptablesRulesFirewall> rules_;
};

TEST_F(RulesHealing, OneRuleAnAddressInDockerAndInput) {
  start_rules(docker_20("iptables", kContainer4));
  EXPECT_EQ(rules_->apply({ban("203.0.113.77", std::nullopt)})[0], "");
  EXPECT_EQ(chain("DOCKER")[0], "-s 203.0.113.77/32 -m comment --comment breakwater-ban -j DROP");
  EXPECT_EQ(count("INPUT"), 1);
  EXPECT_EQ(count("FORWARD"), 0);
}

TEST_F(RulesHealing, BackAfterAFlushAndAboveAnInsertedPort) {
  start_rules(docker_28("iptables", kContainer4));
  EXPECT_EQ(rules_->apply({ban("203.0.113.77")})[0], "");
  shell("iptables -F");
  EXPECT_TRUE(heal_until(
      *rules_, [&](const auto& h) { return count("DOCKER") == 1 && h.repairs == 2; }, kSoon));
  shell("iptables -I DOCKER -d 203.0.113.3 -p tcp --dport 80 -j ACCEPT");
  EXPECT_TRUE(heal_until(
      *rules_, [&](const auto&) { return chain("DOCKER")[0].starts_with("-s 203.0.113.77/32"); }, kSoon));
}

TEST_F(RulesHealing, TheNextProcessFindsTheEnds) {
  start_rules(docker_20("iptables", kContainer4));
  EXPECT_EQ(rules_->apply({ban("203.0.113.77", 600s), ban("203.0.113.78", std::nullopt)})[0], "");
  start_rules("true");
  const auto entries = rules_->list();
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_GT(*(*entries)[0].remaining, 590s);
  EXPECT_FALSE((*entries)[1].remaining);
}

TEST_F(RulesHealing, WarnsBeyondAThousand) {
  start_rules("true");
  std::vector<FirewallChange> changes;
  for (unsigned i = 0; i < 1'001; ++i) {
    changes.push_back({.who = Address::v4(198, 51, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)),
                       .remaining = 1h});
  }
  for (const auto& error : rules_->apply(changes))
    EXPECT_EQ(error, "");
  EXPECT_THAT(rules_->heal()->problem, StartsWith("1001 rules"));
}

TEST_F(RulesHealing, RulesTakeOverFromSets) {
  start_docker_20();
  start_rules("true");
  rules_->apply({ban("203.0.113.7")});
  const auto saved = shell("iptables-save; ip6tables-save");
  EXPECT_THAT(saved, Not(HasSubstr("match-set")));
  EXPECT_THAT(saved, HasSubstr("breakwater-ban"));
}

TEST_F(RulesHealing, SetsTakeOverFromRules) {
  start_rules(docker_20("iptables", kContainer4));
  rules_->apply({ban("203.0.113.77")});
  start("true");
  EXPECT_THAT(shell("iptables-save"), Not(HasSubstr("breakwater-ban")));
}

}  // namespace
}  // namespace breakwater
