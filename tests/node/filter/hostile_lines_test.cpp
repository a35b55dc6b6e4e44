// SPDX-License-Identifier: Apache-2.0
// Lines that a stranger made to hide, to frame somebody else, or to keep us busy.
#include <chrono>

#include <gtest/gtest.h>

#include "node/core/filter/subject_text.h"
#include "tests/node/filter/filter_fixture.h"

namespace breakwater {
namespace {

using namespace testing_filters;

constexpr char kSshd[] =
    R"(^\s*(?:\S+ )?sshd\[\d+\]: Failed \S+ for (?:invalid user )?<F-USER>.*</F-USER> from <HOST>(?: port \d+)?(?: ssh\d*)?$)";

std::string sshd_line(const std::string& user, const std::string& end = "") {
  return "Nov  2 03:04:05 host sshd[7]: Failed password for invalid user " + user + " from 203.0.113.7 port 22 ssh2" +
         end;
}

TEST(HostileLines, BytesThatAreNoTextHideNothing) {
  const auto filter = compiled(kSshd);
  const std::string odd[] = {std::string("a\0b", 3), "\xff\xfe",     "\xc3",        "\xe2\x82",
                             "\xf0\x9f\x92\xa9",     "\xed\xa0\x80", "caf\xc3\xa9", "\x1b[2J",
                             "\xe2\x80\xa8",         "\x85",         "\x0b\x0c"};
  for (const std::string& user : odd)
    EXPECT_EQ(judged(*filter, sshd_line(user)), "203.0.113.7") << user;
}

TEST(HostileLines, FieldsAreValidUtf8) {
  const auto filter = compiled(kSshd);
  EXPECT_EQ(match(*filter, sshd_line("a\xff\xe2\x82z")).fields.at("user"), "a\xef\xbf\xbd\xef\xbf\xbdz");
  EXPECT_EQ(match(*filter, sshd_line("caf\xc3\xa9")).fields.at("user"), "caf\xc3\xa9");
}

TEST(HostileLines, EndsOfLineAreNoPartOfIt) {
  const auto filter = compiled(kSshd);
  for (const std::string end : {"", "\r", "\n", "\r\n", "\r\r\n"}) {
    EXPECT_EQ(judged(*filter, sshd_line("bob", end)), "203.0.113.7");
  }
}

TEST(HostileLines, AUserNameCannotFrameAnybody) {
  const auto filter = compiled(kSshd);
  for (const std::string user :
       {"x from 198.51.100.1", "x from 198.51.100.1 port 22 ssh2", "Failed password for x from 198.51.100.1",
        "2026-01-01 00:00:00 x from 198.51.100.1 port 1 ssh2"}) {
    EXPECT_EQ(judged(*filter, sshd_line(user)), "203.0.113.7") << user;
  }
}

TEST(HostileLines, ADateInARequestDoesNotReplaceTheLinesOwn) {
  const auto filter = compiled(R"(^<HOST> \S+ \S+ \[\] "GET /admin)");
  const FilterMatch found =
      match(*filter, R"(203.0.113.7 - - [02/Nov/2026:03:04:05 +0000] "GET /admin?2026-01-01T00:00:00 HTTP/1.1" 404 7)");
  EXPECT_EQ(found.who.text(), "203.0.113.7");
  EXPECT_EQ(to_text(found.at), "2026-11-02T03:04:05.000Z");
}

TEST(HostileLines, AnEmptyLineIsNoMatch) {
  EXPECT_EQ(judged(kSshd, ""), "-");
  EXPECT_EQ(judged(kSshd, "\n"), "-");
}

// Python's classes know Unicode, and so do ours on lines that have it.
TEST(HostileLines, ClassesMeanWhatPythonsDo) {
  const std::string nbsp = "\xc2\xa0";
  EXPECT_EQ(judged(R"(^user=\w+ <HOST>)", "user=J\xc3\xb6rg 203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(judged(R"(^user=\W+ <HOST>)", "user=\xe2\x80\x9c 203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(judged(R"(^user=\S+ <HOST>)", "user=a" + nbsp + "b 203.0.113.7"), "-");
  EXPECT_EQ(judged(R"(^user=a\sb <HOST>)", "user=a" + nbsp + "b 203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(judged(R"(^user=a\sb <HOST>)",
                   "user=a\x0b"
                   "b 203.0.113.7"),
            "203.0.113.7");
  EXPECT_EQ(judged(R"(^user=.b <HOST>)",
                   "user=\xc3\xa9"
                   "b 203.0.113.7"),
            "203.0.113.7");
  EXPECT_EQ(judged(R"(^user=[^"]{2} <HOST>)", "user=\xc3\xa9\xff 203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(judged(R"((?i)^user=É <HOST>)", "user=\xc3\xa9 203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(judged(R"(^user=[é-ü]x <HOST>)", "user=\xc3\xb6x 203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(judged(R"(^user=é <HOST>)", "user=e 203.0.113.7"), "-");
}

TEST(HostileLines, DigitsOfOtherScriptsAreNoAddress) {
  EXPECT_EQ(judged("from <HOST>", "from \xd9\xa1.1.1.1 from 203.0.113.7"), "203.0.113.7");
}

double seconds_for(LineFilter& filter, const std::string& line) {
  const auto begin = std::chrono::steady_clock::now();
  (void)match(filter, line);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// A backtracking engine needs seconds for the short ones. Here ten times the line is about ten times the work; the
// bound leaves room for a busy machine and sanitizers, and is far below what anything but linear would need.
TEST(HostileLines, TimeIsLinearInTheLine) {
  const std::vector<std::string> regexes = {R"(^(?:(?:\w+ )+)*auth failed <HOST>$)",
                                            R"(^(?:[^ ]+ ?)+: <HOST>$)",
                                            R"((?:a|aa)+b <HOST>)",
                                            R"(.*.*.*=.*<HOST>$)",
                                            R"(^\s*(?:\S+\s+)*x <HOST>)",
                                            kSshd};
  const std::vector<std::string> units = {"A ",
                                          "a",
                                          "= ",
                                          "1.1.1.",
                                          "::",
                                          "Failed password for from ",
                                          "\xc3\xa9",
                                          "\xff",
                                          "1/Jan/2026:1:1:1 ",
                                          "2026-01-01 ",
                                          "x2026-01-01 01:01:01"};
  for (const std::string& regex : regexes) {
    const auto filter = compiled(regex);
    for (const std::string& unit : units) {
      std::string line;
      while (line.size() < 40'000)
        line += unit;
      EXPECT_LT(seconds_for(*filter, line), 2.0) << regex << " on " << unit;
    }
  }
}

TEST(HostileLines, AMebibyteIsAnswered) {
  const auto filter = compiled(kSshd);
  EXPECT_EQ(judged(*filter, sshd_line(std::string(1 << 20, 'a'))), "203.0.113.7");
  EXPECT_EQ(judged(*filter, sshd_line(std::string(1 << 20, '\xff'))), "203.0.113.7");
  EXPECT_EQ(judged(*filter, sshd_line(std::string(1 << 20, '\0'))), "203.0.113.7");
  EXPECT_EQ(judged(*filter, std::string(1 << 20, '[')), "-");
}

TEST(SubjectText, ReplacesAsPythonDoes) {
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(replace_ill_formed("a\xff"
                               "b"),
            "a" + bad + "b");
  EXPECT_EQ(replace_ill_formed("\xe2\x82"
                               "b"),
            bad + "b");                                            // a beginning counts once
  EXPECT_EQ(replace_ill_formed("\xed\xa0\x80"), bad + bad + bad);  // a surrogate is three bad bytes
  EXPECT_EQ(replace_ill_formed("\xc0\xaf"), bad + bad);            // overlong
  EXPECT_EQ(replace_ill_formed("\xf0\x9f\x92"), bad);
  EXPECT_EQ(replace_ill_formed("\xf4\x90\x80\x80"), bad + bad + bad + bad);
  EXPECT_EQ(replace_ill_formed("\xf0\x9f\x92\xa9"), "\xf0\x9f\x92\xa9");
}

}  // namespace
}  // namespace breakwater
