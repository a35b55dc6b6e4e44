// SPDX-License-Identifier: Apache-2.0
#include "node/core/framing/line_framing.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace breakwater {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Lines {
 public:
  LineSink sink() {
    return [this](const FramedLine& line) {
      texts.emplace_back(line.text);
      last = line.after;
    };
  }
  std::vector<std::string> texts;
  StreamPosition last;
};

TEST(LineFraming, WholeLinesOnly) {
  LineFraming framing;
  Lines got;
  framing.feed("one\ntwo\r\nthr", got.sink());
  EXPECT_THAT(got.texts, ElementsAre("one", "two"));
  EXPECT_EQ(framing.position(), (StreamPosition{9, 9}));
  framing.feed("ee\n\n", got.sink());
  EXPECT_THAT(got.texts, ElementsAre("one", "two", "three", ""));
}

TEST(LineFraming, TheLastLineOfAFinalFileNeedsNoNewline) {
  LineFraming framing;
  Lines got;
  framing.feed("one\nlast words", got.sink());
  framing.end_of_file(got.sink());
  EXPECT_THAT(got.texts, ElementsAre("one", "last words"));
  EXPECT_EQ(got.last, (StreamPosition{14, 14}));
  framing.feed("next file\n", got.sink());
  EXPECT_THAT(got.texts, ElementsAre("one", "last words", "next file"));
}

TEST(LineFraming, SkipsNulsInFrontOfALine) {
  LineFraming framing;
  Lines got;
  framing.feed(std::string(5000, '\0'), got.sink());
  framing.feed(std::string(3, '\0') + "one\na\0b\n", got.sink());
  EXPECT_EQ(got.texts.at(0), "one");
  EXPECT_EQ(framing.counters().nul_bytes, 5003u);
}

TEST(LineFraming, LongLinesAreCutHoweverTheyArrive) {
  const std::string line = std::string(300, 'a') + "\n";
  for (const std::size_t step : {1u, 7u, 64u, 1000u}) {
    LineFraming framing({}, {.line = 100, .record = 200});
    Lines got;
    const std::string bytes = line + "b\n" + std::string(150, 'c') + "\n";
    for (std::size_t at = 0; at < bytes.size(); at += step)
      framing.feed(std::string_view(bytes).substr(at, step), got.sink());
    EXPECT_THAT(got.texts, ElementsAre(std::string(100, 'a'), "b", std::string(100, 'c')));
    EXPECT_EQ(framing.counters().lines_cut, 2u);
    EXPECT_EQ(framing.counters().records_too_long, 1u);
  }
}

TEST(LineFraming, StartsInTheMiddle) {
  LineFraming framing({.at = {100, 100}, .in_mid_line = true});
  Lines got;
  framing.feed("rest of", got.sink());
  framing.feed(" a line\nnext\n", got.sink());
  EXPECT_THAT(got.texts, ElementsAre("next"));
  EXPECT_EQ(got.last, (StreamPosition{120, 120}));
}

TEST(LineFraming, AHoleIsSkipped) {
  LineFraming framing;
  Lines got;
  framing.feed("torn", got.sink());
  framing.skip_hole(1'000'000'000);
  framing.feed("new\n", got.sink());
  EXPECT_THAT(got.texts, ElementsAre("new"));
  EXPECT_EQ(got.last.resume, 1'000'000'008u);
}

TEST(LineFraming, WhatWasDeliveredIsNotRepeated) {
  LineFraming framing({.at = {0, 4}});
  Lines got;
  framing.feed("one\n", got.sink());
  EXPECT_THAT(got.texts, IsEmpty());
  framing.feed("two\n", got.sink());
  EXPECT_THAT(got.texts, ElementsAre("two"));
}

}  // namespace
}  // namespace breakwater
