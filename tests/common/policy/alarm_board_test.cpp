// SPDX-License-Identifier: Apache-2.0
#include "common/policy/alarm_board.h"

#include <gtest/gtest.h>

namespace breakwater {
namespace {

using namespace std::chrono_literals;

Timestamp at(Duration d) {
  return from_unix_seconds(1'767'225'600) + d;
}

std::vector<std::string> texts(const AlarmBoard& board) {
  std::vector<std::string> all;
  for (const auto& alarm : board.all())
    all.push_back(alarm.text);
  return all;
}

TEST(AlarmBoard, ARepeatedAlarmIsNotNewAndComesFirst) {
  AlarmBoard board(3);
  EXPECT_TRUE(board.raise("disk", at(0s)));
  EXPECT_TRUE(board.raise("clock", at(1s)));
  EXPECT_FALSE(board.raise("disk", at(2s)));
  EXPECT_EQ(texts(board), (std::vector<std::string>{"disk", "clock"}));
  EXPECT_EQ(board.all()[0].count, 2u);
  EXPECT_EQ(board.all()[0].first, at(0s));
  EXPECT_EQ(board.all()[0].last, at(2s));
}

TEST(AlarmBoard, TheSameOfAnotherNodeIsAnother) {
  AlarmBoard board(3);
  EXPECT_TRUE(board.raise("disk", at(0s), "host1"));
  EXPECT_TRUE(board.raise("disk", at(0s), "host2"));
}

TEST(AlarmBoard, TheOneLongestSilentMakesRoom) {
  AlarmBoard board(2);
  board.raise("disk", at(0s));
  board.raise("clock", at(1s));
  board.raise("disk", at(2s));
  board.raise("memory", at(3s));
  EXPECT_EQ(texts(board), (std::vector<std::string>{"memory", "disk"}));
}

TEST(AlarmBoard, SilentOnesGoAfterTenMinutesAndAreNewAgain) {
  AlarmBoard board(2);
  board.raise("disk", at(0s));
  board.drop_old(at(10min));
  EXPECT_EQ(board.all().size(), 1u);
  board.drop_old(at(10min + 1ms));
  EXPECT_TRUE(board.all().empty());
  EXPECT_TRUE(board.raise("disk", at(11min)));
}

}  // namespace
}  // namespace breakwater
