// SPDX-License-Identifier: Apache-2.0
// Every bound that a stranger can reach is counted when it is reached, and not before.
#include <random>

#include <gtest/gtest.h>

#include "node/core/filter/candidate_set.h"
#include "tests/node/filter/filter_fixture.h"

namespace breakwater {
namespace {

using namespace testing_filters;

FilterConfig connections() {
  FilterConfig config = config_with({"^c<F-MLFID>\\d+</F-MLFID>: bad password$", "^c<F-MLFID>\\d+</F-MLFID>: <HOST>$"});
  config.datepattern = {{"{NONE}", {"filter.d/test.conf", 6}}};
  return config;
}

TEST(FilterCounters, ConnectionsThatMadeRoomBeforeTheirTime) {
  const auto filter = compiled(connections());
  const auto memory = filter->make_memory();
  const auto open = [&](int id, Timestamp now) {
    filter->match("c" + std::to_string(id) + ": bad password", {.now = now}, memory.get());
  };
  for (int i = 0; i < 100; ++i)
    open(i, kNow);
  EXPECT_EQ(filter->take_counters().connections_evicted, 0u);
  open(100, kNow);
  open(101, kNow);
  EXPECT_EQ(filter->take_counters().connections_evicted, 2u);
  EXPECT_EQ(filter->take_counters().connections_evicted, 0u) << "they were taken";
  open(102, kNow + std::chrono::minutes(6));
  EXPECT_EQ(filter->take_counters().connections_evicted, 0u) << "that one was over";
}

FilterConfig several_lines() {
  FilterConfig config = config_with({"^begin <HOST>$<SKIPLINES>^end$"});
  config.maxlines = 10;
  config.datepattern = {{"{NONE}", {"filter.d/test.conf", 6}}};
  return config;
}

TEST(FilterCounters, LinesThatWereLongerThanIsKept) {
  const auto filter = compiled(several_lines());
  const auto memory = filter->make_memory();
  EXPECT_EQ(judged(*filter, "begin 203.0.113.7", memory.get()), "-");
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(judged(*filter, std::string(60'000, 'x'), memory.get()), "-");
  EXPECT_EQ(filter->take_counters().buffered_lines_dropped, 0u);
  EXPECT_EQ(judged(*filter, "end", memory.get()), "203.0.113.7");

  EXPECT_EQ(judged(*filter, "begin 203.0.113.7", memory.get()), "-");
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(judged(*filter, std::string(60'000, 'x'), memory.get()), "-");
  EXPECT_GE(filter->take_counters().buffered_lines_dropped, 1u);
}

TEST(FilterCounters, OneLineThatIsTooLongAloneIsStillSearched) {
  const auto filter = compiled(several_lines());
  const auto memory = filter->make_memory();
  EXPECT_EQ(judged(*filter, std::string(400'000, 'x'), memory.get()), "-");
  EXPECT_EQ(judged(*filter, "begin 203.0.113.7", memory.get()), "-");
  EXPECT_EQ(filter->take_counters().buffered_lines_dropped, 1u);
  EXPECT_EQ(judged(*filter, "end", memory.get()), "203.0.113.7");
}

TEST(FilterCounters, SearchesBeyondTheUsualSteps) {
  const auto filter = compiled("^(?:a+)+(?<!a)c <HOST>$");
  EXPECT_EQ(judged(*filter, "aaa! 203.0.113.7"), "-");
  EXPECT_EQ(filter->take_counters().pcre2_limits, 0u);
  EXPECT_EQ(judged(*filter, std::string(60, 'a') + "c 203.0.113.7"), "engine failed");
  EXPECT_EQ(filter->take_counters().pcre2_limits, 1u);
}

// Regexes whose set has more states than it may hold, on a text that leads through all of them: it begins anew again
// and again, and forgets nothing. (RE2 of 2022 sees to it at compile time that a pass never runs out of memory.)
TEST(FilterCounters, ASetThatIsShortOfMemoryStillNamesAllThatMatch) {
  std::vector<std::string> regexes;
  for (const char letter : std::string("abcd"))
    regexes.push_back(std::string(1, letter) + "(?:.|..){100}" + letter);
  const auto set = CandidateSet::make(regexes, Alphabet::ascii, re2::RE2::UNANCHORED);
  ASSERT_TRUE(set);
  std::mt19937 random(1);
  std::string text;
  while (text.size() < 5'000)
    text += "abcefgh"[random() % 7];
  EXPECT_EQ(set->candidates(text),
            set->overflows() == 0 ? (std::vector<int>{0, 1, 2}) : (std::vector<int>{0, 1, 2, 3}));
}

}  // namespace
}  // namespace breakwater
