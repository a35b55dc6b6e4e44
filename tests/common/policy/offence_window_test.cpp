// SPDX-License-Identifier: Apache-2.0
#include "common/policy/offence_window.h"

#include <vector>

#include <gtest/gtest.h>

namespace breakwater {
namespace {

using std::chrono::seconds;

constexpr Duration kTenMinutes = std::chrono::minutes(10);

std::vector<std::uint32_t> counts(const std::vector<int>& at_seconds, Duration findtime = kTenMinutes) {
  OffenceWindow window;
  std::vector<std::uint32_t> out;
  for (const int second : at_seconds)
    out.push_back(window.record(from_unix_seconds(1793588645 + second), findtime));
  return out;
}

using Counts = std::vector<std::uint32_t>;

// The expected counts were worked out by fail2ban's rule in Python.
TEST(OffenceWindow, CountsABurst) {
  EXPECT_EQ(counts({0, 1, 2, 3, 4}), (Counts{1, 2, 3, 4, 5}));
}

TEST(OffenceWindow, CountsSeveralInOneSecond) {
  EXPECT_EQ(counts({0, 0, 0, 400, 900, 1000}), (Counts{1, 2, 3, 4, 4, 4}));
}

TEST(OffenceWindow, SlowFailuresNeverBan) {
  EXPECT_EQ(counts({0, 700, 1400, 2100}), (Counts{1, 2, 2, 2}));
  EXPECT_EQ(counts({0, 300, 600, 900, 1200, 1500}), (Counts{1, 2, 3, 3, 3, 3}));
  EXPECT_EQ(counts({0, 4, 8, 12, 16, 20, 24, 28, 32}, seconds(10)), (Counts{1, 2, 3, 3, 3, 3, 3, 3, 3}));
}

TEST(OffenceWindow, ScalesByTheRateWhenTheFirstIsTooOld) {
  EXPECT_EQ(counts({0, 601}), (Counts{1, 2}));     // 1 / 601 * 600 is 1 again
  EXPECT_EQ(counts({0, 600}), (Counts{1, 2}));     // just inside
  EXPECT_EQ(counts({0, 100000}), (Counts{1, 1}));  // long forgotten
}

TEST(OffenceWindow, RoundsAHalfToEven) {
  EXPECT_EQ(counts({0, 1, 2, 3, 4, 1200}).back(), 3u);  // 5 / 1200 * 600 = 2.5 -> 2, and one
  EXPECT_EQ(counts({0, 1, 2, 1200}).back(), 3u);        // 1.5 -> 2, and one
}

TEST(OffenceWindow, CountsLateLinesWithoutMovingTime) {
  EXPECT_EQ(counts({100, 50, 700}), (Counts{1, 2, 3}));
  EXPECT_EQ(counts({1000, 0, 999, 1601}), (Counts{1, 2, 3, 4}));
}

TEST(OffenceWindow, RemembersTheLatestTime) {
  OffenceWindow window;
  window.record(from_unix_seconds(1000), kTenMinutes);
  window.record(from_unix_seconds(900), kTenMinutes);
  EXPECT_EQ(window.last(), from_unix_seconds(1000));
}

TEST(OffenceWindow, IsIdleWhenTheLastIsFindtimeOld) {
  OffenceWindow window;
  window.record(from_unix_seconds(1000), kTenMinutes);
  EXPECT_FALSE(window.idle(from_unix_seconds(1599), kTenMinutes));
  EXPECT_TRUE(window.idle(from_unix_seconds(1600), kTenMinutes));
}

TEST(OffenceWindow, BeginsAnewAfterABan) {
  OffenceWindow window;
  for (int i = 0; i < 5; ++i)
    window.record(from_unix_seconds(1000 + i), kTenMinutes);
  window.clear();
  EXPECT_EQ(window.count(), 0u);
  EXPECT_EQ(window.record(from_unix_seconds(1100), kTenMinutes), 1u);
}

}  // namespace
}  // namespace breakwater
