// SPDX-License-Identifier: Apache-2.0
#include "hub/core/watch_list.h"

#include <map>

#include <gtest/gtest.h>

namespace breakwater {
namespace {

using namespace std::chrono_literals;

constexpr Tick kStart{std::chrono::hours(1)};

WatchRow row(const std::string& json, const std::string& jail = "sshd", const std::string& node = "host1") {
  return {json, jail, node, Prefix::parse("203.0.113.7").value(), true};
}

TEST(WatchList, AnswersAtOnceThenAsThingsHappen) {
  WatchList list(2, 10);
  ASSERT_TRUE(list.add("p", 4, {}, kStart));
  auto replies = list.take(kStart);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].second.qid, 4u);
  EXPECT_TRUE(replies[0].second.rows.empty());
  EXPECT_TRUE(list.take(kStart + 1s).empty());
  list.push(row("1"));
  EXPECT_TRUE(list.waiting());
  replies = list.take(kStart + 1s);
  EXPECT_EQ(replies.at(0).second.rows, (std::vector<std::string>{"1"}));
  EXPECT_TRUE(list.take(kStart + 15s).empty());
  EXPECT_EQ(list.take(kStart + 17s).size(), 1u) << "a sign of life";
}

TEST(WatchList, ASlowWatcherLosesRowsAndIsToldHowMany) {
  WatchList list(2, 3);
  list.add("p", 1, {}, kStart);
  list.take(kStart);
  for (int i = 0; i < 10; ++i)
    list.push(row(std::to_string(i)));
  const auto rows = list.take(kStart).at(0).second.rows;
  EXPECT_EQ(rows, (std::vector<std::string>{"0", "1", "2", R"({"type":"dropped","count":7})"}));
  EXPECT_EQ(list.dropped(), 7u);
}

TEST(WatchList, WhatDidNotFitIsCountedAndNotRepeated) {
  WatchList list(2, 10);
  list.add("p", 1, {}, kStart);
  list.take(kStart);
  list.push(row("1"));
  const auto replies = list.take(kStart);
  list.lost("p", replies.at(0).second, kStart);
  EXPECT_TRUE(list.take(kStart + 100ms).empty()) << "its pipe gets a moment";
  EXPECT_EQ(list.take(kStart + 200ms).at(0).second.rows.at(0), R"({"type":"dropped","count":1})");
}

TEST(WatchList, Filters) {
  WatchList list(3, 10);
  list.add("p", 1, {.jail = "web", .node = "", .who = {}}, kStart);
  list.add("p", 2, {.jail = "", .node = "host2", .who = {}}, kStart);
  list.add("p", 3, {.jail = "", .node = "", .who = Prefix::parse("203.0.113.0/24").value()}, kStart);
  EXPECT_FALSE(list.add("q", 1, {}, kStart)) << "too many";
  list.take(kStart);
  list.push(row("a"));
  list.push(row("b", "web"));
  list.push({"c", "", "host2", std::nullopt, false});
  std::map<std::uint32_t, std::vector<std::string>> got;
  for (const auto& [peer, reply] : list.take(kStart))
    got[reply.qid] = reply.rows;
  EXPECT_EQ(got[1], (std::vector<std::string>{"b", "c"})) << "what has no jail concerns all";
  EXPECT_EQ(got[2], (std::vector<std::string>{"c"}));
  EXPECT_EQ(got[3], (std::vector<std::string>{"a", "b", "c"}));
  list.remove("p");
  EXPECT_TRUE(list.empty());
}

}  // namespace
}  // namespace breakwater
