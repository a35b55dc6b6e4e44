// SPDX-License-Identifier: Apache-2.0
#include "node/tools/replay.h"

#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "node/core/gate/gate_set.h"
#include "node/tools/log_replay.h"
#include "node/tools/progress.h"
#include "tests/node/tools/tool_files.h"

namespace breakwater {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Timestamp kNow = from_unix_seconds(1793588645);  // 2026-11-02T03:04:05Z

struct Outcome {
  int status = 0;
  std::string out, err;
  std::vector<json> bans;
  json summary;
};

class ReplayTest : public testing::Test {
 protected:
  void SetUp() override {
    files_.write("filter.d/own.conf", "[Definition]\nfailregex = ^\\s*bad <HOST>\nignoreregex = friend\n");
    write_jails("[own]\nenabled = true\nlogpath = /var/log/own.log\nmaxretry = 2\nfindtime = 10m\nbantime = 10m\n");
    options_.jails.config_dirs = {files_.folder()};
    options_.now = kNow;
    options_.json = true;
  }

  void write_jails(const std::string& text) { files_.write("jail.conf", text); }

  Outcome run() {
    std::ostringstream out, err;
    Outcome outcome;
    outcome.status = replay(options_, out, err);
    outcome.out = out.str();
    outcome.err = err.str();
    if (!options_.json) return outcome;
    for (const auto line : split(outcome.out, '\n')) {
      if (line.empty()) continue;
      const json object = json::parse(line);
      object.contains("summary") ? void(outcome.summary = object["summary"]) : outcome.bans.push_back(object);
    }
    return outcome;
  }
  Outcome run(const std::string& log) {
    options_.logs = {files_.write("own.log", log)};
    return run();
  }
  static std::vector<std::string> brief(const Outcome& outcome) {
    std::vector<std::string> all;
    for (const json& ban : outcome.bans)
      all.push_back(ban["address"].get<std::string>() + "@" +
                    std::to_string(ban["time"].get<std::int64_t>() % 100'000));
    return all;
  }

  testing_tools::ToolFiles files_;
  ReplayOptions options_;
};

// The contract of docs/test-filter.md, to the byte.
TEST_F(ReplayTest, PrintsOneObjectABanAndASummary) {
  const Outcome outcome =
      run("2026-01-01 00:00:00 bad 192.0.2.7\n2026-01-01 00:00:01 good\n2026-01-01 00:00:02 bad 192.0.2.7\n");
  const std::string log = options_.logs[0];
  EXPECT_EQ(
      outcome.out,
      R"({"address":"192.0.2.7","jail":"own","time":1767225602,"count":2,"until":1767226202,"lines":[1,3],"logs":[")" +
          log +
          R"("]})"
          "\n"
          R"({"summary":{"lines":3,"bytes":93,"offences":2,"bans":1,"first":1767225600,"last":1767225602,"jails":[{"jail":"own","lines":3,"offences":2,"bans":1,"addresses":1,"extended":0,"ignored":0,"pending":0,"no_address":0,"engine_failed":0,"left_out":0}]}})"
          "\n");
  EXPECT_EQ(outcome.status, 0);
}

TEST_F(ReplayTest, BansAgainWhenTheBanIsOver) {
  const Outcome outcome =
      run("2026-01-01 00:00:00 bad 192.0.2.7\n2026-01-01 00:00:01 bad 192.0.2.7\n"
          "2026-01-01 00:05:00 bad 192.0.2.7\n"
          "2026-01-01 00:10:30 bad 192.0.2.7\n2026-01-01 00:10:31 bad 192.0.2.7\n");
  EXPECT_THAT(brief(outcome), ElementsAre("192.0.2.7@25601", "192.0.2.7@26230"));
}

TEST_F(ReplayTest, HonoursIgnoreregexIgnoreipAndNeverBan) {
  write_jails(
      "[own]\nenabled = true\nlogpath = /var/log/own.log\nmaxretry = 1\nignoreip = 198.51.100.0/24 home.example\n");
  options_.never_ban = {*Prefix::parse("203.0.113.0/24")};
  const Outcome outcome = run("bad 192.0.2.7 friend\nbad 198.51.100.9\nbad 203.0.113.9\nbad 192.0.2.1\n");
  ASSERT_EQ(outcome.bans.size(), 1u);
  EXPECT_EQ(outcome.bans[0]["address"], "192.0.2.1");
  EXPECT_EQ(outcome.summary["jails"][0]["ignored"], 3);
  EXPECT_THAT(outcome.err, HasSubstr("not resolved here: home.example"));
}

TEST_F(ReplayTest, ALineWithoutADateIsAsOldAsTheOneBefore) {
  const Outcome outcome = run("2026-01-01 00:00:00 bad 192.0.2.7\n2026-01-01 00:00:09 something else\nbad 192.0.2.7\n");
  EXPECT_THAT(brief(outcome), ElementsAre("192.0.2.7@25609"));
}

TEST_F(ReplayTest, ReadsTheYearBackAcrossItsEnd) {
  const Outcome outcome = run("Dec 31 23:59:59 bad 192.0.2.7\nJan  1 00:00:01 bad 192.0.2.7\n");
  EXPECT_THAT(brief(outcome), ElementsAre("192.0.2.7@25601"));
}

TEST_F(ReplayTest, ReadsDockersRecordsAndNumbersThem) {
  const auto record = [](const std::string& text, const std::string& second) {
    return R"({"log":")" + text + R"(","stream":"stdout","time":"2026-01-01T00:00:)" + second + "Z\"}\n";
  };
  const Outcome outcome = run(record("x\\n", "00") + record("bad ", "01") + record("192.0.2.7\\n", "01") + "torn\n" +
                              record("bad 192.0.2.7\\n", "02.5"));
  ASSERT_EQ(outcome.bans.size(), 1u);
  EXPECT_EQ(outcome.bans[0]["time"], 1767225602.5);
  EXPECT_EQ(outcome.bans[0]["lines"], json({3, 5}));
  EXPECT_EQ(outcome.summary["lines"], 5);
}

TEST_F(ReplayTest, ReadsTheJournal) {
  std::string log;
  for (const char* second : {"1", "2"})
    log += R"({"MESSAGE":"bad 192.0.2.7","__REALTIME_TIMESTAMP":"176722560)" + std::string(second) + "000000\"}\n";
  EXPECT_THAT(brief(run(log)), ElementsAre("192.0.2.7@25602"));
}

TEST_F(ReplayTest, CountsSeveralLogsByTime) {
  // Each log alone would ban at the second line; side by side the address is banned at its second offence in all.
  options_.logs = {files_.write("b/own.log", "2026-01-01 00:00:03 bad 192.0.2.7\n2026-01-01 00:00:09 bad 192.0.2.7\n"),
                   files_.write("a/own.log.1", "2026-01-01 00:00:01 bad 192.0.2.7\n")};
  const Outcome outcome = run();
  ASSERT_EQ(outcome.bans.size(), 1u);
  EXPECT_EQ(outcome.bans[0]["time"], 1767225603);
  EXPECT_EQ(outcome.bans[0]["lines"], json({1, 1}));
  EXPECT_EQ(outcome.bans[0]["logs"], json({options_.logs[1], options_.logs[0]}));
}

TEST_F(ReplayTest, ALogsOwnOrderIsKeptAmongSeveral) {
  options_.logs = {files_.write("own.log", "2026-01-01 00:00:09 bad 192.0.2.7\n2026-01-01 00:00:01 bad 192.0.2.7\n"),
                   files_.write("own.log.1", "2026-01-01 00:00:05 bad 192.0.2.8\n")};
  const Outcome outcome = run();
  ASSERT_EQ(outcome.bans.size(), 1u);
  EXPECT_EQ(outcome.bans[0]["lines"], json({1, 2}));
}

TEST_F(ReplayTest, SendsALogToTheJailsThatReadIt) {
  write_jails("[one]\nenabled = true\nfilter = own\nlogpath = " + files_.folder() +
              "/logs/one*.log\nmaxretry = 1\n"
              "[two]\nenabled = true\nfilter = own\nlogpath = /var/log/two.log\nmaxretry = 1\n"
              "[boxes]\nenabled = true\nfilter = own\nbackend = docker\nmaxretry = 1\n");
  const auto jails_of = [&](const std::string& name, const std::string& log) {
    options_.logs = {files_.write(name, log)};
    std::vector<std::string> all;
    for (const json& ban : run().bans)
      all.push_back(ban["jail"]);
    return all;
  };
  EXPECT_THAT(jails_of("logs/one-a.log", "bad 192.0.2.7\n"), ElementsAre("one"));
  EXPECT_THAT(jails_of("logs/one-a.log.2", "bad 192.0.2.7\n"), ElementsAre("one"));
  EXPECT_THAT(jails_of("elsewhere/two.log-20260101", "bad 192.0.2.7\n"), ElementsAre("two"));
  const std::string record = R"({"log":"bad 192.0.2.7\n","stream":"stdout","time":"2026-01-01T00:00:00Z"})"
                             "\n";
  EXPECT_THAT(jails_of("abc-json.log", record), ElementsAre("boxes"));
  EXPECT_THAT(jails_of("three.log", "bad 192.0.2.7\n"), IsEmpty());
  const Outcome nobody = run();
  EXPECT_EQ(nobody.status, 1);
  EXPECT_THAT(nobody.err, HasSubstr("no jail's logpath names it; choose one by --jail (there are: one, two, boxes)"));
  options_.jails.names = {"two", "one"};
  EXPECT_THAT(jails_of("three.log", "bad 192.0.2.7\n"), testing::UnorderedElementsAre("one", "two"));
}

TEST_F(ReplayTest, RunsAJailThatIsNotEnabledIfAsked) {
  write_jails("[own]\nlogpath = /var/log/own.log\nmaxretry = 1\n");
  EXPECT_EQ(run("bad 192.0.2.7\n").status, 78);
  options_.jails.names = {"own"};
  EXPECT_EQ(run("bad 192.0.2.7\n").bans.size(), 1u);
}

TEST_F(ReplayTest, NamesTheNearestJail) {
  options_.jails.names = {"ownn"};
  const Outcome outcome = run("bad 192.0.2.7\n");
  EXPECT_EQ(outcome.status, 78);
  EXPECT_THAT(outcome.err, HasSubstr("there is no jail \"ownn\" (did you mean own?)"));
}

TEST_F(ReplayTest, AWrongJailIsLeftOutAndTheOthersRun) {
  files_.write("filter.d/wrong.conf", "[Definition]\nfailregex = ^bad( <HOST>\n");
  write_jails(
      "[own]\nenabled = true\nlogpath = /var/log/own.log\nmaxretry = 1\n"
      "[wrong]\nenabled = true\nlogpath = /var/log/own.log\n");
  const Outcome outcome = run("bad 192.0.2.7\n");
  EXPECT_EQ(outcome.bans.size(), 1u);
  EXPECT_THAT(outcome.err, HasSubstr("filter.d/wrong.conf:2: filter \"wrong\""));
  EXPECT_THAT(outcome.err, HasSubstr("jail \"wrong\" is left out"));
  options_.jails.names = {"wrong"};
  EXPECT_EQ(run("bad 192.0.2.7\n").status, 78);
}

TEST_F(ReplayTest, ReadsTheOtherLogsIfOneCannotBeRead) {
  options_.logs = {"/nowhere/own.log", files_.write("own.log", "2026-01-01 00:00:00 bad 192.0.2.7\nbad 192.0.2.7\n")};
  const Outcome outcome = run();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("/nowhere/own.log: No such file"));
  EXPECT_EQ(outcome.bans.size(), 1u);
}

TEST_F(ReplayTest, AnEmptyLogHasASummaryToo) {
  const Outcome outcome = run("");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.summary["lines"], 0);
  EXPECT_EQ(outcome.summary["first"], nullptr);
}

TEST_F(ReplayTest, TheLastLineNeedsNoEnd) {
  const Outcome outcome = run("2026-01-01 00:00:00 bad 192.0.2.7\n2026-01-01 00:00:00 bad 192.0.2.7");
  ASSERT_EQ(outcome.bans.size(), 1u);
  EXPECT_EQ(outcome.bans[0]["lines"], json({1, 2}));
  EXPECT_EQ(outcome.summary["lines"], 2);
}

TEST_F(ReplayTest, NumbersLinesBeyondTheFirstBlock) {
  std::string log = "2026-01-01 00:00:00 bad 192.0.2.7\n";
  for (int i = 0; i < 100'000; ++i)
    log += "2026-01-01 00:00:00 something that nobody cares about, " + std::to_string(i) + "\n";
  log += "2026-01-01 00:00:00 bad 192.0.2.7\n";
  const Outcome outcome = run(log);
  ASSERT_EQ(outcome.bans.size(), 1u);
  EXPECT_EQ(outcome.bans[0]["lines"], json({1, 100'002}));
  EXPECT_EQ(outcome.summary["lines"], 100'002);
}

// What the gate keeps away from the filters must make no difference to what they find.
TEST_F(ReplayTest, FindsTheSameWithAndWithoutTheGate) {
  files_.write("filter.d/other.conf", "[Definition]\nfailregex = ^\\s*(?:worse|worst) <HOST>\n");
  write_jails("[own]\nenabled = true\nlogpath = /l\n[other]\nenabled = true\nlogpath = /l\n");
  const char* words[] = {"bad",
                         "good",
                         "worse",
                         "BAD",
                         "b\xc3\xa4"
                         "d",
                         "worst",
                         "bad friend"};
  std::string log;
  for (int i = 0; i < 5000; ++i) {
    log += "2026-01-01 00:" + std::to_string(10 + i / 100) + ":00 " + words[i * 7 % 11 % 7] + " 192.0.2." +
           std::to_string(i * 13 % 50) + "\n";
  }
  const auto offences = [&](bool gated) {
    auto loaded = load_replay_jails(options_.jails);
    std::vector<GateFilter> filters;
    std::vector<RunningJail> jails;
    for (ReplayJail& jail : loaded.jails) {
      filters.push_back({jail.filter->requirement(), jail.filter->wants_raw_json()});
      jails.push_back({std::move(jail), {}, {}});
    }
    std::vector<std::string> all;
    LogReplay replay(jails, {0, 1}, 0, LogFormat::file, kNow, [&](const ReplayOffence& offence) {
      all.push_back(std::to_string(offence.jail) + " " + offence.who.text() + " " + to_text(offence.at) + " " +
                    std::to_string(offence.line.number));
    });
    if (gated) replay.set_gate(GateSet(std::move(filters)).gate_for({0, 1}, LogForm::plain));
    for (std::size_t at = 0; at < log.size(); at += 10'000)
      replay.feed(std::string_view(log).substr(at, 10'000));
    replay.end();
    return all;
  };
  const auto without = offences(false);
  EXPECT_GT(without.size(), 1000u);
  EXPECT_EQ(offences(true), without);
}

TEST_F(ReplayTest, PrintsATableForPeople) {
  options_.json = false;
  const Outcome outcome = run("2026-01-01 00:00:00 bad 192.0.2.7\n2026-01-01 00:00:02 bad 192.0.2.7\n");
  EXPECT_THAT(outcome.out,
              HasSubstr("2026-01-01T00:00:02Z  own                   192.0.2.7                                    2  "
                        "2026-01-01T00:10:02Z  1 2\n"));
  EXPECT_THAT(outcome.out,
              HasSubstr("2 lines, 68 bytes; offences from 2026-01-01T00:00:00Z to 2026-01-01T00:00:02Z\n"));
}

TEST(ProgressText, FillsUp) {
  EXPECT_EQ(progress_text("a.log", 0, 100), "[------------------------------]   0 %  a.log");
  EXPECT_EQ(progress_text("a.log", 50, 100), "[###############---------------]  50 %  a.log");
  EXPECT_EQ(progress_text("a.log", 150, 100), "[##############################] 100 %  a.log");
  EXPECT_EQ(progress_text("-", 5 << 20, 0), "5 MiB  -");
}

}  // namespace
}  // namespace breakwater
