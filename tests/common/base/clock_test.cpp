// SPDX-License-Identifier: Apache-2.0
#include "common/base/clock.h"

#include <limits>

#include <gtest/gtest.h>

namespace breakwater {
namespace {

using namespace std::chrono_literals;

TEST(Clock, WritesTimeAsText) {
  EXPECT_EQ(to_text(from_unix_ms(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_text(from_unix_ms(1'769'851'375'123)), "2026-01-31T09:22:55.123Z");
  EXPECT_EQ(to_text(from_unix_seconds(1'709'164'799)), "2024-02-28T23:59:59.000Z");
  EXPECT_EQ(to_text(from_unix_seconds(1'709'164'800)), "2024-02-29T00:00:00.000Z");
  EXPECT_EQ(to_text(from_unix_ms(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(to_text(kForever), "for ever");
}

TEST(Clock, TimesBeyondTheCalendarAreNotInvented) {
  EXPECT_EQ(to_text(from_unix_ms(253'402'300'799'999)), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(to_text(from_unix_ms(253'402'300'800'000)), "after 9999");
  EXPECT_EQ(to_text(from_unix_ms(std::numeric_limits<std::int64_t>::max() - 1)), "after 9999");
  EXPECT_EQ(to_text(from_unix_ms(-62'167'219'200'000)), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(to_text(Timestamp::min()), "before 0000");
}

TEST(Clock, MillisecondsGoBothWays) {
  EXPECT_EQ(to_unix_ms(from_unix_ms(1'769'851'375'123)), 1'769'851'375'123);
  EXPECT_EQ(to_unix_ms(from_unix_seconds(-3)), -3000);
}

TEST(Clock, AddingNeverOverflows) {
  const Timestamp now = from_unix_seconds(1'700'000'000);
  EXPECT_EQ(saturating_add(now, 10min), now + 10min);
  EXPECT_EQ(saturating_add(now, -10min), now - 10min);
  EXPECT_EQ(saturating_add(now, 0ms), now);
  EXPECT_EQ(saturating_add(now, Duration::max()), kForever);
  EXPECT_EQ(saturating_add(kForever, 1ms), kForever);
  EXPECT_EQ(saturating_add(kForever, -1ms), kForever - 1ms);
  EXPECT_EQ(saturating_add(kForever - 1ms, 1ms), kForever);
  EXPECT_EQ(saturating_add(from_unix_ms(-5), Duration::max()), kForever - 5ms);
  EXPECT_EQ(saturating_add(now, Duration::min()), now + Duration::min());
  EXPECT_EQ(saturating_add(from_unix_ms(-5), Duration::min()), Timestamp::min());
}

}  // namespace
}  // namespace breakwater
