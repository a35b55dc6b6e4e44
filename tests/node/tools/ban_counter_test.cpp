// SPDX-License-Identifier: Apache-2.0
#include "node/tools/ban_counter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace breakwater {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;

const Address kAttacker = Address::v4(192, 0, 2, 7);
const Address kOther = Address::v4(192, 0, 2, 8);
constexpr Timestamp kStart = from_unix_seconds(1'000'000'000);

JailConfig jail(int maxretry = 3) {
  JailConfig config;
  config.maxretry = maxretry;
  config.findtime = minutes(10);
  config.bantime = minutes(10);
  return config;
}

class Counter {
 public:
  explicit Counter(const JailConfig& config, std::size_t room = BanCounter::kMaxOffenders)
      : counter(config, history, room) {}
  const WouldBan* at(seconds when, const Address& who = kAttacker) {
    return counter.record(who, kStart + when, {0, ++line});
  }
  BanHistory history;
  BanCounter counter;
  std::uint64_t line = 0;
};

TEST(BanCounter, BansAtMaxretry) {
  Counter jail_(jail());
  EXPECT_EQ(jail_.at(seconds(0)), nullptr);
  EXPECT_EQ(jail_.at(seconds(1)), nullptr);
  const WouldBan* ban = jail_.at(seconds(2));
  ASSERT_NE(ban, nullptr);
  EXPECT_EQ(ban->who, kAttacker);
  EXPECT_EQ(ban->at, kStart + seconds(2));
  EXPECT_EQ(ban->count, 3u);
  EXPECT_EQ(ban->until, kStart + seconds(602));
  EXPECT_THAT(ban->lines, ElementsAre(LineRef{0, 1}, LineRef{0, 2}, LineRef{0, 3}));
}

TEST(BanCounter, CountsEachAddressForItself) {
  Counter jail_(jail(2));
  EXPECT_EQ(jail_.at(seconds(0)), nullptr);
  EXPECT_EQ(jail_.at(seconds(1), kOther), nullptr);
  EXPECT_NE(jail_.at(seconds(2)), nullptr);
}

TEST(BanCounter, ForgetsAfterFindtime) {
  Counter jail_(jail(2));
  EXPECT_EQ(jail_.at(seconds(0)), nullptr);
  EXPECT_EQ(jail_.at(seconds(600)), nullptr);
  EXPECT_NE(jail_.at(seconds(1199)), nullptr);
}

// 4 in 12 minutes at findtime 10: scaled by the rate, the fourth counts as round(3 / 12 * 10) + 1.
TEST(BanCounter, ScalesASlowAttackAsFail2banDoes) {
  Counter jail_(jail(4));
  EXPECT_EQ(jail_.at(minutes(0)), nullptr);
  EXPECT_EQ(jail_.at(minutes(4)), nullptr);
  EXPECT_EQ(jail_.at(minutes(8)), nullptr);
  const WouldBan* ban = jail_.at(minutes(12));
  EXPECT_EQ(ban, nullptr);  // 3
  ban = jail_.at(minutes(13));
  ASSERT_NE(ban, nullptr);
  EXPECT_EQ(ban->count, 4u);
}

// fail2ban 1.0.2, server/banmanager.py addBanTicket.
TEST(BanCounter, ABanThatWouldBeOverAlreadyIsNone) {
  JailConfig config = jail(2);
  config.findtime = std::chrono::hours(24);
  Counter jail_(config);
  EXPECT_EQ(jail_.at(minutes(60), kOther), nullptr);
  EXPECT_EQ(jail_.at(minutes(20)), nullptr);
  EXPECT_EQ(jail_.at(minutes(21)), nullptr);
  EXPECT_EQ(jail_.at(minutes(50)), nullptr);
  EXPECT_NE(jail_.at(minutes(51)), nullptr);
}

TEST(BanCounter, DoesNotBanTwiceAtATime) {
  Counter jail_(jail(1));
  EXPECT_NE(jail_.at(seconds(0)), nullptr);
  EXPECT_EQ(jail_.at(seconds(1)), nullptr);
  EXPECT_EQ(jail_.counter.extended(), 1u);
  // The end moved by that second.
  EXPECT_EQ(jail_.at(seconds(601)), nullptr);
  EXPECT_NE(jail_.at(seconds(601 + 601)), nullptr);
}

TEST(BanCounter, OffencesDuringABanCountTowardsTheNext) {
  Counter jail_(jail(2));
  jail_.at(seconds(0));
  ASSERT_NE(jail_.at(seconds(0)), nullptr);
  EXPECT_EQ(jail_.at(seconds(590)), nullptr);
  EXPECT_NE(jail_.at(seconds(601)), nullptr);
}

TEST(BanCounter, ABanWithoutEndIsTheOnlyOne) {
  JailConfig config = jail(1);
  config.bantime = std::nullopt;
  Counter jail_(config);
  const WouldBan* ban = jail_.at(seconds(0));
  ASSERT_NE(ban, nullptr);
  EXPECT_EQ(ban->until, kForever);
  EXPECT_EQ(jail_.at(std::chrono::hours(100'000)), nullptr);
}

TEST(BanCounter, BansGrow) {
  JailConfig config = jail(1);
  config.increment.enabled = true;
  config.increment.rndtime = minutes(5);
  Counter jail_(config);
  EXPECT_EQ(jail_.at(seconds(0))->until, kStart + minutes(10));
  EXPECT_EQ(jail_.at(minutes(11))->until, kStart + minutes(31));
  EXPECT_EQ(jail_.at(minutes(32))->until, kStart + minutes(72));
}

TEST(BanCounter, BansGrowOverAllJailsIfAsked) {
  JailConfig config = jail(1);
  config.increment.enabled = config.increment.overalljails = true;
  BanHistory history;
  BanCounter one(config, history), two(config, history);
  EXPECT_EQ(one.record(kAttacker, kStart, {})->until, kStart + minutes(10));
  EXPECT_EQ(two.record(kAttacker, kStart, {})->until, kStart + minutes(20));
}

TEST(BanCounter, TimeThatStepsBackIsCounted) {
  Counter jail_(jail(2));
  EXPECT_EQ(jail_.at(seconds(10)), nullptr);
  const WouldBan* ban = jail_.at(seconds(5));
  ASSERT_NE(ban, nullptr);
  EXPECT_EQ(ban->at, kStart + seconds(10));
}

TEST(BanCounter, KeepsTheLastLines) {
  JailConfig config = jail(1000);
  Counter jail_(config);
  for (int i = 1; i < 1000; ++i)
    ASSERT_EQ(jail_.at(seconds(0)), nullptr);
  const WouldBan* ban = jail_.at(seconds(0));
  ASSERT_NE(ban, nullptr);
  ASSERT_EQ(ban->lines.size(), BanCounter::kMaxLines);
  EXPECT_EQ(ban->lines.back().number, 1000u);
  EXPECT_EQ(ban->lines.front().number, 901u);
}

TEST(BanCounter, HasRoomForSoManyAndCountsTheRest) {
  Counter jail_(jail(2), 10);
  for (std::uint8_t i = 0; i < 15; ++i)
    jail_.at(seconds(0), Address::v4(10, 0, 0, i));
  EXPECT_EQ(jail_.counter.size(), 10u);
  EXPECT_EQ(jail_.counter.left_out(), 5u);
  // Whoever is idle makes room.
  jail_.at(seconds(700), Address::v4(10, 0, 1, 0));
  EXPECT_EQ(jail_.counter.size(), 1u);
  EXPECT_EQ(jail_.counter.left_out(), 5u);
}

TEST(BanCounter, ASweepForgetsNobodyWhoIsBanned) {
  Counter jail_(jail(1), 3);
  ASSERT_NE(jail_.at(seconds(0)), nullptr);
  for (std::uint8_t i = 0; i < 5; ++i)
    jail_.at(seconds(500), Address::v4(10, 0, 0, i));
  EXPECT_EQ(jail_.at(seconds(550)), nullptr);
}

}  // namespace
}  // namespace breakwater
