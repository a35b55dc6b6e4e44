// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "node/adapters/firewall/look_schedule.h"
#include "node/adapters/firewall/set_canary.h"

namespace breakwater {
namespace {

using namespace std::chrono_literals;

Tick at(Duration d) {
  return Tick(1000s) + d;
}
Prefix prefix(const char* text) {
  return Prefix::parse(text).value();
}

TEST(LookSchedule, SoonAfterAChange) {
  LookSchedule schedule;
  EXPECT_TRUE(schedule.due(at(0s))) << "never looked";
  schedule.looked(at(0s));
  schedule.on_change(at(5s));
  EXPECT_FALSE(schedule.due(at(5s + 19ms)));
  EXPECT_TRUE(schedule.due(at(5s + 20ms)));
}

TEST(LookSchedule, AStormIsLookedAtTenTimesASecond) {
  LookSchedule schedule;
  schedule.looked(at(0s));
  int looks = 0;
  for (Duration now = 1ms; now <= 1s; now += 1ms) {
    schedule.on_change(at(now));
    if (!schedule.due(at(now))) continue;
    schedule.looked(at(now));
    ++looks;
  }
  EXPECT_EQ(looks, 10);
}

TEST(LookSchedule, AChangeDoesNotPutOffAnEarlierLook) {
  LookSchedule schedule;
  schedule.looked(at(0s));
  schedule.on_change(at(1s));
  schedule.on_change(at(1s + 15ms));
  EXPECT_EQ(schedule.next(), at(1s + 20ms));
}

TEST(LookSchedule, EveryTenSecondsWithoutAWord) {
  LookSchedule schedule;
  schedule.looked(at(0s));
  EXPECT_FALSE(schedule.due(at(9999ms)));
  EXPECT_TRUE(schedule.due(at(10s)));
}

TEST(LookSchedule, AtOnceAfterALoss) {
  LookSchedule schedule;
  schedule.looked(at(0s));
  schedule.on_loss(at(1ms));
  EXPECT_TRUE(schedule.due(at(1ms)));
}

TEST(SetCanary, NobodyIsWantedBeforeABan) {
  SetCanary canary;
  EXPECT_FALSE(canary.wanted(at(0s)));
}

TEST(SetCanary, TheLongestBanIsWanted) {
  SetCanary canary;
  canary.added(prefix("203.0.113.1"), at(10s));
  canary.added(prefix("203.0.113.2"), at(100s));
  canary.added(prefix("203.0.113.3"), at(50s));
  EXPECT_EQ(canary.wanted(at(0s)), prefix("203.0.113.2"));
}

TEST(SetCanary, ANewerBanDoesNotHideAFlush) {
  SetCanary canary;
  canary.added(prefix("203.0.113.1"), at(100s));
  EXPECT_EQ(canary.wanted(at(0s)), prefix("203.0.113.1"));
  canary.seen();
  // flush; then a longer ban comes in before we look again
  canary.added(prefix("203.0.113.2"), Tick::max());
  EXPECT_EQ(canary.wanted(at(1s)), prefix("203.0.113.1"));
}

TEST(SetCanary, PassesOnOnceSeenAlive) {
  SetCanary canary;
  canary.added(prefix("203.0.113.1"), at(100s));
  ASSERT_TRUE(canary.wanted(at(0s)));
  canary.added(prefix("203.0.113.2"), at(200s));
  canary.seen();
  EXPECT_EQ(canary.wanted(at(1s)), prefix("203.0.113.2"));
}

TEST(SetCanary, ABanThatEndsIsNotMissed) {
  SetCanary canary;
  canary.added(prefix("203.0.113.1"), at(10s));
  EXPECT_TRUE(canary.wanted(at(7s)));
  EXPECT_FALSE(canary.wanted(at(9s))) << "the kernel's seconds are not ours";
}

TEST(SetCanary, AnEarlierEndIsKnown) {
  SetCanary canary;
  canary.added(prefix("203.0.113.1"), at(100s));
  ASSERT_TRUE(canary.wanted(at(0s)));
  canary.added(prefix("203.0.113.1"), at(5s));
  EXPECT_FALSE(canary.wanted(at(6s)));
}

TEST(SetCanary, ALiftedBanIsNotMissed) {
  SetCanary canary;
  canary.added(prefix("203.0.113.1"), at(100s));
  ASSERT_TRUE(canary.wanted(at(0s)));
  canary.added(prefix("203.0.113.2"), at(50s));
  canary.lifted(prefix("203.0.113.1"));
  EXPECT_EQ(canary.wanted(at(1s)), prefix("203.0.113.2"));
  canary.lifted(prefix("203.0.113.2"));
  EXPECT_FALSE(canary.wanted(at(1s)));
}

}  // namespace
}  // namespace breakwater
