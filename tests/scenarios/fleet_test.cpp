// SPDX-License-Identifier: Apache-2.0
// What the fleet promises, one situation a test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenarios/fleet_simulation.h"

namespace breakwater {
namespace {

using namespace std::chrono_literals;

constexpr const char* kAttacker = "203.0.113.7";

#define EXPECT_AGREED(fleet) EXPECT_THAT((fleet).disagreements(), ::testing::IsEmpty())

TEST(Fleet, AnAttackOnOneHostIsABanOnAll) {
  FleetSimulation fleet(3, simple_jail("sshd", 5));
  fleet.run_for(1s);
  fleet.offence(0, kAttacker, 5);
  EXPECT_TRUE(fleet.banned_on(0, kAttacker)) << "at home at once";
  fleet.run_for(200ms);
  EXPECT_TRUE(fleet.banned_everywhere(kAttacker));
}

TEST(Fleet, TwoFailuresOnEachOfThreeHostsAreSix) {
  FleetSimulation fleet(3, simple_jail("sshd", 6));
  fleet.run_for(1s);
  for (std::size_t host = 0; host < 3; ++host)
    fleet.offence(host, kAttacker, 2);
  EXPECT_FALSE(fleet.banned_anywhere(kAttacker));
  fleet.run_for(200ms);
  EXPECT_TRUE(fleet.banned_everywhere(kAttacker));
}

TEST(Fleet, QuorumWaitsForASecondWitness) {
  JailConfig jail = simple_jail("sshd", 100);
  jail.fleet_maxretry = 3;
  jail.fleet_quorum = 2;
  FleetSimulation fleet(3, jail);
  fleet.run_for(1s);
  fleet.offence(0, kAttacker, 10);
  fleet.run_for(1s);
  EXPECT_FALSE(fleet.banned_anywhere(kAttacker));
  fleet.offence(1, kAttacker);
  fleet.run_for(1s);
  EXPECT_TRUE(fleet.banned_everywhere(kAttacker));
}

TEST(Fleet, ANodeThatWasAwayCatchesUp) {
  FleetSimulation fleet(3, simple_jail("sshd", 6));
  fleet.run_for(1s);
  fleet.cut_off(2);
  fleet.offence(0, kAttacker, 6);
  fleet.run_for(1min);
  EXPECT_TRUE(fleet.banned_on(1, kAttacker));
  EXPECT_FALSE(fleet.banned_on(2, kAttacker));
  fleet.reconnect(2);
  fleet.calm_down();
  EXPECT_TRUE(fleet.banned_everywhere(kAttacker));
  EXPECT_AGREED(fleet);
}

TEST(Fleet, WithoutTheHubNodesBanAloneAndTellItLater) {
  FleetSimulation fleet(3, simple_jail("sshd", 5));
  fleet.run_for(1s);
  fleet.kill_hub();
  fleet.offence(0, kAttacker, 5);
  fleet.run_for(1min);
  EXPECT_TRUE(fleet.banned_on(0, kAttacker));
  EXPECT_FALSE(fleet.banned_on(1, kAttacker));
  fleet.start_hub();
  fleet.calm_down();
  EXPECT_TRUE(fleet.banned_everywhere(kAttacker));
  EXPECT_EQ(fleet.ledger().offences.size(), 5u);
  EXPECT_AGREED(fleet);
}

TEST(Fleet, AHubThatDiesInEveryMomentCountsNothingTwice) {
  FleetSimulation fleet(2, simple_jail("sshd", 1000));
  for (int i = 0; i < 100; ++i) {
    fleet.offence(static_cast<std::size_t>(i % 2), kAttacker);
    fleet.run_for(Duration(i % 7));
    if (i % 3 == 0) fleet.kill_hub();
    fleet.run_for(20ms);
    fleet.start_hub();
    fleet.run_for(300ms);
  }
  fleet.calm_down();
  EXPECT_EQ(fleet.ledger().offences.size(), 100u);
  EXPECT_AGREED(fleet);
}

TEST(Fleet, UnbanReachesEverybodyEvenThoseWhoBannedAlone) {
  FleetSimulation fleet(3, simple_jail("sshd", 5));
  fleet.run_for(1s);
  fleet.offence(0, kAttacker, 5);
  fleet.run_for(1s);
  fleet.order("unban", kAttacker);
  fleet.run_for(1s);
  EXPECT_FALSE(fleet.banned_anywhere(kAttacker));
  fleet.kill_node(0);
  fleet.start_node(0);
  fleet.calm_down();
  EXPECT_FALSE(fleet.banned_anywhere(kAttacker));
  EXPECT_AGREED(fleet);
}

TEST(Fleet, AllowIsStrongerThanAnyBan) {
  FleetSimulation fleet(3, simple_jail("sshd", 2));
  fleet.run_for(1s);
  fleet.order("allow", "203.0.113.0/24");
  fleet.run_for(1s);
  fleet.offence(0, kAttacker, 10);
  fleet.order("ban", kAttacker);
  fleet.run_for(1s);
  EXPECT_FALSE(fleet.banned_anywhere(kAttacker));
}

TEST(Fleet, BansOutliveEverybody) {
  FleetSimulation fleet(3, simple_jail("sshd", 5));
  fleet.run_for(1s);
  fleet.offence(0, kAttacker, 5);
  fleet.run_for(1s);
  fleet.kill_hub();
  for (std::size_t host = 0; host < 3; ++host)
    fleet.kill_node(host);
  EXPECT_TRUE(fleet.banned_everywhere(kAttacker)) << "the kernel holds them";
  for (std::size_t host = 0; host < 3; ++host)
    fleet.power_cycle(host);
  EXPECT_TRUE(fleet.banned_everywhere(kAttacker)) << "and the disk brings them back before the hub is there";
  fleet.calm_down();
  EXPECT_AGREED(fleet);
  fleet.run_for(2h);
  EXPECT_FALSE(fleet.banned_anywhere(kAttacker)) << "and they end";
}

TEST(Fleet, NobodyBansItsOwnAddressWhoeverOrdersIt) {
  FleetSimulation fleet(3, simple_jail("sshd", 2));
  fleet.never_ban(1, "198.51.100.12");
  fleet.run_for(1s);
  fleet.offence(0, "198.51.100.12", 5);
  fleet.run_for(1s);
  EXPECT_TRUE(fleet.banned_on(0, "198.51.100.12"));
  EXPECT_FALSE(fleet.banned_on(1, "198.51.100.12"));
  EXPECT_TRUE(fleet.violations().empty());
}

TEST(Fleet, AnOldNodeGetsASnapshot) {
  FleetSimulation fleet(2, simple_jail("sshd", 1));
  fleet.run_for(1s);
  fleet.kill_node(1);
  for (int i = 1; i <= 200; ++i) {
    fleet.offence(0, "203.0.113." + std::to_string(i));
    fleet.run_for(50ms);
  }
  fleet.calm_down();
  EXPECT_TRUE(fleet.banned_on(1, "203.0.113.1"));
  EXPECT_TRUE(fleet.banned_on(1, "203.0.113.200"));
  EXPECT_AGREED(fleet);
}

}  // namespace
}  // namespace breakwater
