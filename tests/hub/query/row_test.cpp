// SPDX-License-Identifier: Apache-2.0
#include "hub/query/row.h"

#include <gtest/gtest.h>

namespace breakwater {
namespace {

TEST(Row, ReadsFields) {
  const auto row = Row::parse(R"({"who":"203.0.113.7","n":3,"on":true,"at":1769851375123,"list":["a","b",7],
    "rows":[{"x":1},{"x":2},"no"],"map":{"lines":5,"bad":-1,"no":"x"}})");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->text("who"), "203.0.113.7");
  EXPECT_EQ(row->number("n"), 3u);
  EXPECT_TRUE(row->flag("on"));
  EXPECT_EQ(row->time("at"), from_unix_ms(1'769'851'375'123));
  EXPECT_EQ(row->texts("list"), (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(row->rows("rows").size(), 2u);
  EXPECT_EQ(row->rows("rows")[1].number("x"), 2u);
  EXPECT_EQ(row->numbers("map"), (std::vector<std::pair<std::string, std::uint64_t>>{{"lines", 5}, {"bad", 0}}));
  EXPECT_EQ(row->object("map")->number("lines"), 5u);
}

TEST(Row, WhatIsMissingOrOfAnotherTypeIsEmpty) {
  const auto row = Row::parse(R"({"who":7,"n":"3","on":1,"at":"x","list":{},"rows":7,"map":[]})");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->text("who"), "");
  EXPECT_EQ(row->number("n"), 0u);
  EXPECT_EQ(row->number_if("none"), std::nullopt);
  EXPECT_FALSE(row->flag("on"));
  EXPECT_EQ(row->time("at"), std::nullopt);
  EXPECT_EQ(row->time("none"), std::nullopt);
  EXPECT_TRUE(row->texts("list").empty());
  EXPECT_TRUE(row->rows("rows").empty());
  EXPECT_TRUE(row->numbers("map").empty());
  EXPECT_FALSE(row->object("map"));
  EXPECT_FALSE(row->has("none"));
}

TEST(Row, TimesWithoutEndAndBeyondReason) {
  const auto row = Row::parse(R"({"null":null,"minus":-1,"past":-99999999999999999,"future":9223372036854775807,
                                  "huge":18446744073709551615,"half":1.5})");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->time("null"), kForever);
  EXPECT_EQ(row->time("minus"), kForever);
  EXPECT_EQ(row->time("past"), from_unix_ms(0));
  EXPECT_EQ(row->time("future"), kForever);
  EXPECT_EQ(row->time("huge"), kForever);
  EXPECT_EQ(row->time("half"), std::nullopt);
}

TEST(Row, RefusesWhatIsNoObject) {
  for (const char* text : {"", "7", "[]", "null", "{", "{}x", "{\"a\":}", "{\"a\":\"\xff\"}"}) {
    EXPECT_FALSE(Row::parse(text)) << text;
  }
  EXPECT_FALSE(Row::parse("{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}"));
  EXPECT_TRUE(Row::parse("{\"a\":\"" + std::string(1000, '[') + "\\\"{\"}"));  // brackets in text nest nothing
}

TEST(Row, JsonIsOneSafeLineInTheHubsOrder) {
  const auto row = Row::parse("{ \"z\" : 1,\n \"a\" : \"é\\u001b[2J\\u009b\\u202e\x7f\" }");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->json(), R"({"z":1,"a":"\u00e9\u001b[2J\u009b\u202e\u007f"})");
}

}  // namespace
}  // namespace breakwater
