// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/ban_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace breakwater {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

RuleTable table(const std::string& rules) {
  auto parsed = parse_rule_table(
      "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:DOCKER - [0:0]\n" + rules + "COMMIT\n", kFilterTable);
  EXPECT_TRUE(parsed) << parsed.error().message();
  return *parsed;
}

Prefix prefix(const char* text) {
  return Prefix::parse(text).value();
}

const auto kEnd = from_unix_seconds(1767225600);
const std::string kOne = "-s 203.0.113.7/32 -m comment --comment breakwater-ban-1767225600 -j DROP";
const std::string kTwo = "-s 203.0.113.0/25 -m comment --comment breakwater-ban -j DROP";

TEST(BanRule, SaysWhoAndUntilWhen) {
  EXPECT_EQ(ban_rule(prefix("203.0.113.7"), kEnd), kOne);
  EXPECT_EQ(ban_rule(prefix("203.0.113.0/25"), std::nullopt), kTwo);
  EXPECT_EQ(ban_rule(prefix("2001:db8::7"), std::nullopt),
            "-s 2001:db8::7/128 -m comment --comment breakwater-ban -j DROP");
}

TEST(BanRule, ReadsItsOwn) {
  for (const char* who : {"203.0.113.7", "203.0.113.0/24", "2001:db8::7", "2001:db8::/32"}) {
    for (const std::optional<Timestamp> until : {std::optional(kEnd), std::optional<Timestamp>()}) {
      const auto read = read_ban_rule(parse_rule(ban_rule(prefix(who), until)));
      ASSERT_TRUE(read) << who;
      EXPECT_EQ(read->first, prefix(who));
      EXPECT_EQ(read->second, until);
    }
  }
}

TEST(BanRule, ReadsNoOther) {
  for (const char* rule : {"-s 203.0.113.7/32 -j DROP", "-m comment --comment breakwater-ban -j DROP",
                           "-s 203.0.113.7/32 -m comment --comment breakwater-ban -j ACCEPT",
                           "-s 203.0.113.7/32 -m comment --comment breakwater-ban-12x -j DROP",
                           "-s 203.0.113.7/32 -m comment --comment breakwater-ban-99999999999999999999 -j DROP",
                           "-s 203.0.113.7/32 -m comment --comment breakwater -j DROP"}) {
    EXPECT_FALSE(read_ban_rule(parse_rule(rule))) << rule;
  }
}

TEST(PlanBans, AddsWhatIsMissingInDockerAndInput) {
  const auto plan = plan_bans(table(""), {{prefix("203.0.113.7"), kEnd}}, true);
  EXPECT_THAT(plan.edits, ElementsAre("-I DOCKER 1 " + kOne, "-I INPUT 1 " + kOne));
  EXPECT_EQ(plan.missing, 2u);
}

TEST(PlanBans, LeavesWhatStands) {
  const auto plan =
      plan_bans(table("-A DOCKER " + kOne + "\n-A INPUT " + kOne + "\n"), {{prefix("203.0.113.7"), kEnd}}, true);
  EXPECT_THAT(plan.edits, IsEmpty());
}

TEST(PlanBans, ReplacesAnOlderEndAndTakesOutTheUnwanted) {
  const std::string old = "-s 203.0.113.7/32 -m comment --comment breakwater-ban-1700000000 -j DROP";
  const auto plan =
      plan_bans(table("-A DOCKER " + old + "\n-A DOCKER " + kTwo + "\n-A INPUT " + kOne + "\n-A INPUT " + kOne + "\n"),
                {{prefix("203.0.113.7"), kEnd}}, true);
  EXPECT_THAT(plan.edits,
              ElementsAre("-D DOCKER " + old, "-D DOCKER " + kTwo, "-I DOCKER 1 " + kOne, "-D INPUT " + kOne));
}

TEST(PlanBans, GoesAboveAPortThatDockerInserted) {
  const std::string rules = "-A DOCKER " + kTwo + "\n-A DOCKER -d 203.0.113.200/32 -p tcp -j ACCEPT\n-A DOCKER " +
                            kOne + "\n-A INPUT " + kOne + "\n-A INPUT " + kTwo + "\n";
  const BanEnds wanted{{prefix("203.0.113.7"), kEnd}, {prefix("203.0.113.0/25"), std::nullopt}};
  const auto plan = plan_bans(table(rules), wanted, true);
  EXPECT_EQ(plan.shadow, "DOCKER: -d 203.0.113.200/32 -p tcp -j ACCEPT");
  EXPECT_THAT(plan.edits, ElementsAre("-D DOCKER " + kOne, "-I DOCKER 1 " + kOne));
  EXPECT_THAT(plan_bans(table(rules), wanted, false).edits, IsEmpty());
}

TEST(PlanBans, WithoutDockerInForward) {
  auto t = table("");
  t.chains.erase("DOCKER");
  EXPECT_THAT(plan_bans(t, {{prefix("203.0.113.7"), kEnd}}, true).edits,
              ElementsAre("-I FORWARD 1 " + kOne, "-I INPUT 1 " + kOne));
}

}  // namespace
}  // namespace breakwater
