// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/hub/query/query_fixture.h"

namespace breakwater {
namespace {

using testing::HasSubstr;

constexpr const char* kHealthy = R"({"hub":"control","software":"breakwater-hub 0.1.0","state":"ok","problems":[],
  "alarms":[],"now":1769851375123,"started":1769840275123,"epoch":3,"head":1205,"log_from":1,"bans":17,"allows":2,
  "nodes":{"enrolled":3,"connected":3,"late":0,"lost":0,"lagging":0},"watchers":1,
  "ledger":{"pending_batches":0,"pending_offences":0,"commits":812,"failures":0,"commit_p50_us":1204,"commit_p99_us":4310},
  "jails":[{"jail":"docker","mode":"enforce","maxretry":5,"findtime_ms":600000,"bantime_ms":600000,"fleet_maxretry":6,
            "fleet_quorum":2,"fleet_scope":"fleet"},
           {"jail":"sshd","mode":"observe","maxretry":5,"findtime_ms":600000,"bantime_ms":null,"fleet_maxretry":5,
            "fleet_quorum":1,"fleet_scope":"node"}],
  "counters":{"offences":812,"duplicates":0,"bans":17},"windows":41})";

class Status : public QueryTest {};

TEST_F(Status, OneScreen) {
  hub.answer("status", {kHealthy});
  hub.answer("top", {R"({"by":"jail","key":"docker","offences":40})", R"({"by":"jail","key":"sshd","offences":2})"});
  EXPECT_EQ(run({"status"}), ExitCode::ok);
  EXPECT_EQ(out.str(),
            "hub control (breakwater-hub 0.1.0): ok, up 3h 5m\n"
            "  nodes      3/3 connected\n"
            "  bans       17 active, 2 allowed, 41 being counted\n"
            "  offences   42 in the last minute\n"
            "  decisions  newest 1205 of epoch 3, log from 1\n"
            "  ledger     812 commits, p50 1.2 ms, p99 4.3 ms\n"
            "  jails      docker: 5 in 10m bans for 10m, fleet: 6 on 2 nodes\n"
            "             sshd: 5 in 10m bans for ever, each node alone (observed only)\n"
            "  counted    offences 812, bans 17\n");
  EXPECT_EQ(last_question().args.at("since"), "1769851315123");
}

TEST_F(Status, DegradedIsExitCode5AndSaysWhy) {
  hub.answer("status", {R"({"hub":"control","state":"degraded","problems":["the ledger does not commit: disk full"],
    "alarms":[{"text":"jail sshd differs on host2","count":3,"first":1769851300000,"last":1769851372123}],
    "nodes":{"enrolled":3,"connected":1,"late":0,"lost":2,"lagging":1},
    "ledger":{"failures":4,"pending_offences":900,"error":"disk I/O error"},"now":1769851375123})"});
  EXPECT_EQ(run({"status"}), ExitCode::degraded);
  EXPECT_THAT(out.str(), HasSubstr("): degraded"));
  EXPECT_THAT(out.str(), HasSubstr("1/3 connected, 2 lost, 1 lagging"));
  EXPECT_THAT(out.str(), HasSubstr("900 offences waiting, 4 failed"));
  EXPECT_THAT(out.str(), HasSubstr("disk I/O error"));
  EXPECT_THAT(out.str(), HasSubstr("PROBLEM    the ledger does not commit: disk full"));
  EXPECT_THAT(out.str(), HasSubstr("alarm      jail sshd differs on host2 (3 times), 3s ago"));
  EXPECT_THAT(out.str(), HasSubstr("offences   unknown"));  // `top` had no answer: said, not guessed
  hub.answer("status", {R"({"state":"degraded"})"});
  EXPECT_EQ(run({"status", "--output", "json"}), ExitCode::degraded);
  EXPECT_EQ(out.str(), "{\"state\":\"degraded\"}\n");
}

TEST_F(Status, LongCountersWrap) {
  std::string row = R"({"hub":"c","state":"ok","counters":{)";
  for (int i = 0; i < 12; ++i)
    row += (i > 0 ? ",\"" : "\"") + std::string("counter_number_") + std::to_string(i) + "\":1";
  hub.answer("status", {row + "}}"});
  width = 80;
  run({"status"});
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(line.size(), 80u) << line;
  EXPECT_THAT(out.str(), HasSubstr("counter_number_11 1"));
}

TEST_F(Status, AnAnswerWithoutARowIsNoAnswer) {
  hub.answer("status", {});
  EXPECT_EQ(run({"status"}), ExitCode::hub_away);
  hub.answer("status", {"nonsense"});
  EXPECT_EQ(run({"status"}), ExitCode::hub_away);
}

TEST_F(Status, NoColourUnlessATerminal) {
  hub.answer("status", {kHealthy});
  run({"status"});
  EXPECT_EQ(out.str().find('\x1b'), std::string::npos);
  colour = true;
  hub.answer("status", {kHealthy});
  run({"status"});
  EXPECT_THAT(out.str(), HasSubstr("\x1b[32mok\x1b[0m"));
}

}  // namespace
}  // namespace breakwater
