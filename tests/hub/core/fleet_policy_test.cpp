// SPDX-License-Identifier: Apache-2.0
#include "hub/core/fleet_policy.h"

#include <gtest/gtest.h>

namespace breakwater {
namespace {

using Outcome = PolicyVerdict::Outcome;
using namespace std::chrono_literals;

constexpr Timestamp kNow = from_unix_ms(1'790'000'000'000);

JailConfig jail_of(int fleet_maxretry, int quorum = 1) {
  JailConfig jail;
  jail.name = "sshd";
  jail.fleet_maxretry = fleet_maxretry;
  jail.fleet_quorum = quorum;
  return jail;
}

class FleetPolicyTest : public ::testing::Test {
 protected:
  void use(JailConfig jail) { use(std::vector<JailConfig>{std::move(jail)}); }
  void use(std::vector<JailConfig> jails) {
    log_ = std::make_unique<DecisionLog>(1000, settings_.max_bans);
    policy_ = std::make_unique<FleetPolicy>(settings_, std::move(jails), *log_);
  }
  PolicyVerdict offend(const std::string& node, Timestamp at = kNow, const std::string& who = "203.0.113.7",
                       const std::string& jail = "sshd", Timestamp now = kNow) {
    wire::Offence offence;
    offence.at = at;
    offence.who = Address::parse(who).value();
    offence.jail = jail;
    PolicyVerdict verdict = policy_->record(node, offence, now);
    if (verdict.ban) log_->propose(*verdict.ban, "policy", node);
    return verdict;
  }
  void order(wire::DecisionOp op, const char* who, Timestamp until = kForever) {
    log_->commit(log_->propose({op, Prefix::parse(who).value(), until, kNow, "", ""}, "alice", "").seq);
  }

  HubSettings settings_;
  std::unique_ptr<DecisionLog> log_;
  std::unique_ptr<FleetPolicy> policy_;
};

TEST_F(FleetPolicyTest, TwoFailuresOnEachOfThreeHostsAreABan) {
  use(jail_of(6));
  for (const char* node : {"host1", "host2"}) {
    EXPECT_EQ(offend(node).outcome, Outcome::counted);
    EXPECT_EQ(offend(node).outcome, Outcome::counted);
  }
  EXPECT_EQ(offend("host3").outcome, Outcome::counted);
  const PolicyVerdict verdict = offend("host3");
  ASSERT_EQ(verdict.outcome, Outcome::ban);
  EXPECT_EQ(verdict.ban->who.text(), "203.0.113.7");
  EXPECT_EQ(verdict.ban->jail, "sshd");
  EXPECT_EQ(verdict.ban->until, kNow + 10min);
  EXPECT_EQ(verdict.ban->reason, "6 offences on 3 nodes: host1, host2, host3");
}

TEST_F(FleetPolicyTest, OneBurstIsOneBan) {
  use(jail_of(2));
  offend("host1");
  EXPECT_EQ(offend("host1").outcome, Outcome::ban);
  EXPECT_EQ(offend("host1").outcome, Outcome::counted);
  EXPECT_EQ(offend("host1").outcome, Outcome::enough) << "the ban that stands ends at the same time";
  EXPECT_EQ(policy_->counters().bans, 1u);
}

TEST_F(FleetPolicyTest, ALaterThresholdExtendsTheBan) {
  use(jail_of(2));
  offend("host1");
  offend("host1");
  offend("host2", kNow + 5min, "203.0.113.7", "sshd", kNow + 5min);
  const PolicyVerdict verdict = offend("host2", kNow + 5min, "203.0.113.7", "sshd", kNow + 5min);
  ASSERT_EQ(verdict.outcome, Outcome::extended);
  EXPECT_EQ(verdict.ban->until, kNow + 15min);
}

TEST_F(FleetPolicyTest, JailsAndAddressesAreCountedApart) {
  JailConfig web = jail_of(2);
  web.name = "web";
  use({jail_of(2), web});
  EXPECT_EQ(offend("host1").outcome, Outcome::counted);
  EXPECT_EQ(offend("host1", kNow, "203.0.113.7", "web").outcome, Outcome::counted);
  EXPECT_EQ(offend("host1", kNow, "203.0.113.8").outcome, Outcome::counted);
  EXPECT_EQ(offend("host1").outcome, Outcome::ban);
}

TEST_F(FleetPolicyTest, SlowFailuresNeverBan) {
  use(jail_of(3));
  for (int i = 0; i < 50; ++i) {
    const Timestamp at = kNow + i * 9min;
    EXPECT_EQ(offend("host" + std::to_string(i % 3), at, "203.0.113.7", "sshd", at).outcome, Outcome::counted);
  }
}

TEST_F(FleetPolicyTest, AQuorumNeedsDistinctNodes) {
  use(jail_of(3, 2));
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(offend("host1").outcome, Outcome::counted);
  EXPECT_EQ(offend("host2").outcome, Outcome::ban);
}

TEST_F(FleetPolicyTest, ANodeCountsForTheQuorumNoLongerThanFindtime) {
  use(jail_of(1, 2));
  EXPECT_EQ(offend("host1", kNow).outcome, Outcome::counted);
  EXPECT_EQ(offend("host2", kNow + 11min, "203.0.113.7", "sshd", kNow + 11min).outcome, Outcome::counted);
  EXPECT_EQ(offend("host1", kNow + 12min, "203.0.113.7", "sshd", kNow + 12min).outcome, Outcome::ban);
}

TEST_F(FleetPolicyTest, WhoIsIgnoredIsNeverBanned) {
  JailConfig jail = jail_of(1);
  jail.ignoreip = {Prefix::parse("203.0.113.0/24").value()};
  settings_.ignoreip = {Prefix::parse("2001:db8::/32").value()};
  use(jail);
  order(wire::DecisionOp::allow, "198.51.100.0/24");
  for (const char* who : {"203.0.113.9", "2001:db8::1", "198.51.100.1", "127.0.0.1", "224.0.0.1", "fe80::1", "::1",
                          "169.254.1.1", "255.255.255.255", "0.0.0.0"}) {
    EXPECT_EQ(offend("host1", kNow, who).outcome, Outcome::ignored) << who;
    EXPECT_TRUE(policy_->forbidden(Prefix::parse(who).value(), kNow)) << who;
  }
  order(wire::DecisionOp::disallow, "198.51.100.0/24");
  EXPECT_EQ(offend("host1", kNow, "198.51.100.1").outcome, Outcome::ban);
}

TEST_F(FleetPolicyTest, AnAllowThatIsOverProtectsNobody) {
  use(jail_of(1));
  order(wire::DecisionOp::allow, "198.51.100.1", kNow + 1min);
  EXPECT_EQ(offend("host1", kNow, "198.51.100.1").outcome, Outcome::ignored);
  EXPECT_EQ(offend("host1", kNow + 2min, "198.51.100.1", "sshd", kNow + 2min).outcome, Outcome::ban);
}

TEST_F(FleetPolicyTest, ObservedAndLocalJailsAreNeverDecided) {
  JailConfig observed = jail_of(1), local = jail_of(1);
  observed.mode = JailMode::observe;
  local.name = "local";
  local.fleet_scope = FleetScope::node;
  use({observed, local});
  EXPECT_EQ(offend("host1").outcome, Outcome::observed);
  EXPECT_EQ(offend("host1", kNow, "203.0.113.7", "local").outcome, Outcome::observed);
}

TEST_F(FleetPolicyTest, AJailThatOnlyNodesKnowUsesDefaultsAndIsReported) {
  use(jail_of(6));
  JailConfig defaults = jail_of(2);
  defaults.bantime = 1h;
  policy_->set_default_jail(defaults);
  EXPECT_NE(offend("host1", kNow, "203.0.113.7", "new").alarm.find("drift: jail new"), std::string::npos);
  const PolicyVerdict verdict = offend("host1", kNow, "203.0.113.7", "new");
  ASSERT_EQ(verdict.outcome, Outcome::ban);
  EXPECT_EQ(verdict.ban->until, kNow + 1h);
  EXPECT_EQ(verdict.ban->jail, "new");
}

TEST_F(FleetPolicyTest, OldOffencesMakeABanOnlyIfItWouldStillStand) {
  JailConfig jail = jail_of(2);
  jail.bantime = 1h;
  use(jail);
  offend("host1", kNow - 2h);
  EXPECT_EQ(offend("host1", kNow - 2h).outcome, Outcome::past);
  offend("host1", kNow - 30min, "203.0.113.8");
  const PolicyVerdict verdict = offend("host1", kNow - 30min, "203.0.113.8");
  ASSERT_EQ(verdict.outcome, Outcome::ban);
  EXPECT_EQ(verdict.ban->until, kNow + 30min) << "from the last offence, not from now";
}

// A node that was cut off brings its old burst while the address is being counted here and now.
TEST_F(FleetPolicyTest, ALateBurstIsCountedApartFromTodays) {
  JailConfig jail = jail_of(3);
  jail.bantime = std::chrono::hours(24 * 7);
  use(jail);
  EXPECT_EQ(offend("host1", kNow).outcome, Outcome::counted);
  EXPECT_EQ(offend("host2", kNow - 3h).outcome, Outcome::counted);
  EXPECT_EQ(offend("host2", kNow - 3h).outcome, Outcome::counted) << "one of today and two of long ago are not three";
  const PolicyVerdict verdict = offend("host2", kNow - 3h);
  ASSERT_EQ(verdict.outcome, Outcome::ban);
  EXPECT_EQ(verdict.ban->until, kNow - 3h + std::chrono::hours(24 * 7));
  EXPECT_EQ(verdict.ban->reason, "3 offences on 1 node: host2");
  EXPECT_EQ(offend("host1", kNow).outcome, Outcome::counted);
  EXPECT_EQ(offend("host1", kNow).outcome, Outcome::extended);
}

TEST_F(FleetPolicyTest, AnOffenceOfTheFutureCountsAsNowAndIsReported) {
  use(jail_of(1));
  const PolicyVerdict verdict = offend("host1", kNow + 3h);
  ASSERT_EQ(verdict.outcome, Outcome::ban);
  EXPECT_EQ(verdict.ban->until, kNow + 10min);
  EXPECT_FALSE(verdict.alarm.empty());
  EXPECT_EQ(policy_->counters().future_clock, 1u);
  EXPECT_TRUE(offend("host1", kNow + 59s, "203.0.113.8").alarm.empty()) << "a minute is nobody's fault";
}

TEST_F(FleetPolicyTest, BansGrowWithHistory) {
  JailConfig jail = jail_of(1);
  jail.increment.enabled = true;
  jail.increment.maxtime = 30min;
  use(jail);
  Timestamp now = kNow;
  std::vector<Duration> lengths;
  for (int i = 0; i < 3; ++i) {
    lengths.push_back(offend("host1", now, "203.0.113.7", "sshd", now).ban.value().until - now);
    now += 1h;
  }
  EXPECT_EQ(lengths, (std::vector<Duration>{10min, 20min, 30min}));
  use(jail);
  policy_->restore_history(
      {{"sshd", Prefix::parse("203.0.113.7").value(), 1}, {"web", Prefix::parse("203.0.113.7").value(), 9}});
  EXPECT_EQ(offend("host1").ban.value().until, kNow + 20min) << "other jails count only with overalljails";
}

TEST_F(FleetPolicyTest, ABanWithoutEnd) {
  JailConfig jail = jail_of(1);
  jail.bantime = std::nullopt;
  use(jail);
  EXPECT_EQ(offend("host1").ban.value().until, kForever);
  EXPECT_EQ(offend("host1").outcome, Outcome::enough);
}

TEST_F(FleetPolicyTest, ANodeCannotBanTheWorld) {
  settings_.node_bans_per_minute = 3;
  use(jail_of(1));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(offend("evil", kNow, "203.0.113." + std::to_string(i)).outcome, Outcome::ban);
  const PolicyVerdict capped = offend("evil", kNow, "203.0.113.99");
  EXPECT_EQ(capped.outcome, Outcome::capped);
  EXPECT_FALSE(capped.alarm.empty());
  EXPECT_EQ(offend("good", kNow, "203.0.113.100").outcome, Outcome::ban) << "others are not held back";
  EXPECT_EQ(offend("evil", kNow + 1min, "203.0.113.99", "sshd", kNow + 1min).outcome, Outcome::ban);
}

TEST_F(FleetPolicyTest, TheBanTableHasAnEnd) {
  settings_.max_bans = 2;
  use(jail_of(1));
  offend("host1", kNow, "203.0.113.1");
  offend("host1", kNow, "203.0.113.2");
  EXPECT_EQ(offend("host1", kNow, "203.0.113.3").outcome, Outcome::capped);
}

TEST_F(FleetPolicyTest, TheIdlestAddressMakesRoom) {
  settings_.max_windows = 100;
  use(jail_of(2));
  for (int i = 0; i < 150; ++i)
    offend("host1", kNow, "198.51.100." + std::to_string(i));
  EXPECT_EQ(policy_->sightings().size(), 100u);
  EXPECT_EQ(policy_->sightings().evicted(), 50u);
  EXPECT_EQ(offend("host1", kNow, "198.51.100.149").outcome, Outcome::ban);
  EXPECT_EQ(offend("host1", kNow, "198.51.100.0").outcome, Outcome::counted);
  policy_->on_tick(kNow + 11min);
  EXPECT_EQ(policy_->sightings().size(), 0u);
}

TEST_F(FleetPolicyTest, ReplayBringsTheCountsBackAndDecidesNothing) {
  use(jail_of(3));
  OffenceRecord record{1, kNow, "host1", {}};
  record.offence = {1, kNow, Address::parse("203.0.113.7").value(), "sshd", "", "", ""};
  policy_->replay(record);
  policy_->replay(record);
  EXPECT_EQ(offend("host2").outcome, Outcome::ban);
  for (int i = 0; i < 3; ++i)
    policy_->replay(record);
  EXPECT_EQ(offend("host2").outcome, Outcome::counted) << "those three were a ban already";
}

TEST_F(FleetPolicyTest, TooManyNamesShareOneCount) {
  use(jail_of(1'000'000));
  for (int i = 0; i < 70'000; ++i)
    offend("host1", kNow, "203.0.113.7", "jail" + std::to_string(i));
  EXPECT_LE(policy_->sightings().size(), FleetPolicy::kNames);
}

}  // namespace
}  // namespace breakwater
