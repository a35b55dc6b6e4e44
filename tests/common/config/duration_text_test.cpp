// SPDX-License-Identifier: Apache-2.0
#include "common/config/duration_text.h"

#include <gtest/gtest.h>

namespace breakwater {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct Good {
  const char* text;
  Duration length;
};

TEST(DurationText, ReadsFail2bansTimes) {
  for (const Good& good : std::initializer_list<Good>{{"3600", hours(1)},
                                                      {"10m", minutes(10)},
                                                      {" 10m ", minutes(10)},
                                                      {"10 m", minutes(10)},
                                                      {"10min", minutes(10)},
                                                      {"10mm", minutes(10)},
                                                      {"10 minutes", minutes(10)},
                                                      {"1minute", minutes(1)},
                                                      {"1d12h", hours(36)},
                                                      {"1d 12h", hours(36)},
                                                      {"1D12H", hours(36)},
                                                      {"1h 30", hours(1) + seconds(30)},
                                                      {"1m30", seconds(90)},
                                                      {"1w", hours(168)},
                                                      {"2 weeks", hours(336)},
                                                      {"1mo", seconds(2629800)},
                                                      {"6 months", seconds(15778800)},
                                                      {"1y", seconds(31557600)},
                                                      {"1year", seconds(31557600)},
                                                      {"5s", seconds(5)},
                                                      {"5sec", seconds(5)},
                                                      {"1.5h", minutes(90)},
                                                      {"0.5", Duration(500)},
                                                      {"0", seconds(0)},
                                                      {"1000y", seconds(31557600000)}}) {
    const auto length = parse_duration(good.text);
    ASSERT_TRUE(length) << good.text << ": " << length.error().message();
    EXPECT_EQ(*length, good.length) << good.text;
  }
}

struct Bad {
  const char* text;
  const char* message;
};

TEST(DurationText, SaysWhatIsWrong) {
  for (const Bad& bad : std::initializer_list<Bad>{
           {"10x", "\"10x\" is not a duration (try 10m)"},
           {"", "a duration is missing (try 10m)"},
           {"m", "\"m\" is not a duration (try 10m)"},
           {"ten", "\"ten\" is not a duration (try 10m)"},
           {"10minutess", "\"10minutess\" is not a duration (try 10m)"},
           {"60*60", "\"60*60\" is not a duration (arithmetic is not evaluated; try 10m)"},
           {"1h+30m", "\"1h+30m\" is not a duration (arithmetic is not evaluated; try 10m)"},
           {"1y-6mo", "\"1y-6mo\" is not a duration (arithmetic is not evaluated; try 10m)"},
           {"__import__('os')", "\"__import__('os')\" is not a duration (arithmetic is not evaluated; try 10m)"},
           {"-1", "\"-1\" is not a duration (negative; try 10m)"},
           {"1.2.3", "\"1.2.3\" is not a duration (try 10m)"},
           {"1e9", "\"1e9\" is not a duration (try 10m)"},
           {"inf", "\"inf\" is not a duration (try 10m)"},
           {"nan", "\"nan\" is not a duration (try 10m)"},
           {"99999999999999999999y", "longer than a thousand years"},
           {"10m\n", nullptr}}) {
    const auto length = parse_duration(bad.text);
    if (bad.message == nullptr) {
      EXPECT_TRUE(length);
      continue;
    }
    ASSERT_FALSE(length) << bad.text;
    EXPECT_NE(length.error().message().find(bad.message), std::string::npos) << length.error().message();
  }
  EXPECT_FALSE(parse_duration(std::string(100000, '9')));
}

TEST(DurationText, ABanMayHaveNoEnd) {
  EXPECT_EQ(*parse_ban_duration("-1"), std::nullopt);
  EXPECT_EQ(*parse_ban_duration("-1d"), std::nullopt);
  EXPECT_EQ(*parse_ban_duration("1h"), std::optional<Duration>(hours(1)));
  EXPECT_FALSE(parse_ban_duration("-x"));
  EXPECT_FALSE(parse_ban_duration("--1"));
}

TEST(DurationText, WritesWhatItReads) {
  EXPECT_EQ(duration_text(std::nullopt), "for ever");
  EXPECT_EQ(duration_text(Duration(0)), "0s");
  EXPECT_EQ(duration_text(Duration(250)), "250ms");
  EXPECT_EQ(duration_text(seconds(90)), "1m30s");
  EXPECT_EQ(duration_text(hours(36)), "1d12h");
  EXPECT_EQ(duration_text(seconds(-5)), "-5s");
  for (const std::int64_t s : {1, 59, 61, 3600, 86399, 604800, 31557600}) {
    EXPECT_EQ(*parse_duration(duration_text(seconds(s))), seconds(s));
  }
}

}  // namespace
}  // namespace breakwater
