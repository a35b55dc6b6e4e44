// SPDX-License-Identifier: Apache-2.0
// Our dates against those of the installed fail2ban, on lines that this test makes: the same text is cut out, and it
// means the same second.
#include <iostream>
#include <random>

#include <gtest/gtest.h>

#include "node/core/filter/date_detector.h"
#include "tests/node/filter/fail2ban_oracle.h"

namespace breakwater {
namespace {

using nlohmann::json;

constexpr std::int64_t kNow = 1793588645;  // 2026-11-02T03:04:05Z

// One date as logs write it; $n are random numbers in range, some of them wrong on purpose.
const std::vector<std::string> kDates = {
    "Nov  2 03:04:05",
    "Nov 02 03:04:05",
    "Dec 31 23:59:59",
    "Nov  3 03:04:04",
    "Nov  3 03:04:06",
    "Jan  1 00:00:00",
    "Feb 29 12:00:00",
    "Feb 31 12:00:00",
    "nov 2 3:04:05",
    "Mon Nov 02 03:04:05 2026",
    "Mon Nov 02 03:04:05.123456 2026",
    "Mon Nov  2 2026 03:04:05",
    "Nov 02, 2026 03:04:05 AM",
    "Nov 02, 2026 12:04:05 PM",
    "Nov-02-26 03:04:05",
    "CET Nov  2 03:04:05",
    "PDT Nov  2 03:04:05 2026",
    "+02:00 Nov  2 03:04:05",
    "ULAT Nov  2 03:04:05",
    "SST Nov  2 03:04:05 2026",
    "cet Nov  2 03:04:05 2026",
    "2026-11-02 03:04:05 utc",
    "02/nov/2026:03:04:05 gmt",
    "2026-11-02 03:04:05",
    "2026-11-02T03:04:05Z",
    "2026-11-02T03:04:05.123456+02:00",
    "2026-11-02T03:04:05.123456789Z",
    "2026-11-02T03:04:05-0430",
    "2026-11-02 03:04:05,123",
    "2026-11-02 03:04:05.123 +0100",
    "2026-11-02  3:04:05 UTC",
    "2026/11/02 03:04:05",
    "2026.11.02 03:04:05",
    "2026-11/02 03:04:05",
    "2026-13-02 03:04:05",
    "2026-02-30 03:04:05",
    "2026-11-02 24:04:05",
    "2026-11-02 03:04:60",
    "02/Nov/2026:03:04:05 +0000",
    "02/Nov/2026:03:04:05 -0730",
    "02-Nov-2026 03:04:05.252",
    "2/Nov/2026:03:04:05",
    "02/11/2026 03:04:05",
    "02-11-26 03:04:05",
    "02-11-2026 3:04:05",
    "11/02/2026:03:04:05",
    "11-25-2026 03:04:05.252",
    "261102 3:04:05",
    "20261102T030405Z",
    "20261102 030405.5",
    "1793588645",
    "1793588645.123",
    "17935886451234",
    "03:04:05",
    "3:04:06",
    "<11/02/26@03:04:05>",
    "@400000006ae7bc6529f5f1ac",
    "audit(1793588645.123:42)",
};

const std::vector<std::string> kBefore = {
    "",
    " ",
    "[",
    "  [",
    "<13>",
    "x",
    "host app[12]: ",
    "\"",
    "log: ",
    "203.0.113.7 - - [",
    "2",
    "a1-",
    "{\"log\":\"",
    "(",
    "id=7 ",
    "203.0.113.7 user@example.org \"",
    "1 ",
    "type=X msg=",
    "::1 - - [",
    "\xc3\xa9",
    "x\xe2\x80\x8b",
    "[\xef\xbf\xbd",
};

const std::vector<std::string> kAfter = {
    "",
    " ",
    "]",
    "] \"GET / HTTP/1.1\" 200 5",
    ": sshd[77]: Failed password for root from 203.0.113.7 port 22 ssh2",
    "x",
    "0",
    ".5",
    "Z",
    " +0000",
    ",",
    "-0500",
    ":1",
    " host sshd-session[9]: x",
    " 2026",
    "] \"GET /?since=2026-01-01T00:00:00 HTTP/1.1\"",
    " Nov  2 03:04:05",
    "\",\"time\":\"2026-11-02T03:04:05.123456789Z\"}",
    " at 1793588645 and 02/Nov/2026:03:04:05",
    "\xc3\xa9",
    "\xe2\x80\x8b]",
};

struct Question {
  std::string line;
  std::vector<std::string> patterns;
  std::string zone;
};

json to_json(const Question& q) {
  json out = {{"line", q.line}, {"patterns", q.patterns}, {"now", kNow}};
  if (!q.zone.empty()) out["zone"] = q.zone;
  return out;
}

std::string ours(const Question& question) {
  std::vector<RegexText> patterns;
  for (const auto& pattern : question.patterns)
    patterns.push_back({pattern, {"test", 1}});
  static std::map<std::vector<std::string>, std::unique_ptr<DateDetector>> detectors;
  auto& detector = detectors[question.patterns];
  if (!detector) {
    auto made = DateDetector::make(patterns);
    if (!made) return "refused";
    detector = std::move(*made);
  }
  ZoneRule zone;
  if (!question.zone.empty()) zone.fixed = *parse_zone(question.zone);
  const SubjectText line{question.line, is_ascii(question.line)};
  const auto found = detector->find(line);
  if (!found) return "none";
  const auto when = detector->value(line, *found, from_unix_seconds(kNow), zone);
  return "[" + question.line.substr(0, found->begin) + "|" +
         question.line.substr(found->begin, found->end - found->begin) + "|" + question.line.substr(found->end) + "] " +
         (when ? std::to_string(to_unix_ms(*when)) : "no time");
}

std::string theirs(const json& answer) {
  if (answer.contains("error")) return "refused";
  if (!answer.contains("cut")) return "none";
  const auto part = [&](const char* name) { return answer[name].get<std::string>(); };
  std::string when = "no time";
  // Beyond the year 9999 there is no date for us.
  if (answer["time"].is_number() && answer["time"].get<double>() < 253402300800.0) {
    when = std::to_string(std::int64_t(std::floor(answer["time"].get<double>() * 1000)));
  }
  return "[" + part("before") + "|" + part("cut") + "|" + part("after") + "] " + when;
}

// Where we differ on purpose: a year is 20dd for good, where fail2ban takes the decades around its own start.
bool far_year(const std::string& line) {
  for (std::size_t at = line.find("20"); at != std::string::npos; at = line.find("20", at + 1)) {
    if (at + 3 < line.size() && line[at + 2] >= '3' && line[at + 2] <= '9' && line[at + 3] >= '0' &&
        line[at + 3] <= '9') {
      return true;
    }
  }
  return false;
}

// And: last year's date with a zone. fail2ban puts the day of the line back after the zone moved it to the next day.
bool a_day_apart(const std::string& a, const std::string& b) {
  const auto cut_a = a.rfind("] "), cut_b = b.rfind("] ");
  if (cut_a == std::string::npos || a.substr(0, cut_a) != b.substr(0, cut_b)) return false;
  const std::string x = a.substr(cut_a + 2), y = b.substr(cut_b + 2);
  return x != "no time" && y != "no time" && std::abs(std::stoll(x) - std::stoll(y)) == 86'400'000;
}

void compare(const std::vector<Question>& questions) {
  std::vector<json> asked;
  for (const Question& question : questions)
    asked.push_back(to_json(question));
  const auto answers = testing_oracle::ask_fail2ban("dates", asked);
  if (!answers) GTEST_SKIP() << "fail2ban is not installed";
  ASSERT_EQ(answers->size(), questions.size());
  std::size_t dated = 0, day_apart = 0;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (far_year(questions[i].line)) continue;
    const std::string our_answer = ours(questions[i]), their_answer = theirs((*answers)[i]);
    if ((*answers)[i].contains("cut")) ++dated;
    if (a_day_apart(our_answer, their_answer) && ++day_apart <= questions.size() / 100) continue;
    EXPECT_EQ(our_answer, their_answer) << "line: " << questions[i].line
                                        << "\npatterns: " << json(questions[i].patterns)
                                        << " zone: " << questions[i].zone;
  }
  std::cout << "compared " << questions.size() << " lines, " << dated << " with a date, " << day_apart
            << " a day apart\n";
}

TEST(DatesOfFail2ban, DefaultPatterns) {
  std::vector<Question> questions;
  for (const auto& date : kDates) {
    for (const auto& before : kBefore) {
      for (const auto& after : kAfter)
        questions.push_back({before + date + after, {}, ""});
    }
  }
  compare(questions);
}

TEST(DatesOfFail2ban, RandomMixtures) {
  std::mt19937 random(20261102);
  const std::string alphabet = "0123456789-/:. T[]+ZNovDec,@";
  const auto pick = [&](const auto& list) { return list[random() % list.size()]; };
  std::vector<Question> questions;
  for (int i = 0; i < 6000; ++i) {
    std::string line = pick(kBefore) + pick(kDates) + pick(kAfter) + pick(kDates) + pick(kAfter);
    for (unsigned edits = is_ascii(line) ? random() % 4 : 0; edits > 0; --edits) {
      const std::size_t at = random() % line.size();
      if (random() % 2 == 0) {
        line[at] = pick(alphabet);
      } else {
        line.erase(at, 1 + random() % 3);
        if (line.empty()) line = "x";
      }
    }
    questions.push_back({line, {}, ""});
  }
  compare(questions);
}

TEST(DatesOfFail2ban, WrittenPatterns) {
  const std::vector<std::vector<std::string>> patterns = {
      {"{^LN-BEG}"},
      {"{DEFAULT}"},
      {"%Y-%m-%d %H:%M:%S"},
      {"{^LN-BEG}Epoch", "{^LN-BEG}"},
      {"EPOCH"},
      {"LEPOCH"},
      {"{^LN-BEG}LEPOCH"},
      {"TAI64N"},
      {"^TAI64N"},
      {R"(\[{EPOCH}\])"},
      {R"(^[^\[]*\[({DATE}))", "{^LN-BEG}"},
      {"^<13>{DATE}"},
      {"^{DATE}"},
      {"{DATE}"},
      {"{^LN-BEG}{DATE}"},
      {"{NONE}"},
      {"%b %d %H:%M:%S"},
      {"**%Y-%m-%d %H:%M:%S**"},
      {"{UNB}%Y-%m-%d"},
      {"^%d/%b/%Y"},
      {"%d/%b/%Y:%H:%M:%S %z"},
      {"%ExY-%Exm-%Exd %ExH:%ExM:%ExS"},
      {"%Y-%m-%d(?: %H:%M:%S)?$"},
      {"(?:%b|%m) %d"},
      {"%b %d, %Y %I:%M:%S %p"},
      {"%k:%M:%S"},
      {R"(%ExY(?P<_sep>[-/.])%m(?P=_sep)%d[T ]%H:%M:%S(?:[.,]%f)?(?:\s*%z)?)"},
      {"^%Y-%m-%dT%H:%M:%S%Exz"},
      {"%%"},
  };
  std::vector<Question> questions;
  for (const auto& list : patterns) {
    for (const auto& date : kDates) {
      for (const auto& before : {"", " ", "[", "<13>", "203.0.113.7 - - [", "x"}) {
        for (const auto& after : {"", "]", " +0100 x", "Z", "7"}) {
          questions.push_back({before + date + after, list, ""});
        }
      }
    }
  }
  compare(questions);
}

TEST(DatesOfFail2ban, LogTimeZone) {
  std::vector<Question> questions;
  for (const std::string zone : {"UTC+0200", "UTC-05:30", "CET", "-0400", "Z", "EST"}) {
    for (const auto& date : kDates) {
      for (const auto& after : {"", " +0100", "Z", " x"})
        questions.push_back({date + after, {}, zone});
    }
  }
  compare(questions);
}

}  // namespace
}  // namespace breakwater
