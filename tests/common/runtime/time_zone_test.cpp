// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/time_zone.h"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

namespace breakwater {
namespace {

using namespace std::chrono;

class TimeZone : public testing::Test {
 protected:
  // The zone of this process is what other tests of the program find.
  void TearDown() override {
    unsetenv("TZ");
    tzset();
    ASSERT_TRUE(set_time_zone("UTC"));
    unsetenv("TZ");
  }

  // What the C library says of one instant, asked without a memory.
  static seconds told(local_seconds local) {
    seconds offset{0};
    for (int pass = 0; pass < 2; ++pass) {
      const std::time_t instant = (local.time_since_epoch() - offset).count();
      std::tm broken{};
      localtime_r(&instant, &broken);
      offset = seconds(broken.tm_gmtoff);
    }
    return offset;
  }
};

TEST_F(TimeZone, OffsetsAreRightAroundEveryChangeOfTheClocks) {
  // An hour, half an hour, none but an odd offset, and one that went over the date line.
  for (const char* name :
       {"Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/New_York"}) {
    ASSERT_TRUE(set_time_zone(name));
    const local_seconds first = local_days(2011y / 1 / 1), last = local_days(2012y / 2 / 1);
    for (local_seconds local = first; local < last; local += 7min + 1s)
      ASSERT_EQ(told(local), host_offset(local)) << name << " " << local.time_since_epoch().count();
  }
}

TEST_F(TimeZone, AnotherZoneIsNotAnsweredFromMemory) {
  const local_seconds local = local_days(2026y / 7 / 1) + 12h;
  ASSERT_TRUE(set_time_zone("Europe/Berlin"));
  EXPECT_EQ(2h, host_offset(local));
  ASSERT_TRUE(set_time_zone("CET-1CEST,M3.5.0,M10.5.0/3"));
  EXPECT_EQ(2h, host_offset(local));
  ASSERT_TRUE(set_time_zone("America/New_York"));
  EXPECT_EQ(-4h, host_offset(local));
}

TEST_F(TimeZone, AnUnknownNameIsAnErrorNotUtc) {
  EXPECT_FALSE(set_time_zone("Europe/Atlantis"));
  EXPECT_FALSE(set_time_zone("../../etc/passwd"));
  EXPECT_FALSE(set_time_zone(""));
}

}  // namespace
}  // namespace breakwater
