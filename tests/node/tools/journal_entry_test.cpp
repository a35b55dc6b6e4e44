// SPDX-License-Identifier: Apache-2.0
#include "node/tools/journal_entry.h"

#include <gtest/gtest.h>

namespace breakwater {
namespace {

std::string line_of(std::string_view json) {
  const auto entry = parse_journal_entry(json);
  return entry ? entry->line : "no entry";
}

TEST(JournalEntry, LooksLikeSyslogWithoutADate) {
  const auto entry = parse_journal_entry(
      R"({"MESSAGE":"hello","_HOSTNAME":"web","SYSLOG_IDENTIFIER":"sshd","_PID":"12","__REALTIME_TIMESTAMP":"1124013600123456"})");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->line, "web sshd[12]: hello");
  EXPECT_EQ(entry->time, from_unix_ms(1124013600123));
}

TEST(JournalEntry, TakesTheNameOfTheProgramWhereItGaveNone) {
  EXPECT_EQ(line_of(R"({"MESSAGE":"m","_COMM":"login"})"), "login: m");
}

TEST(JournalEntry, PrefersWhatTheSenderSays) {
  const auto entry = parse_journal_entry(
      R"({"MESSAGE":"m","SYSLOG_IDENTIFIER":"a","SYSLOG_PID":"7","_PID":"8","__REALTIME_TIMESTAMP":"2000000","_SOURCE_REALTIME_TIMESTAMP":"1000000"})");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->line, "a[7]: m");
  EXPECT_EQ(entry->time, from_unix_seconds(1));
}

TEST(JournalEntry, TellsTheTimeSinceBootOfKernelLines) {
  EXPECT_EQ(line_of(R"({"MESSAGE":"m","SYSLOG_IDENTIFIER":"kernel","_SOURCE_MONOTONIC_TIMESTAMP":"12345678"})"),
            "kernel: [   12.345678] m");
}

TEST(JournalEntry, ReadsBytesAndRepeatedFields) {
  EXPECT_EQ(line_of(R"({"MESSAGE":[102,111,111,255]})"), "foo\xff");
  EXPECT_EQ(line_of(R"({"MESSAGE":["one","two"]})"), "one two");
}

TEST(JournalEntry, KeepsOneEntryOnOneLine) {
  EXPECT_EQ(line_of(R"({"MESSAGE":"a\nb from 192.0.2.1"})"), "a\\nb from 192.0.2.1");
}

TEST(JournalEntry, IsNoEntryIfItIsSomethingElse) {
  EXPECT_FALSE(parse_journal_entry(""));
  EXPECT_FALSE(parse_journal_entry("text"));
  EXPECT_FALSE(parse_journal_entry(R"({"log":"x","time":"y"})"));
  EXPECT_FALSE(parse_journal_entry(R"({"MESSAGE":"torn)"));
  EXPECT_FALSE(parse_journal_entry(std::string(1'000'000, '{')));
}

TEST(JournalEntry, SurvivesNestingWithoutEnd) {
  const std::string deep = R"({"MESSAGE":)" + std::string(400'000, '[') + std::string(400'000, ']') + "}";
  EXPECT_EQ(line_of(deep), "");
}

}  // namespace
}  // namespace breakwater
