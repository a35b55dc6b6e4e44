// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/hub/query/query_fixture.h"

namespace breakwater {
namespace {

using testing::HasSubstr;

class Watch : public QueryTest {
 protected:
  void record() {
    hub.answer("watch", {});
    hub.answer("watch", {R"({"type":"offence","at":1769851375118,"received_at":1769851375121,"who":"203.0.113.7",
      "jail":"docker","node":"host1","container":"web","image":"nginx","sample":"POST /xmlrpc.php"})"});
    hub.answer("watch", {R"({"type":"decision","op":"ban","who":"203.0.113.7","until":1769851975000,
      "decided_at":1769851375123,"epoch":3,"seq":7,"jail":"docker","by":"policy","reason":"6 offences"})",
                         R"({"type":"enforced","node":"host2","epoch":3,"seq":7,"at":1769851375127,"failed":0,
      "who":"203.0.113.7","op":"ban","after_ms":4})"});
    hub.answer("watch", {});
    hub.answer("watch", {R"({"type":"node","node":"host3","state":"lost","at":1769851376000,"text":"silent for 15 s"})",
                         R"({"type":"dropped","count":12})", R"({"type":"of the future","x":1})"});
  }
};

TEST_F(Watch, PrintsEventsAsTheyCome) {
  record();
  hub.interrupted = true;
  EXPECT_EQ(run({"watch"}), ExitCode::ok);
  EXPECT_EQ(out.str(),
            "09:22:55.118Z  offence   203.0.113.7  docker  host1/web  POST /xmlrpc.php\n"
            "09:22:55.123Z  ban       203.0.113.7  until 2026-01-31T09:32:55.000Z  by policy  6 offences\n"
            "09:22:55.127Z  enforced  host2  ban 203.0.113.7  +4 ms  (all up to 7)\n"
            "09:22:56.000Z  node      host3  lost  silent for 15 s\n"
            "-  dropped   12 events left out: this terminal reads too slowly\n"
            "{\"type\":\"of the future\",\"x\":1}\n");
}

TEST_F(Watch, LinesFitTheTerminal) {
  record();
  hub.interrupted = true;
  width = 50;
  run({"watch"});
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(display_width(line), 50u) << line;
}

TEST_F(Watch, FiltersAndLimit) {
  record();
  EXPECT_EQ(run({"watch", "203.0.113.7", "--jail", "docker", "--limit", "2", "--output", "json"}), ExitCode::ok);
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_EQ(last_question().args, (std::map<std::string, std::string>{{"who", "203.0.113.7"}, {"jail", "docker"}}));
}

TEST_F(Watch, AHubThatGoesAwayIsExitCode3) {
  record();
  EXPECT_EQ(run({"watch"}), ExitCode::hub_away);
  EXPECT_THAT(err.str(), HasSubstr("nobody listens"));
}

TEST_F(Watch, RefusedIsExitCode4) {
  hub.refuse("watch", 400, "unknown argument");
  EXPECT_EQ(run({"watch"}), ExitCode::refused);
}

TEST_F(Watch, EndsWhenNobodyReadsTheOutput) {
  record();
  out.setstate(std::ios::badbit);
  EXPECT_EQ(run({"watch"}), ExitCode::output);
}

}  // namespace
}  // namespace breakwater
