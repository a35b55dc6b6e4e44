// SPDX-License-Identifier: Apache-2.0
#include "node/tools/log_lines.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace breakwater {
namespace {

using testing::ElementsAre;

// "number: text", or "number! problem".
std::vector<std::string> lines_of(LogFormat format, const std::string& log, std::size_t block = 1 << 20) {
  std::vector<std::string> out;
  const auto sink = [&](const ToolLine& line) {
    const bool good = line.problem.empty();
    out.push_back(std::to_string(line.number) + (good ? ": " : "! ") + std::string(good ? line.text : line.problem));
  };
  LogLines lines(format);
  for (std::size_t at = 0; at < log.size(); at += block)
    lines.feed(std::string_view(log).substr(at, block), sink);
  lines.end(sink);
  return out;
}

std::string record(const std::string& text, const std::string& time = "00", const std::string& stream = "stdout") {
  return R"({"log":")" + text + R"(","stream":")" + stream + R"(","time":"2026-01-02T03:04:)" + time + "Z\"}\n";
}

TEST(LogLines, NumbersEveryLineOfAFile) {
  EXPECT_THAT(lines_of(LogFormat::file, "one\n\nthree\r\nfour"), ElementsAre("1: one", "2: ", "3: three", "4: four"));
  EXPECT_THAT(lines_of(LogFormat::file, ""), ElementsAre());
  EXPECT_THAT(lines_of(LogFormat::file, "\n"), ElementsAre("1: "));
}

TEST(LogLines, DoesNotCareWhereBlocksEnd) {
  const std::string log = "one\n\nthree\r\nfour";
  for (std::size_t block = 1; block < 8; ++block) {
    EXPECT_EQ(lines_of(LogFormat::file, log, block), lines_of(LogFormat::file, log)) << block;
  }
  const std::string docker = record("a") + "junk\n" + record("b\\n") + "\n" + record("c\\n");
  for (std::size_t block = 1; block < 100; block += 7) {
    EXPECT_EQ(lines_of(LogFormat::docker, docker, block), lines_of(LogFormat::docker, docker)) << block;
  }
}

TEST(LogLines, SaysWhatIsNoRecordOfDocker) {
  EXPECT_THAT(
      lines_of(LogFormat::docker, record("a\\n") + "junk\n\n" + record("b\\n") + "torn"),
      ElementsAre("1: a", "2! not a record of docker's json-file log", "3! not a record of docker's json-file log",
                  "4: b", "5! not a record of docker's json-file log"));
}

TEST(LogLines, JoinsPiecesUnderTheNumberOfTheLast) {
  EXPECT_THAT(lines_of(LogFormat::docker, record("a") + record("b\\n") + record("c\\n", "01")),
              ElementsAre("2: ab", "3: c"));
}

TEST(LogLines, KnowsWhereALineStoodThatEndedLater) {
  // The first line never gets its end; the other stream goes on meanwhile.
  EXPECT_THAT(lines_of(LogFormat::docker, record("torn") + record("e\\n", "00", "stderr") + record("next\\n", "01")),
              ElementsAre("2: e", "1: torn", "3: next"));
  EXPECT_THAT(lines_of(LogFormat::docker, record("e\\n", "00", "stderr") + record("torn")),
              ElementsAre("1: e", "2: torn"));
}

TEST(LogLines, ReadsTheJournal) {
  EXPECT_THAT(lines_of(LogFormat::journal_json, "{\"MESSAGE\":\"a\"}\nnonsense\n{\"MESSAGE\":\"b\"}"),
              ElementsAre("1: a", "2! not an entry of journalctl -o json", "3: b"));
}

TEST(LogLines, NumbersTheJournalToo) {
  EXPECT_THAT(lines_of(LogFormat::journal_json, "{\"MESSAGE\":\"a\"}\n{\"MESSAGE\":\"b\"}\n", 3),
              ElementsAre("1: a", "2: b"));
}

TEST(LogLines, BoundsALineWithoutEnd) {
  const std::string endless(3 * 1024 * 1024, 'x');
  const auto file = lines_of(LogFormat::file, endless + "\nlast\n", 1000);
  ASSERT_EQ(file.size(), 2u);
  EXPECT_EQ(file[0].size(), 3 + 64 * 1024u);
  EXPECT_EQ(file[1], "2: last");
  EXPECT_THAT(lines_of(LogFormat::docker, endless + "\n" + record("a\\n")),
              ElementsAre("1! longer than 1 MiB: not read", "2: a"));
  EXPECT_THAT(lines_of(LogFormat::journal_json, "{" + endless + "\n{\"MESSAGE\":\"a\"}\n"),
              ElementsAre("1! longer than 1 MiB: not read", "2: a"));
}

TEST(LogLines, IsToldTheFormatByTheFirstLines) {
  EXPECT_EQ(detect_format(""), LogFormat::file);
  EXPECT_EQ(detect_format("Nov  2 03:04:05 host x"), LogFormat::file);
  EXPECT_EQ(detect_format(record("a\\n")), LogFormat::docker);
  EXPECT_EQ(detect_format("\ntorn\"}\n" + record("a\\n") + record("b\\n")), LogFormat::docker);
  EXPECT_EQ(detect_format("{\"MESSAGE\":\"a\",\"__REALTIME_TIMESTAMP\":\"1\"}\n"), LogFormat::journal_json);
  // An application's own JSON is text.
  EXPECT_EQ(detect_format("{\"MESSAGE\":\"a\"}\n{\"level\":\"info\"}\n"), LogFormat::file);
}

}  // namespace
}  // namespace breakwater
