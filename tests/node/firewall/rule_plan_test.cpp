// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/rule_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace breakwater {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kSrc = "-m set --match-set bw src -m comment --comment breakwater -j DROP";
const std::string kDst = "-m set --match-set bw dst -m comment --comment breakwater -j DROP";

RuleTable table(const std::string& rules) {
  auto parsed =
      parse_rule_table("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n" + rules + "COMMIT\n", kFilterTable);
  EXPECT_TRUE(parsed) << parsed.error().message();
  return *parsed;
}

const std::string kDocker =
    ":DOCKER - [0:0]\n:DOCKER-USER - [0:0]\n-A FORWARD -j DOCKER-USER\n-A FORWARD -o docker0 -j DOCKER\n";
const std::string kOurs =
    "-A DOCKER " + kSrc + "\n-A DOCKER-USER " + kSrc + "\n-A DOCKER-USER " + kDst + "\n-A INPUT " + kSrc + "\n";

RulePlan plan(const std::string& rules, bool may_move = true) {
  return plan_rules(table(rules), "bw", [=](const std::string&) { return may_move; });
}

TEST(WantedChains, WithDocker) {
  EXPECT_THAT(wanted_chains(table(kDocker)), ElementsAre("DOCKER", "DOCKER-USER", "INPUT"));
}

TEST(WantedChains, WithoutDocker) {
  EXPECT_THAT(wanted_chains(table("")), ElementsAre("FORWARD", "INPUT"));
}

TEST(WantedChains, AJumpThatIsMissingMakesForward) {
  EXPECT_THAT(wanted_chains(table(":DOCKER - [0:0]\n:DOCKER-USER - [0:0]\n-A FORWARD -o docker0 -j DOCKER\n")),
              ElementsAre("DOCKER", "FORWARD", "INPUT"));
}

TEST(WantedChains, AnAcceptAboveTheJumpMakesForwardToo) {
  EXPECT_THAT(wanted_chains(table(":DOCKER-USER - [0:0]\n-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
                                  "-A FORWARD -j DOCKER-USER\n")),
              ElementsAre("DOCKER-USER", "FORWARD", "INPUT"));
}

TEST(WantedChains, AJumpUnderAConditionIsNone) {
  EXPECT_THAT(wanted_chains(table(":DOCKER-USER - [0:0]\n-A FORWARD -i eth1 -j DOCKER-USER\n")),
              ElementsAre("FORWARD", "INPUT"));
}

TEST(PlanRules, FillsEmptyChains) {
  const auto p = plan(kDocker);
  EXPECT_THAT(p.edits, ElementsAre("-I DOCKER 1 " + kSrc, "-I DOCKER-USER 1 " + kSrc, "-I DOCKER-USER 2 " + kDst,
                                   "-I INPUT 1 " + kSrc));
  EXPECT_THAT(p.missing, ElementsAre("DOCKER", "DOCKER-USER", "INPUT"));
  EXPECT_THAT(p.places, ElementsAre("DOCKER", "DOCKER-USER", "INPUT"));
  EXPECT_TRUE(p.enforcing);
}

TEST(PlanRules, LeavesWhatStands) {
  const auto p = plan(kDocker + kOurs);
  EXPECT_THAT(p.edits, IsEmpty());
  EXPECT_THAT(p.missing, IsEmpty());
  EXPECT_TRUE(p.enforcing);
}

TEST(PlanRules, LeavesARuleBelowOneThatOnlyDrops) {
  const auto p =
      plan(kDocker + ":MAILCOW - [0:0]\n-A INPUT -j MAILCOW\n-A MAILCOW -s 203.0.113.9/32 -j REJECT\n" + kOurs);
  EXPECT_THAT(p.edits, IsEmpty()) << "no fight for the first place";
  EXPECT_TRUE(p.enforcing);
}

TEST(PlanRules, GoesAboveARuleThatAccepts) {
  const auto p = plan(kDocker + "-A INPUT -p tcp -j ACCEPT\n" + kOurs);
  EXPECT_THAT(p.edits, ElementsAre("-D INPUT " + kSrc, "-I INPUT 1 " + kSrc));
  EXPECT_THAT(p.missing, IsEmpty());
  ASSERT_EQ(p.shadows.size(), 1u);
  EXPECT_EQ(p.shadows[0].chain, "INPUT");
  EXPECT_EQ(p.shadows[0].by, "-p tcp -j ACCEPT");
  EXPECT_TRUE(p.enforcing);
}

TEST(PlanRules, HeldBackItSaysSo) {
  const auto p = plan(kDocker + "-A INPUT -p tcp -j ACCEPT\n" + kOurs, false);
  EXPECT_THAT(p.edits, IsEmpty());
  ASSERT_EQ(p.shadows.size(), 1u);
  EXPECT_FALSE(p.shadows[0].moved);
  EXPECT_FALSE(p.enforcing);
}

TEST(PlanRules, AShadowInDockerIsHarmlessBehindDockerUser) {
  const auto p = plan(kDocker + "-A DOCKER -d 203.0.113.2/32 -j ACCEPT\n" + kOurs, false);
  ASSERT_EQ(p.shadows.size(), 1u);
  EXPECT_TRUE(p.enforcing);
}

TEST(PlanRules, AMissingRuleGoesBackThoughHeldBack) {
  EXPECT_THAT(plan(kDocker + "-A INPUT -p tcp -j ACCEPT\n", false).missing,
              ElementsAre("DOCKER", "DOCKER-USER", "INPUT"));
}

TEST(PlanRules, TakesOutDuplicates) {
  const auto p = plan(kDocker + kOurs + "-A INPUT -j LOG\n-A INPUT " + kSrc + "\n");
  EXPECT_THAT(p.edits, ElementsAre("-D INPUT " + kSrc, "-D INPUT " + kSrc, "-I INPUT 1 " + kSrc));
}

TEST(PlanRules, ReplacesAnotherFormOfOurs) {
  const std::string old = "-m set --match-set old src -m comment --comment breakwater -j DROP";
  const std::string single = "-s 203.0.113.7/32 -m comment --comment breakwater-ban-1767225600 -j DROP";
  const auto p =
      plan("-A INPUT " + old + "\n-A INPUT " + single + "\n-A FORWARD " + kSrc + "\n-A FORWARD " + kDst + "\n");
  EXPECT_THAT(p.edits, ElementsAre("-D INPUT " + old, "-D INPUT " + single, "-I INPUT 1 " + kSrc));
  EXPECT_THAT(p.missing, ElementsAre("INPUT"));
}

TEST(PlanRules, WordsInAnotherOrderAreTheSameRule) {
  const auto p = plan("-A INPUT -m comment --comment \"breakwater\" -m set --match-set bw src -j DROP\n-A FORWARD " +
                      kSrc + "\n-A FORWARD " + kDst + "\n");
  EXPECT_THAT(p.edits, IsEmpty());
}

TEST(PlanRules, ARuleTooManyMayStayIfItIsInOrder) {
  const auto p = plan(kDocker + kOurs + "-A FORWARD " + kSrc + "\n-A FORWARD " + kDst + "\n");
  EXPECT_THAT(p.edits, IsEmpty());
  EXPECT_THAT(p.places, ElementsAre("DOCKER", "DOCKER-USER", "INPUT", "FORWARD"));
  const auto broken = plan(kDocker + kOurs + "-A FORWARD " + kDst + "\n");
  EXPECT_THAT(broken.edits, ElementsAre("-D FORWARD " + kDst));
}

TEST(PlanEarlyRules, StandFirstInPreroutingOfTheRawTable) {
  const auto raw = [](const std::string& rules) {
    return *parse_rule_table("*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" + rules + "COMMIT\n", kRawTable);
  };
  const auto early = [&](const std::string& rules, bool may_move) {
    return plan_early_rules(raw(rules), "bw", [=](const std::string&) { return may_move; });
  };
  const auto fresh = early("-A PREROUTING -j CT --notrack\n", true);
  EXPECT_THAT(fresh.edits, ElementsAre("-I PREROUTING 1 " + kSrc, "-I PREROUTING 2 " + kDst));
  EXPECT_THAT(fresh.places, ElementsAre("PREROUTING"));
  const std::string ours = "-A PREROUTING " + kSrc + "\n-A PREROUTING " + kDst + "\n";
  EXPECT_THAT(early(ours, true).edits, IsEmpty());
  EXPECT_TRUE(early("-A PREROUTING -d 203.0.113.2/32 ! -i docker0 -j DROP\n" + ours, false).enforcing) << "Docker's 28";
  EXPECT_FALSE(early("-A PREROUTING -j ACCEPT\n" + ours, false).enforcing);
}

TEST(RemovalEdits, TakeOutOursAndNothingElse) {
  EXPECT_THAT(removal_edits(table("-A INPUT -j LOG\n-A INPUT " + kSrc + "\n-A FORWARD " + kDst + "\n")),
              ElementsAre("-D FORWARD " + kDst, "-D INPUT " + kSrc));
}

Tick at(Duration d) {
  return Tick(d);
}

TEST(RepositionBackoff, AtOnceThenLongerAndLonger) {
  RepositionBackoff backoff;
  EXPECT_TRUE(backoff.allows("ip INPUT", at(0s)));
  Duration now = 0s;
  std::vector<long> waits;
  for (int i = 0; i < 8; ++i) {
    backoff.moved("ip INPUT", at(now));
    const Tick next = backoff.next("ip INPUT");
    EXPECT_FALSE(backoff.allows("ip INPUT", next - 1ms));
    EXPECT_TRUE(backoff.allows("ip INPUT", next));
    EXPECT_TRUE(backoff.allows("ip DOCKER", at(now))) << "each chain has its own";
    waits.push_back(static_cast<long>((next - at(now)) / 1ms));
    now = next.time_since_epoch();
  }
  EXPECT_THAT(waits, ElementsAre(250, 500, 1000, 2000, 4000, 8000, 10000, 10000));
}

TEST(RepositionBackoff, PeaceForgetsTheQuarrel) {
  RepositionBackoff backoff;
  for (const auto when : {0ms, 250ms, 750ms, 1750ms, 3750ms})
    backoff.moved("x", at(when));
  EXPECT_EQ(backoff.next("x"), at(7750ms));
  backoff.moved("x", at(3750ms + 8001ms));
  EXPECT_EQ(backoff.next("x"), at(3750ms + 8001ms + 250ms));
}

// Each time two or three moves within a second, then it is done.
TEST(RepositionBackoff, ADockerdThatIsRestartedAgainAndAgainIsNoQuarrel) {
  RepositionBackoff backoff;
  for (auto start = 0s; start < 60s; start += 5s) {
    for (const auto move : {0ms, 250ms, 750ms}) {
      EXPECT_TRUE(backoff.allows("x", at(start + move))) << start.count();
      backoff.moved("x", at(start + move));
    }
  }
}

}  // namespace
}  // namespace breakwater
