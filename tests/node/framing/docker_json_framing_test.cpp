// SPDX-License-Identifier: Apache-2.0
#include "node/core/framing/docker_json_framing.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/node/framing/json_file.h"

namespace breakwater {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::json_pieces;
using testing::json_record;

constexpr const char* kT1 = "2026-01-31T09:22:55.1Z";
constexpr const char* kT2 = "2026-01-31T09:22:56Z";

struct Lines {
  LineSink sink() {
    return [this](const FramedLine& line) {
      texts.emplace_back(line.text);
      raws.emplace_back(line.raw);
      times.push_back(line.record_time.value_or(Timestamp{}));
      last = line.after;
    };
  }
  std::vector<std::string> texts;
  std::vector<std::string> raws;
  std::vector<Timestamp> times;
  StreamPosition last;
};

Lines lines_of(const std::string& bytes) {
  Lines got;
  DockerJsonFraming framing;
  framing.feed(bytes, got.sink());
  return got;
}

TEST(DockerJsonFraming, OneRecordOneLine) {
  const std::string record = json_record("GET /<x>\t\"1\"\r\n", kT1);
  const Lines got = lines_of(record);
  EXPECT_THAT(got.texts, ElementsAre("GET /<x>\t\"1\""));
  EXPECT_THAT(got.raws, ElementsAre(record.substr(0, record.size() - 1)));
  EXPECT_EQ(to_text(got.times.at(0)), "2026-01-31T09:22:55.100Z");
  EXPECT_EQ(got.last, (StreamPosition{record.size(), record.size()}));
}

TEST(DockerJsonFraming, AnEmptyLineIsALine) {
  EXPECT_THAT(lines_of(json_record("\n", kT1)).texts, ElementsAre(""));
}

TEST(DockerJsonFraming, JoinsPiecesAtTheBoundary) {
  for (const std::size_t size : {16383u, 16384u, 16385u, 32768u, 40000u}) {
    const std::string line = std::string(size - 1, 'x') + "y";
    std::string bytes;
    for (const auto& piece : json_pieces(line, kT1))
      bytes += piece;
    const Lines got = lines_of(bytes + json_record("next\n", kT1));
    ASSERT_EQ(got.texts.size(), 2u) << size;
    EXPECT_EQ(got.texts[0], line) << size;
    EXPECT_EQ(got.texts[1], "next");
    EXPECT_TRUE(got.raws[0].starts_with("{\"log\":\"x")) << "the piece at whose beginning a raw filter is anchored";
  }
}

TEST(DockerJsonFraming, StreamsDoNotMix) {
  const auto out = json_pieces(std::string(20000, 'o'), kT1, "stdout");
  const auto err = json_pieces(std::string(20000, 'e'), kT1, "stderr");
  const Lines got = lines_of(out[0] + err[0] + out[1] + err[1]);
  EXPECT_THAT(got.texts, ElementsAre(std::string(20000, 'o'), std::string(20000, 'e')));
}

TEST(DockerJsonFraming, AnotherTimeIsAnotherLine) {
  // The container ended with a prompt and was started again.
  const Lines got = lines_of(json_record("password: ", kT1) + json_record("started\n", kT2));
  EXPECT_THAT(got.texts, ElementsAre("password: ", "started"));
}

TEST(DockerJsonFraming, FlushEndsWhatWaits) {
  DockerJsonFraming framing;
  Lines got;
  framing.feed(json_record("err: ", kT1, "stderr") + json_record("password: ", kT1), got.sink());
  EXPECT_THAT(got.texts, IsEmpty());
  framing.flush(got.sink());
  EXPECT_THAT(got.texts, ElementsAre("password: ", "err: "));
  framing.feed(json_record("started\n", kT2), got.sink());
  EXPECT_THAT(got.texts, ElementsAre("password: ", "err: ", "started"));
}

TEST(DockerJsonFraming, PiecesGoOnInTheNextFile) {
  const auto pieces = json_pieces(std::string(20000, 'o'), kT1);
  DockerJsonFraming framing;
  Lines got;
  framing.feed(pieces[0], got.sink());
  framing.end_of_file(got.sink());
  EXPECT_THAT(got.texts, IsEmpty());
  framing.feed(pieces[1], got.sink());
  EXPECT_THAT(got.texts, ElementsAre(std::string(20000, 'o')));
}

TEST(DockerJsonFraming, JoinedLinesHaveABound) {
  DockerJsonFraming framing;
  Lines got;
  for (const auto& piece : json_pieces(std::string(300'000, 'x'), kT1))
    framing.feed(piece, got.sink());
  framing.feed(json_record("next\n", kT2), got.sink());
  EXPECT_THAT(got.texts, ElementsAre(std::string(65536, 'x'), "next"));
  EXPECT_EQ(framing.counters().lines_cut, 1u);
}

TEST(DockerJsonFraming, TheLongestLineIsNotCut) {
  DockerJsonFraming framing;
  Lines got;
  for (const auto& piece : json_pieces(std::string(65535, 'x') + "\r", kT1))
    framing.feed(piece, got.sink());
  for (const auto& piece : json_pieces(std::string(65536, 'y') + "\r", kT1))
    framing.feed(piece, got.sink());
  EXPECT_THAT(got.texts, ElementsAre(std::string(65535, 'x'), std::string(65536, 'y')));
  EXPECT_EQ(framing.counters().lines_cut, 0u);
}

TEST(DockerJsonFraming, ACharacterCutInTwoIsTwoReplacements) {
  const std::string half(16383, 'x');
  const std::string bytes = "{\"log\":\"" + half + "\\ufffd\",\"stream\":\"stdout\",\"time\":\"" + kT1 + "\"}\n" +
                            "{\"log\":\"\\ufffd from 203.0.113.7\\n\",\"stream\":\"stdout\",\"time\":\"" + kT1 +
                            "\"}\n";
  EXPECT_THAT(lines_of(bytes).texts, ElementsAre(half + "\xef\xbf\xbd\xef\xbf\xbd from 203.0.113.7"));
}

TEST(DockerJsonFraming, FindsTheRecordBehindTheRemainsOfAnother) {
  const std::string whole = json_record("real\n", kT1);
  const std::string torn = json_record("torn by a crash\n", kT1, "stdout", R"({"log":"x"})");
  for (std::size_t length = 1; length + 1 < torn.size(); ++length) {
    DockerJsonFraming framing;
    Lines got;
    framing.feed(torn.substr(0, length) + whole, got.sink());
    EXPECT_THAT(got.texts, ElementsAre("real")) << length;
    EXPECT_EQ(framing.counters().resyncs, 1u) << length;
  }
}

TEST(DockerJsonFraming, HostileRemainsCostBoundedTime) {
  std::string bytes;
  while (bytes.size() < 1'000'000)
    bytes += R"({"log":"","attrs":)";
  DockerJsonFraming framing;
  Lines got;
  framing.feed(bytes + "\n" + json_record("real\n", kT1), got.sink());
  EXPECT_THAT(got.texts, ElementsAre("real"));
  EXPECT_EQ(framing.counters().parse_errors, 1u);
}

TEST(DockerJsonFraming, GarbageIsCountedAndSkipped) {
  DockerJsonFraming framing;
  Lines got;
  framing.feed("not json\n\n" + std::string(2'000'000, 'z') + "\n" + json_record("real\n", kT1), got.sink());
  EXPECT_THAT(got.texts, ElementsAre("real"));
  EXPECT_EQ(framing.counters().parse_errors, 1u);
  EXPECT_EQ(framing.counters().records_too_long, 1u);
}

TEST(DockerJsonFraming, NulsOfASparseFileAreSkipped) {
  DockerJsonFraming framing;
  Lines got;
  framing.feed(std::string(100'000, '\0') + json_record("real\n", kT1), got.sink());
  EXPECT_THAT(got.texts, ElementsAre("real"));
  EXPECT_EQ(framing.counters().parse_errors, 0u);
}

TEST(DockerJsonFraming, APendingLineHoldsBackWhereReadingStartsAgain) {
  const auto out = json_pieces(std::string(20000, 'o'), kT1, "stdout");
  const std::string err = json_record("fault\n", kT2, "stderr");
  Lines got;
  DockerJsonFraming framing;
  framing.feed(out[0] + err, got.sink());
  ASSERT_THAT(got.texts, ElementsAre("fault"));
  EXPECT_EQ(got.last, (StreamPosition{0, out[0].size() + err.size()}));

  Lines again;
  DockerJsonFraming restarted({.at = got.last});
  restarted.feed(out[0] + err + out[1], again.sink());
  EXPECT_THAT(again.texts, ElementsAre(std::string(20000, 'o')));
}

}  // namespace
}  // namespace breakwater
