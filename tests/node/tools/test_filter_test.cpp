// SPDX-License-Identifier: Apache-2.0
#include "node/tools/test_filter.h"

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "tests/node/tools/tool_files.h"

namespace breakwater {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr Timestamp kNow = from_unix_seconds(1793588645);  // 2026-11-02T03:04:05Z

struct Outcome {
  int status = 0;
  std::string out, err;
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const auto line : split(out, '\n'))
      all.emplace_back(line);
    all.pop_back();
    return all;
  }
};

class TestFilter : public testing::Test {
 protected:
  void SetUp() override {
    options_.now = kNow;
    options_.json = true;
    options_.filter.config_dirs = {directory_};
    options_.filter.filter = "^\\s*bad <F-USER>\\S+</F-USER> from <HOST>$";
  }

  std::string write(const std::string& name, const std::string& bytes) { return files_.write(name, bytes); }
  Outcome run() {
    std::ostringstream out, err;
    Outcome outcome;
    outcome.status = test_filter(options_, out, err);
    outcome.out = out.str();
    outcome.err = err.str();
    return outcome;
  }
  Outcome run(const std::string& log) {
    options_.log = write("log", log);
    return run();
  }

  testing_tools::ToolFiles files_;
  std::string directory_ = files_.folder();
  TestFilterOptions options_;
};

// The contract of docs/test-filter.md, to the byte.
TEST_F(TestFilter, PrintsOneObjectALine) {
  EXPECT_THAT(
      run("Nov  2 03:04:00 bad joe from 192.0.2.7\n2026-11-02 03:04:01 good\nneither\n").lines(),
      ElementsAre(
          R"({"line":1,"matched":true,"ignored":false,"address":"192.0.2.7","time":1793588640,"regex":0,"fields":{"ip4":"192.0.2.7","user":"joe"},"id":"192.0.2.7","range":null,"pending":false,"attempts":1,"users":[],"date":[0,15],"error":null})",
          R"({"line":2,"matched":false,"ignored":false,"address":null,"time":1793588641,"regex":null,"fields":{},"id":null,"range":null,"pending":false,"attempts":null,"users":[],"date":[0,19],"error":null})",
          R"({"line":3,"matched":false,"ignored":false,"address":null,"time":null,"regex":null,"fields":{},"id":null,"range":null,"pending":false,"attempts":null,"users":[],"date":null,"error":null})"));
}

TEST_F(TestFilter, HasTheSameKeysInEveryObject) {
  write("filter.d/keys.conf",
        "[Definition]\nfailregex = ^bad <HOST>\n ^name <F-ID>\\S+</F-ID>\n ^net <SUBNET>\nignoreregex = friend\n");
  options_.filter.filter = "keys";
  std::vector<std::string> expected;
  const auto lines = run("bad 192.0.2.7\nbad 192.0.2.7 friend\nname x\nnet 192.0.2.0/24\n\n\xff\n").lines();
  ASSERT_EQ(lines.size(), 6u);
  for (const std::string& line : lines) {
    std::vector<std::string> keys;
    const auto parsed = nlohmann::ordered_json::parse(line);
    for (const auto& [key, value] : parsed.items())
      keys.push_back(key);
    if (expected.empty()) expected = keys;
    EXPECT_EQ(keys, expected) << line;
  }
}

TEST_F(TestFilter, TellsFailuresFromWhatIsIgnored) {
  write("filter.d/own.conf", "[Definition]\nfailregex = ^bad <HOST>\nignoreregex = friend\n");
  options_.filter.filter = "own";
  const auto lines = run("bad 192.0.2.7 friend\nbad 192.0.2.7\n").lines();
  ASSERT_EQ(lines.size(), 2u);
  const json ignored = json::parse(lines[0]), failure = json::parse(lines[1]);
  EXPECT_EQ(ignored["matched"], false);
  EXPECT_EQ(ignored["ignored"], true);
  EXPECT_EQ(ignored["address"], "192.0.2.7");
  EXPECT_EQ(ignored["id"], nullptr);
  EXPECT_EQ(failure["matched"], true);
  EXPECT_EQ(failure["ignored"], false);
}

TEST_F(TestFilter, AFailureMayHaveAnIdThatIsNoAddress) {
  options_.filter.filter = "^bad <F-ID>\\S+</F-ID>$";
  const json found = json::parse(run("bad session-7\n").lines().at(0));
  EXPECT_EQ(found["matched"], true);
  EXPECT_EQ(found["id"], "session-7");
  EXPECT_EQ(found["address"], nullptr);
}

TEST_F(TestFilter, TakesNamesIfAsked) {
  EXPECT_EQ(json::parse(run("bad joe from host.example\n").lines().at(0))["matched"], false);
  options_.filter.usedns = "yes";
  const json found = json::parse(run("bad joe from host.example\n").lines().at(0));
  EXPECT_EQ(found["matched"], true);
  EXPECT_EQ(found["id"], "host.example");
  EXPECT_EQ(found["fields"]["dns"], "host.example");
}

TEST_F(TestFilter, UsesTheTimeOfDockersRecord) {
  const std::string log = R"({"log":"bad joe from 192.0.2.7\n","stream":"stdout","time":"2026-01-02T03:04:05.25Z"})"
                          "\nbroken\n";
  const auto lines = run(log).lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0], HasSubstr(R"("address":"192.0.2.7","time":1767323045.25,)"));
  EXPECT_EQ(json::parse(lines[1])["error"], "not a record of docker's json-file log");
}

TEST_F(TestFilter, LooksForNoDateInTheJournal) {
  options_.format = LogFormat::journal_json;
  options_.filter.filter = "^h x: 2026-01-01 00:00:00 from <HOST>$";
  const auto lines =
      run(R"({"MESSAGE":"2026-01-01 00:00:00 from 192.0.2.7","_HOSTNAME":"h","_COMM":"x","__REALTIME_TIMESTAMP":"1124013600500000"})"
          "\n")
          .lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr(R"("address":"192.0.2.7","time":1124013600.5,)"));
  EXPECT_THAT(lines[0], HasSubstr(R"("date":null)"));
}

TEST_F(TestFilter, TellsAFilterThatTheLinesAreTheJournals) {
  write("filter.d/own.conf", "[Definition]\nfailregex = ^<lt_<logtype>> <HOST>\nlt_file = f\nlt_journal = j\n");
  options_.filter.filter = "own";
  const std::string entry = "{\"MESSAGE\":\"j 192.0.2.7\",\"__REALTIME_TIMESTAMP\":\"1124013600500000\"}\n";
  EXPECT_THAT(run(entry).out, HasSubstr("\"matched\":true"));
  options_.format = LogFormat::journal_json;
  EXPECT_THAT(run("{\"MESSAGE\":\"j 192.0.2.7\"}\n").out, HasSubstr("\"matched\":true"));
  options_.filter.filter = "own[logtype=file]";
  EXPECT_THAT(run("{\"MESSAGE\":\"j 192.0.2.7\"}\n").out, HasSubstr("\"matched\":false"));
}

TEST_F(TestFilter, IsValidJsonWhateverTheLogHolds) {
  std::string bytes;
  for (int c = 0; c < 256; ++c)
    bytes += "bad \"" + std::string(1, static_cast<char>(c)) + "\\ from 192.0.2.7\n";
  const auto lines = run(bytes).lines();
  EXPECT_EQ(lines.size(), 257u);  // one of the bytes is a line end
  for (const std::string& line : lines)
    EXPECT_TRUE(json::parse(line, nullptr, false).is_object()) << line;
}

TEST_F(TestFilter, TakesWhatIsNoFileForALine) {
  options_.log = "bad joe from 192.0.2.7";
  const Outcome outcome = run();
  EXPECT_THAT(outcome.out, HasSubstr("\"matched\":true"));
  EXPECT_THAT(outcome.err, HasSubstr("taken as one line"));
  EXPECT_EQ(outcome.status, 0);
}

TEST_F(TestFilter, NamesAFileThatIsNotThere) {
  options_.log = "/nowhere/auth.log";
  const Outcome outcome = run();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("/nowhere/auth.log: No such file"));
  EXPECT_EQ(outcome.out, "");
}

TEST_F(TestFilter, RefusesAFolder) {
  options_.log = directory_;
  const Outcome outcome = run();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("is a directory"));
}

TEST_F(TestFilter, SaysWhereAFilterIsWrong) {
  const std::string file =
      write("filter.d/own.conf", "[Definition]\nfailregex = ^ok <HOST>\n            ^bad( <HOST>\n");
  options_.filter.filter = "own";
  const Outcome outcome = run("x\n");
  EXPECT_EQ(outcome.status, 78);
  EXPECT_THAT(outcome.err, HasSubstr(file + ":3: filter \"own\": "));
}

TEST_F(TestFilter, NamesTheNearestFilter) {
  write("filter.d/sshd.conf", "[Definition]\nfailregex = <HOST>\n");
  options_.filter.filter = "shd[mode=normal]";
  const Outcome outcome = run("x\n");
  EXPECT_EQ(outcome.status, 78);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean sshd?"));
}

TEST_F(TestFilter, ReadsAFilterByItsPathAndByItsFolder) {
  const std::string file = write("filter.d/own.conf", "[Definition]\nfailregex = ^bad <HOST>\n");
  options_.filter.filter = file;
  EXPECT_THAT(run("bad 192.0.2.7\n").out, HasSubstr("\"matched\":true"));
  options_.filter.filter = "own";
  options_.filter.config_dirs = {directory_ + "/filter.d/"};
  EXPECT_THAT(run("bad 192.0.2.7\n").out, HasSubstr("\"matched\":true"));
}

TEST_F(TestFilter, UnpacksGzip) {
  options_.log = write("log", "bad joe from 192.0.2.7\n");
  ASSERT_EQ(std::system(("cd " + directory_ + " && gzip -c log > a.gz && cat a.gz a.gz > log.gz").c_str()), 0);
  options_.log += ".gz";
  EXPECT_EQ(run().lines().size(), 2u);
}

TEST_F(TestFilter, SaysThatAGzipIsDamaged) {
  options_.log = write("log", std::string(1000, 'x') + "\nbad joe from 192.0.2.7\n");
  ASSERT_EQ(std::system(("cd " + directory_ + " && gzip -c log | head -c -12 > log.gz").c_str()), 0);
  options_.log += ".gz";
  const Outcome outcome = run();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("ends too early"));
}

TEST_F(TestFilter, NamesTheProgramThatUnpacksTheLog) {
  options_.log = write("log",
                       "\xfd"
                       "7zXZ and so on");
  const Outcome outcome = run();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("xzcat"));
}

// What people read.
class TestFilterTable : public TestFilter {
 protected:
  void SetUp() override {
    TestFilter::SetUp();
    options_.json = false;
  }
};

TEST_F(TestFilterTable, CountsLikeFail2banRegex) {
  write("filter.d/own.conf",
        "[Definition]\nfailregex = ^\\s*never <HOST>\n            ^\\s*bad <HOST>\nignoreregex = friend\n");
  options_.filter.filter = "own";
  const std::string out =
      run("Nov  2 03:04:00 bad 192.0.2.7\nNov  2 03:04:01 bad 192.0.2.7\nbad 192.0.2.7 friend\nx\n").out;
  EXPECT_THAT(out, HasSubstr("|   2) [3] " + directory_ + "/filter.d/own.conf:3: ^\\s*bad <HOST>\n"));
  EXPECT_THAT(out, Not(HasSubstr("1) [0]")));
  EXPECT_THAT(out, HasSubstr("Lines: 4 lines, 1 ignored, 2 matched, 1 missed\n"));
  EXPECT_THAT(out, HasSubstr("|  [2] as in: Nov  2 03:04:00\n|  [2] none\n"));
  EXPECT_THAT(
      out,
      HasSubstr("|         2  192.0.2.7                                2026-11-02T03:04:00Z  2026-11-02T03:04:01Z\n"));
  EXPECT_THAT(out, HasSubstr("|  4: x\n"));
}

TEST_F(TestFilterTable, PrintsManyMissedLinesOnlyIfAsked) {
  std::string log;
  for (int i = 0; i < 30; ++i)
    log += "line " + std::to_string(i) + "\n";
  EXPECT_THAT(run(log).out, AllOf(HasSubstr("--print-missed"), Not(HasSubstr("line 7"))));
  options_.print_missed = true;
  EXPECT_THAT(run(log).out, AllOf(HasSubstr("|  8: line 7\n"), HasSubstr("|  30: line 29\n")));
}

TEST_F(TestFilterTable, NoLineCanDriveTheTerminal) {
  const std::string out = run("\x1b]0;owned\x07 \xc2\x9b\n\xe2\x80\xae\xff\n").out;
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
  EXPECT_EQ(out.find('\x07'), std::string::npos);
  EXPECT_EQ(out.find("\xc2\x9b"), std::string::npos);
  EXPECT_THAT(out, HasSubstr("|  1: \\x1b]0;owned\\x07 \\xc2\\x9b\n"));
}

TEST_F(TestFilterTable, ExplainsTheBlankBehindTheDate) {
  options_.filter.filter = "^bad <HOST>$";
  EXPECT_THAT(run("Nov  2 03:04:00 bad 192.0.2.7\n").out, HasSubstr("write ^\\s* for ^"));
  options_.filter.filter = "^\\s*bad <HOST>$";
  EXPECT_THAT(run("Nov  2 03:04:00 bad 192.0.2.7\n").out, Not(HasSubstr("Hints")));
}

TEST_F(TestFilterTable, ExplainsThatTheDateIsGone) {
  options_.filter.filter = "^\\w+ +\\d+ [\\d:]+ bad <HOST>$";
  EXPECT_THAT(run("Nov  2 03:04:00 bad 192.0.2.7\n").out, HasSubstr("with the date left in"));
}

TEST_F(TestFilterTable, ExplainsNamesInThePlaceOfAddresses) {
  options_.filter.filter = "^bad <HOST>$";
  EXPECT_THAT(run("bad host.example\n").out, HasSubstr("if <HOST> took names"));
  options_.filter.usedns = "yes";
  EXPECT_THAT(run("bad host.example\n").out, HasSubstr("1 failure names no address (host.example)"));
}

TEST_F(TestFilterTable, SaysThatNoDateWasFound) {
  write("filter.d/own.conf", "[Definition]\nfailregex = ^bad <HOST>\ndatepattern = ^%%Y-%%m\n");
  options_.filter.filter = "own";
  EXPECT_THAT(run("bad 192.0.2.7\n").out,
              HasSubstr("datepattern (" + directory_ + "/filter.d/own.conf:3) was found in no line"));
}

TEST_F(TestFilterTable, SaysThatPrefregexStoppedEverything) {
  write("filter.d/own.conf",
        "[Definition]\nprefregex = ^daemon: <F-CONTENT>.+</F-CONTENT>$\nfailregex = ^bad <HOST>\n");
  options_.filter.filter = "own";
  EXPECT_THAT(run("server: bad 192.0.2.7\n").out, HasSubstr("own.conf:2) matches no line"));
  EXPECT_THAT(run("daemon: bad 192.0.2.7\n").out, HasSubstr("Prefregex: 1 total"));
  EXPECT_THAT(run("daemon: bad 192.0.2.7 \xc3\xa4\n").out, HasSubstr("Prefregex: 1 total"));
}

TEST_F(TestFilterTable, NoticesTheWrongFormat) {
  const std::string record = R"({"log":"bad joe from 192.0.2.7\n","stream":"stdout","time":"2026-01-02T03:04:05Z"})"
                             "\n";
  options_.format = LogFormat::file;
  EXPECT_THAT(run(record).out, HasSubstr("it looks like docker: try --format docker"));
  options_.format = LogFormat::docker;
  EXPECT_THAT(run("Nov  2 03:04:00 x\n").out,
              AllOf(HasSubstr("it looks like file"), HasSubstr("1 line is not what --format docker reads")));
}

TEST_F(TestFilterTable, SaysThatALogIsEmptyOrNoText) {
  EXPECT_THAT(run("").out, HasSubstr("the log is empty"));
  EXPECT_THAT(run(std::string("a\0b\nc\0d\n", 8)).out, HasSubstr("2 lines hold NUL bytes"));
}

TEST_F(TestFilterTable, NoticesDatesInTheFuture) {
  EXPECT_THAT(run("2026-11-02 08:00:00 bad joe from 192.0.2.7\n").out, HasSubstr("dates lie in the future"));
}

TEST_F(TestFilterTable, ExplainsAFilterWithoutALog) {
  const std::string file =
      write("filter.d/own.conf", "[Definition]\nfailregex = ^bad .* <HOST>\nignoreregex = friend\n");
  options_.filter.filter = "own";
  options_.explain = true;
  const Outcome outcome = run();
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out,
              HasSubstr("failregex:\n|   1) " + file + ":2: RE2\n|      ^bad .* <HOST>\n|      gate: \"bad\"\n"));
  EXPECT_THAT(outcome.out, HasSubstr("ignoreregex:\n|   1) " + file + ":3: RE2\n"));
  EXPECT_THAT(outcome.out, HasSubstr("whoever can write into the log can choose who is banned"));
}

TEST_F(TestFilterTable, KeepsWordsForPeopleOutOfTheJson) {
  options_.json = true;
  options_.explain = true;
  const Outcome outcome = run("bad joe from 192.0.2.7\n");
  EXPECT_EQ(outcome.lines().size(), 1u);
  EXPECT_THAT(outcome.err, HasSubstr("failregex:"));
}

}  // namespace
}  // namespace breakwater
