// SPDX-License-Identifier: Apache-2.0
#include "common/base/result.h"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace breakwater {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return Error(std::to_string(n) + " is odd");
  return n / 2;
}

TEST(Result, HoldsAValueOrAnError) {
  ASSERT_TRUE(half(8));
  EXPECT_EQ(*half(8), 4);
  ASSERT_FALSE(half(7));
  EXPECT_EQ(half(7).error().message(), "7 is odd");
}

TEST(Result, CarriesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(7);
  ASSERT_TRUE(made);
  EXPECT_EQ(**made, 7);
  const std::unique_ptr<int> taken = *std::move(made);
  EXPECT_EQ(*taken, 7);
}

TEST(Result, PointsAtTheValue) {
  Result<std::vector<int>> list = std::vector<int>{1};
  list->push_back(2);
  EXPECT_EQ(list->size(), 2u);
  const auto& view = list;
  EXPECT_EQ(view->back(), 2);
}

TEST(Result, OfNothing) {
  Result<void> good;
  EXPECT_TRUE(good);
  Result<void> bad = Error("no");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message(), "no");
}

TEST(Error, SaysWhatWasBeingDone) {
  EXPECT_EQ(Error("no such file").within("reading node.conf").within("starting").message(),
            "starting: reading node.conf: no such file");
  EXPECT_EQ(system_error("opening /x", ENOENT).message(), "opening /x: No such file or directory");
  errno = EACCES;
  EXPECT_EQ(system_error("opening /x").message(), "opening /x: Permission denied");
}

TEST(ResultDeathTest, AskingForWhatIsNotThereEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH((void)half(7).value(), "has_value");
  EXPECT_DEATH((void)half(8).error(), "has_value");
  EXPECT_DEATH((void)Result<void>().error(), "ok_");
}

}  // namespace
}  // namespace breakwater
