// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/random.h"

#include <set>

#include <gtest/gtest.h>

namespace breakwater {
namespace {

TEST(Random, BytesDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i)
    seen.insert(random_bytes(16));
  EXPECT_EQ(100u, seen.size());
  EXPECT_EQ(1000u, random_bytes(1000).size());
  EXPECT_EQ("", random_bytes(0));
}

TEST(Random, StaysInTheRangeAndReachesItsEnds) {
  std::set<std::int64_t> seen;
  for (int i = 0; i < 1000; ++i)
    seen.insert(random_duration(Duration(5), Duration(8)).count());
  EXPECT_EQ((std::set<std::int64_t>{5, 6, 7, 8}), seen);
  EXPECT_EQ(0u, random_below(1));
}

}  // namespace
}  // namespace breakwater
