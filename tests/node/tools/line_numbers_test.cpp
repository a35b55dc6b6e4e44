// SPDX-License-Identifier: Apache-2.0
#include "node/tools/line_numbers.h"

#include <gtest/gtest.h>

namespace breakwater {
namespace {

TEST(LineNumbers, CountsWhenAsked) {
  LineNumbers numbers;
  numbers.begin_block("a\nbb\n\nc");
  EXPECT_EQ(numbers.number(2), 1u);
  EXPECT_EQ(numbers.number(6), 3u);
  EXPECT_EQ(numbers.number(5), 2u);  // back again
  numbers.end_block();
  EXPECT_EQ(numbers.total(), 4u);
  numbers.begin_block("cc\nd\n");
  EXPECT_EQ(numbers.number(10), 4u);
  EXPECT_EQ(numbers.number(12), 5u);
  numbers.end_block();
  EXPECT_EQ(numbers.total(), 5u);
}

TEST(LineNumbers, KnowsTheLastLineWithoutAnEnd) {
  LineNumbers numbers;
  numbers.begin_block("a\nb");
  numbers.end_block();
  EXPECT_EQ(numbers.number(3), 2u);
  EXPECT_EQ(numbers.total(), 2u);
}

TEST(LineNumbers, ALineOfAnEarlierBlockHasTheLastNumberThere) {
  LineNumbers numbers;
  numbers.begin_block("a\nb\n");
  numbers.end_block();
  numbers.begin_block("c\n");
  EXPECT_EQ(numbers.number(6), 3u);
  EXPECT_EQ(numbers.number(4), 2u);
  EXPECT_EQ(numbers.number(6), 3u);
}

TEST(LineNumbers, AnEmptyLogHasNoLines) {
  LineNumbers numbers;
  numbers.begin_block("");
  numbers.end_block();
  EXPECT_EQ(numbers.total(), 0u);
}

}  // namespace
}  // namespace breakwater
