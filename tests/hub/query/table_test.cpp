// SPDX-License-Identifier: Apache-2.0
#include "hub/query/table.h"

#include <gtest/gtest.h>

#include "hub/query/human.h"

namespace breakwater {
namespace {

TEST(Table, AlignsColumns) {
  Table table({{"NODE"}, {"LAG", Align::right}, {"SEEN"}});
  table.add({"host1", "7", "now"});
  table.add({"a-longer-name", "12345", "3s ago"});
  EXPECT_EQ(table.text(0),
            "NODE             LAG  SEEN\n"
            "host1              7  now\n"
            "a-longer-name  12345  3s ago\n");
}

TEST(Table, WideCharactersDoNotShiftWhatFollows) {
  Table table({{"CONTAINER"}, {"N"}});
  table.add({"日本", "1"});
  table.add({"größe", "2"});
  EXPECT_EQ(table.text(0),
            "CONTAINER  N\n"
            "日本       1\n"
            "größe      2\n");
}

TEST(Table, EmptyCellsAreSeenToBeEmpty) {
  Table table({{"A"}, {"B"}});
  table.add({"", "x"});
  EXPECT_EQ(table.text(0), "A  B\n-  x\n");
}

TEST(Table, ANarrowTerminalShortensTheWidestThatMayBe) {
  Table table({{"WHO"}, {"IMAGE", Align::left, 6}, {"SAMPLE", Align::left, 8}});
  table.add({"2001:db8:1:2:3:4:5:6", "registry.example/web:1", "Failed password for root"});
  const std::string text = table.text(60);
  EXPECT_EQ(text,
            "WHO                   IMAGE               SAMPLE\n"
            "2001:db8:1:2:3:4:5:6  registry.exampl...  Failed password...\n");
  EXPECT_EQ(table.text(200).find("..."), std::string::npos);
  EXPECT_EQ(table.text(0).find("..."), std::string::npos);
}

TEST(Table, WhatMustNotBeCutIsNot) {
  Table table({{"WHO"}, {"SAMPLE", Align::left, 8}});
  table.add({"2001:db8:1:2:3:4:5:6", "Failed password for root"});
  EXPECT_EQ(table.text(10), "WHO                   SAMPLE\n2001:db8:1:2:3:4:5:6  Faile...\n");
}

}  // namespace
}  // namespace breakwater
