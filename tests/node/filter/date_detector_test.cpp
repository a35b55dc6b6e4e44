// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/date_detector.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace breakwater {
namespace {

// Pieces of lines: dates of several kinds, what nearly is one, and long fillers.
std::string random_line(std::mt19937& random) {
  static const std::vector<std::string> kPieces = {"2026-11-02T03:04:05.123+02:00",
                                                   "Nov  2 03:04:05",
                                                   "Mon Nov 02 03:04:05.123456 2026",
                                                   "[02/Nov/2026:03:04:05 +0000]",
                                                   "02-11-26 03:04:05",
                                                   "1793588645.123",
                                                   "@4000000052da0e2e12345678",
                                                   "x2026-11-02 03:04:05y",
                                                   "03:04:05",
                                                   "2026-11-02",
                                                   " ",
                                                   "a",
                                                   "-",
                                                   "[",
                                                   "]",
                                                   "\"",
                                                   "203.0.113.7 - - ",
                                                   "2001:db8:0:0:0:0:0:1 - - ",
                                                   "caf\xc3\xa9 ",
                                                   "/index.html?a=b ",
                                                   std::string(70, 'x'),
                                                   std::string(150, ' '),
                                                   std::string(120, '7')};
  std::string line;
  for (int pieces = static_cast<int>(random() % 9) + 1; pieces > 0; --pieces)
    line += kPieces[random() % kPieces.size()];
  return line;
}

TEST(DateDetector, LooksAtTheHeadOfALineOnlyWhereThatIsEnough) {
  const auto quick = DateDetector::make({}).value();
  const std::vector<RegexText> written = {{"{DEFAULT}", {"filter.d/test.conf", 1}}};
  const auto thorough = DateDetector::make(written).value();
  ASSERT_EQ(quick->patterns(), thorough->patterns());
  std::mt19937 random(7);
  int found = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::string line = random_line(random);
    const SubjectText text{line, is_ascii(line)};
    const auto one = quick->find(text);
    const auto other = thorough->find(text);
    ASSERT_EQ(one.has_value(), other.has_value()) << line;
    if (!one) continue;
    ++found;
    EXPECT_EQ(one->begin, other->begin) << line;
    EXPECT_EQ(one->end, other->end) << line;
    EXPECT_EQ(one->pattern, other->pattern) << line;
  }
  EXPECT_GT(found, 2000);
}

}  // namespace
}  // namespace breakwater
