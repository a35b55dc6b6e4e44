// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/hub/query/query_fixture.h"

namespace breakwater {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kSummary =
    R"({"type":"summary","who":"203.0.113.7","banned":true,"until":1769851973123,"jail":"docker",
  "reason":"2 offences on host1","decided_at":1769851373123,"allowed":false,"offences":2,"nodes":1,"decisions":1,
  "first":1769851373000,"last":1769851373121})";
const std::string kDecision = R"({"type":"decision","op":"ban","who":"203.0.113.7","until":1769851973123,
  "decided_at":1769851373123,"epoch":3,"seq":1204,"jail":"docker","node":"host1","by":"policy",
  "reason":"2 offences on host1","enforced":[{"node":"host1","at":1769851373124,"after_ms":1},
  {"node":"host2","at":1769851373127,"after_ms":4},{"node":"host4"}],"missing":[{"node":"host3","state":"lost"}],
  "superseded":false})";
const std::string kSecond = R"({"type":"offence","id":2,"at":1769851373118,"received_at":1769851373121,
  "who":"203.0.113.7","jail":"docker","node":"host1","container":"web","image":"nginx:1.25",
  "sample":"203.0.113.7 - - \"POST /xmlrpc.php HTTP/1.1\" 200 5"})";
const std::string kFirst = R"({"type":"offence","id":1,"at":1769851372998,"received_at":1769851373000,
  "who":"203.0.113.7","jail":"sshd","node":"host2","container":"/var/log/auth.log","sample":"Failed password"})";

class Why : public QueryTest {};

TEST_F(Why, TellsAStory) {
  hub.answer("why", {kSummary, kDecision, kSecond, kFirst});
  EXPECT_EQ(run({"why", "203.0.113.7"}), ExitCode::ok);
  EXPECT_EQ(
      out.str(),
      "203.0.113.7 is banned, ends in 9m 58s (2026-01-31T09:32:53.123Z)\n"
      "  jail: docker\n"
      "  reason: 2 offences on host1\n"
      "  known: 2 offences on 1 node, 1 decision, first 2s ago, last 2s ago\n"
      "\n"
      "2026-01-31T09:22:52.998Z  offence  jail sshd on host2, /var/log/auth.log\n"
      "    Failed password\n"
      "2026-01-31T09:22:53.118Z  offence  jail docker on host1, web (nginx:1.25)\n"
      "    203.0.113.7 - - \"POST /xmlrpc.php HTTP/1.1\" 200 5\n"
      "2026-01-31T09:22:53.123Z  DECIDED  ban until 2026-01-31T09:32:53.123Z, decision 1204 of epoch 3 by policy\n"
      "    reason: 2 offences on host1\n"
      "    enforced on 3 nodes: host1 +1 ms, host2 +4 ms, host4\n"
      "    NOT enforced on host3 (lost)\n");
  EXPECT_EQ(last_question().args.at("who"), "203.0.113.7");
}

TEST_F(Why, TimelineInMilliseconds) {
  hub.answer("why", {kSummary, kDecision, kSecond, kFirst});
  EXPECT_EQ(run({"why", "203.0.113.7", "--timeline"}), ExitCode::ok);
  EXPECT_THAT(out.str(), HasSubstr("2026-01-31T09:22:52.998Z is +0\n"
                                   "  MS  WHAT      WHERE\n"
                                   "  +0  logged    host2  sshd /var/log/auth.log\n"
                                   "  +2  received  hub    from host2\n"
                                   "+120  logged    host1  docker web\n"
                                   "+123  received  hub    from host1\n"
                                   "+125  decided   hub    ban 1204 by policy\n"
                                   "+126  enforced  host1  ban 1204\n"
                                   "+129  enforced  host2  ban 1204\n"));
  EXPECT_THAT(out.str(), Not(HasSubstr("host4  ban")));  // it is known that, not when
}

TEST_F(Why, AShortenedListOfNodesIsSaidToBeOne) {
  hub.answer("why", {R"({"type":"summary","who":"203.0.113.7","banned":true,"until":null})",
                     R"({"type":"decision","op":"ban","who":"203.0.113.7","until":null,"decided_at":1,"by":"root",
    "enforced":[{"node":"host1","after_ms":1}],"enforced_on":900})"});
  EXPECT_EQ(run({"why", "203.0.113.7"}), ExitCode::ok);
  EXPECT_THAT(out.str(), HasSubstr("enforced on 900 nodes: host1 +1 ms, and 899 more\n"));
}

TEST_F(Why, UnknownIsExitCode1) {
  hub.refuse("why", 404, "nothing is known of 203.0.113.7");
  EXPECT_EQ(run({"why", "203.0.113.7"}), ExitCode::nothing);
  EXPECT_EQ(out.str(), "");
  EXPECT_EQ(err.str(), "nothing is known of 203.0.113.7\n");
}

TEST_F(Why, AllowedCoveredAndNeverBanned) {
  hub.answer("why", {R"({"type":"summary","who":"203.0.113.7","banned":false,"allowed":true,"until":null,
    "covered_by":"203.0.113.0/24","never_ban":"203.0.112.0/20","offences":0,"nodes":0,"decisions":1})"});
  EXPECT_EQ(run({"why", "203.0.113.7"}), ExitCode::ok);
  EXPECT_THAT(out.str(), HasSubstr("203.0.113.7 is allowed: it is never banned\n  as part of 203.0.113.0/24\n"));
  EXPECT_THAT(out.str(), HasSubstr("ignoreip 203.0.112.0/20"));
}

TEST_F(Why, WhatIsOverIsNotMissedAnywhere) {
  hub.answer("why", {R"({"type":"summary","who":"203.0.113.7","banned":false})",
                     R"({"type":"decision","op":"ban","who":"203.0.113.7","until":null,"decided_at":1,"seq":1,"epoch":1,
    "by":"root","enforced":[],"missing":[{"node":"host3","state":"lost"}],"superseded":true})"});
  EXPECT_EQ(run({"why", "203.0.113.7"}), ExitCode::ok);
  EXPECT_THAT(out.str(), HasSubstr("(over)"));
  EXPECT_THAT(out.str(), HasSubstr("until for ever"));
  EXPECT_THAT(out.str(), Not(HasSubstr("NOT enforced")));
}

TEST_F(Why, ADecisionAboutARangeAroundItSaysSo) {
  hub.answer("why",
             {R"({"type":"summary","who":"203.0.113.7","banned":true,"until":null})",
              R"({"type":"decision","op":"ban","who":"203.0.113.0/24","until":null,"decided_at":1,"by":"root"})"});
  EXPECT_EQ(run({"why", "203.0.113.7"}), ExitCode::ok);
  EXPECT_THAT(out.str(), HasSubstr("    for 203.0.113.0/24\n"));
}

}  // namespace
}  // namespace breakwater
