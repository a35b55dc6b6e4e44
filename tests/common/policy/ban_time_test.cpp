// SPDX-License-Identifier: Apache-2.0
#include "common/policy/ban_time.h"

#include <gtest/gtest.h>

namespace breakwater {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kBase = minutes(10);

BanTimeIncrement enabled() {
  BanTimeIncrement increment;
  increment.enabled = true;
  return increment;
}

TEST(BanTime, IsTheBanTimeWithoutIncrement) {
  EXPECT_EQ(ban_time(kBase, {}, 7, 0.9), kBase);
}

TEST(BanTime, OfPermanentBansHasNoEnd) {
  EXPECT_EQ(ban_time(std::nullopt, {}, 0, 0), std::nullopt);
  EXPECT_EQ(ban_time(std::nullopt, enabled(), 3, 0), std::nullopt);
}

TEST(BanTime, DoublesWithEachEarlierBan) {
  const BanTimeIncrement increment = enabled();
  EXPECT_EQ(ban_time(kBase, increment, 0, 0), kBase);
  EXPECT_EQ(ban_time(kBase, increment, 1, 0), minutes(20));
  EXPECT_EQ(ban_time(kBase, increment, 2, 0), minutes(40));
  EXPECT_EQ(ban_time(kBase, increment, 5, 0), minutes(320));
}

TEST(BanTime, NeverShrinksByASmallFactor) {
  BanTimeIncrement increment = enabled();
  increment.factor = 0.1;
  EXPECT_EQ(ban_time(kBase, increment, 1, 0), kBase);
}

TEST(BanTime, StopsGrowingAtTwentyEarlierBans) {
  const BanTimeIncrement increment = enabled();
  EXPECT_EQ(ban_time(seconds(1), increment, 20, 0), seconds(1 << 20));
  EXPECT_EQ(ban_time(seconds(1), increment, 4'000'000'000u, 0), seconds(1 << 20));
}

TEST(BanTime, TakesTheMultiplierOfItsCountAndThenTheLast) {
  BanTimeIncrement increment = enabled();
  increment.multipliers = {1, 5, 30};
  EXPECT_EQ(ban_time(kBase, increment, 1, 0), minutes(50));
  EXPECT_EQ(ban_time(kBase, increment, 2, 0), minutes(300));
  EXPECT_EQ(ban_time(kBase, increment, 9, 0), minutes(300));
}

TEST(BanTime, IsCappedBeforeTheDiceAreThrown) {
  BanTimeIncrement increment = enabled();
  increment.maxtime = hours(1);
  increment.rndtime = seconds(100);
  EXPECT_EQ(ban_time(kBase, increment, 10, 0), hours(1));
  EXPECT_EQ(ban_time(kBase, increment, 10, 0.5), hours(1) + seconds(50));
}

TEST(BanTime, BeyondACenturyHasNoEnd) {
  EXPECT_EQ(ban_time(hours(24 * 365), enabled(), 20, 0), std::nullopt);
}

}  // namespace
}  // namespace breakwater
