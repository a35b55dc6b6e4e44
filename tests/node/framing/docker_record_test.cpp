// SPDX-License-Identifier: Apache-2.0
#include "node/core/framing/docker_record.h"

#include <gtest/gtest.h>

#include "tests/node/framing/json_file.h"

namespace breakwater {
namespace {

std::string decoded(std::string_view encoded, std::size_t limit = 1000) {
  std::string out;
  decode_json_string(encoded, out, limit);
  return out;
}

TEST(DockerRecord, FindsTheFields) {
  const auto record = parse_docker_record(
      R"({"log":"a\n","stream":"stderr","attrs":{"tag":"x}\"","n":"{"},"time":"2026-01-31T09:22:55.94801326Z"})");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->log, R"(a\n)");
  EXPECT_EQ(record->stream, "stderr");
  EXPECT_EQ(record->time, "2026-01-31T09:22:55.94801326Z");
  EXPECT_TRUE(record->ends_line);
}

TEST(DockerRecord, KeysInAnyOrderAndUnknownOnes) {
  const auto record = parse_docker_record(R"({"time":"t","x":[1,{"a":null}],"log":"a","stream":"stdout","y":-1.5e3})");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->log, "a");
  EXPECT_FALSE(record->ends_line);
}

TEST(DockerRecord, AnEscapedBackslashBeforeNIsNoNewline) {
  EXPECT_FALSE(parse_docker_record(R"({"log":"a\\n","stream":"stdout","time":"t"})")->ends_line);
  EXPECT_TRUE(parse_docker_record(R"({"log":"a\\\n","stream":"stdout","time":"t"})")->ends_line);
  EXPECT_TRUE(parse_docker_record(R"({"log":"\n","stream":"stdout","time":"t"})")->ends_line);
  EXPECT_FALSE(parse_docker_record(R"({"log":"n","stream":"stdout","time":"t"})")->ends_line);
}

TEST(DockerRecord, RefusesWhatIsNotOneWholeRecord) {
  for (const std::string_view bytes :
       {"", "{", "{}", "x", R"({"log":"a)", R"({"log":"a"})", R"({"log":"a","stream":"stdout","time":"t")",
        R"({"log":"a","stream":"stdout","time":"t"}x)", R"({"log":"a","time":"t",})", R"({"log":1,"time":"t"})",
        R"({"log":"a","attrs":{,"time":"t"})", R"({"log":"abc{"log":"b\n","stream":"stdout","time":"t"})"})
    EXPECT_FALSE(parse_docker_record(bytes)) << bytes;
}

TEST(DockerRecord, DeepNestingIsRefused) {
  std::string deep = R"({"log":"a","time":"t","x":)";
  for (int i = 0; i < 100'000; ++i)
    deep += "[";
  EXPECT_FALSE(parse_docker_record(deep));
}

TEST(DockerRecord, ContainerOutputCannotForgeARecord) {
  const std::string forged = R"(x","stream":"x","log":"Failed password for root from 203.0.113.7)"
                             "\n";
  const std::string bytes = testing::json_record(forged, "2026-01-31T09:22:55Z");
  const auto record = parse_docker_record(std::string_view(bytes).substr(0, bytes.size() - 1));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->stream, "stdout");
  EXPECT_EQ(decoded(record->log), forged);
  EXPECT_EQ(find_docker_record(bytes, 1), std::string_view::npos);
}

TEST(DecodeJsonString, DockersEscapes) {
  EXPECT_EQ(decoded(R"(\\ \" \n \r)"), "\\ \" \n \r");
  EXPECT_EQ(decoded(R"(\u0009\u001b\u0000)"), std::string("\t\x1b\0", 3));
  EXPECT_EQ(decoded(R"(\u003ca href=x\u003e \u0026)"), "<a href=x> &");
  EXPECT_EQ(decoded(R"(\u2028\u2029)"), "\xe2\x80\xa8\xe2\x80\xa9");
  EXPECT_EQ(decoded(R"(caf\ufffd)"), "caf\xef\xbf\xbd");
  EXPECT_EQ(decoded("caf\xc3\xa9 \x7f /"), "caf\xc3\xa9 \x7f /");
}

TEST(DecodeJsonString, WhatOtherWritersWrite) {
  EXPECT_EQ(decoded(R"(\t\b\f\/)"), "\t\b\f/");
  EXPECT_EQ(decoded(R"(\u00e9\u00E9)"), "\xc3\xa9\xc3\xa9");
  EXPECT_EQ(decoded(R"(\ud83d\ude00)"), "\xf0\x9f\x98\x80");
}

TEST(DecodeJsonString, BrokenEscapesBecomeTheReplacementCharacter) {
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(decoded(R"(\ud83dx)"), bad + "x");
  EXPECT_EQ(decoded(R"(\ud83d\u0041)"), bad + "A");
  EXPECT_EQ(decoded(R"(\ude00)"), bad);
  EXPECT_EQ(decoded(R"(\u12)"), bad + "12");
  EXPECT_EQ(decoded(R"(\q)"), bad + "q");
  EXPECT_EQ(decoded("\\"), bad);
}

TEST(DecodeJsonString, StopsAtTheLimit) {
  std::string out = "ab";
  EXPECT_FALSE(decode_json_string("cdef", out, 4));
  EXPECT_EQ(out, "abcd");
  EXPECT_TRUE(decode_json_string("", out, 4));
  std::string exact;
  EXPECT_TRUE(decode_json_string("abcd", exact, 4));
}

TEST(ParseRfc3339, AnyNumberOfFractionDigits) {
  const Timestamp second = *parse_rfc3339("2026-01-31T09:22:55Z");
  EXPECT_EQ(to_text(second), "2026-01-31T09:22:55.000Z");
  EXPECT_EQ(parse_rfc3339("2026-01-31T09:22:55.9Z"), second + Duration(900));
  EXPECT_EQ(parse_rfc3339("2026-01-31T09:22:55.948013269Z"), second + Duration(948));
  EXPECT_EQ(parse_rfc3339("2026-01-31T09:22:55.0009Z"), second);
  EXPECT_EQ(parse_rfc3339("2026-01-31T11:22:55+02:00"), second);
  EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00Z"), from_unix_seconds(1709164800));
}

TEST(ParseRfc3339, RefusesTheRest) {
  for (const std::string_view text :
       {"", "2026-01-31", "2026-13-31T09:22:55Z", "2026-02-30T09:22:55Z", "2026-01-31T24:00:00Z", "2026-01-31T09:22:55",
        "2026-01-31T09:22:55.Z", "2026-01-31T09:22:55.1234567890Z", "2026-01-31T09:22:55Zx", "2026-01-31T09:22:55+2:00",
        "x026-01-31T09:22:55Z"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

}  // namespace
}  // namespace breakwater
