// SPDX-License-Identifier: Apache-2.0
// A hub that is away, mad or malicious; rows with an attacker's words in them.
#include <gmock/gmock.h>

#include "tests/hub/query/query_fixture.h"

namespace breakwater {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::vector<std::vector<std::string>> kEveryVerb = {{"status"},
                                                          {"nodes"},
                                                          {"bans"},
                                                          {"offences"},
                                                          {"why", "203.0.113.7"},
                                                          {"ban", "203.0.113.7"},
                                                          {"unban", "203.0.113.7"},
                                                          {"allow", "203.0.113.7"},
                                                          {"disallow", "203.0.113.7"},
                                                          {"top"},
                                                          {"watch"}};

class Hostile : public QueryTest {};

TEST_F(Hostile, HubAwayIsExitCode3AndSaysWhatToCheck) {
  for (const auto& arguments : kEveryVerb) {
    EXPECT_EQ(run(arguments), ExitCode::hub_away) << arguments[0];
    EXPECT_EQ(out.str(), "");
    EXPECT_THAT(err.str(), HasSubstr("nobody listens at /run/breakwater-hub/query.sock"));
    EXPECT_THAT(err.str(), HasSubstr("tried  ipc:///run/breakwater-hub/query.sock"));
    EXPECT_THAT(err.str(), HasSubstr("systemctl status breakwater-hub"));
  }
  run({"status", "--hub", "tcp://hub.example:7199"});
  EXPECT_THAT(err.str(), HasSubstr("tried  tcp://hub.example:7199"));
  EXPECT_THAT(err.str(), HasSubstr("--hub-key"));
}

TEST_F(Hostile, NotReadyIsExitCode3AndRefusedIs4) {
  for (const auto& arguments : kEveryVerb) {
    hub.refuse(arguments[0], 503, "the ledger does not answer");
    EXPECT_EQ(run(arguments), ExitCode::hub_away) << arguments[0];
    EXPECT_THAT(err.str(), HasSubstr("the ledger does not answer"));
    for (const std::uint16_t status : {std::uint16_t{400}, std::uint16_t{403}}) {
      hub.refuse(arguments[0], status, "not you");
      EXPECT_EQ(run(arguments), ExitCode::refused) << arguments[0];
      EXPECT_THAT(err.str(), HasSubstr("the hub refuses: not you"));
    }
    hub.refuse(arguments[0], 777, "");
    EXPECT_EQ(run(arguments), ExitCode::hub_away) << arguments[0];
    EXPECT_THAT(err.str(), HasSubstr("status 777"));
  }
}

TEST_F(Hostile, UnreadableRowsAreToldNotPrinted) {
  for (const auto& arguments : kEveryVerb) {
    for (const char* row : {"", "[]", "{\"who\":", "\x1b[2J"}) {
      hub.answer(arguments[0], {row});
      EXPECT_EQ(run(arguments), ExitCode::hub_away) << arguments[0] << " " << row;
      EXPECT_EQ((out.str() + err.str()).find('\x1b'), std::string::npos);
    }
  }
}

TEST_F(Hostile, EmptyObjectsBreakNothing) {
  for (const auto& arguments : kEveryVerb) {
    for (const char* row : {"{}", R"({"type":"offence"})", R"({"type":"decision"})", R"({"type":"summary"})",
                            R"({"type":"enforced"})", R"({"type":"node"})", R"({"type":"dropped"})"}) {
      hub.answer(arguments[0], {row});
      const ExitCode code = run(arguments);
      EXPECT_TRUE(code == ExitCode::ok || code == ExitCode::degraded || code == ExitCode::hub_away) << arguments[0];
    }
  }
}

// Every text of every row an attack on the terminal.
std::string poisoned_row() {
  const std::string poison = R"("x\u001b]0;owned\u0007\u001b[2J\n\rroot# \u009b31m\u202etxt.exe\u2028\u007f")";
  std::string row =
      "{\"type\":\"TYPE\",\"banned\":true,\"until\":9223372036854775807,\"at\":-9223372036854775808,"
      "\"decided_at\":9223372036854775807,\"since\":-1,\"now\":-5,\"started\":18446744073709551615,"
      "\"lag\":18446744073709551615,\"findtime_ms\":18446744073709551615,\"last\":0,\"first\":null";
  for (const char* key : {"who", "jail", "node", "container", "image", "sample", "reason", "by", "hub", "software",
                          "state", "op", "text", "covered_by", "never_ban", "key", "was"}) {
    row += ",\"" + std::string(key) + "\":" + poison;
  }
  row += ",\"problems\":[" + poison + "]";
  row += R"(,"ledger":{"error":)" + poison + "},\"counters\":{" + poison + ":7}";
  row += ",\"jails\":[{\"jail\":" + poison + "}]";
  row += ",\"enforced\":[{\"node\":" + poison + ",\"after_ms\":18446744073709551615}]";
  row += ",\"superseded\":false,\"alarms\":[" + poison + ",{\"text\":" + poison + "}]";
  return row + ",\"missing\":[{\"node\":" + poison + "}," + poison + "]}";
}

TEST_F(Hostile, NothingFromOutsideReachesTheTerminalAsAControl) {
  hub.interrupted = true;
  for (auto arguments : kEveryVerb) {
    for (const char* type : {"offence", "decision", "summary", "enforced", "node", "other"}) {
      for (const bool json : {false, true}) {
        std::string row = poisoned_row();
        row.replace(row.find("TYPE"), 4, type);
        hub.answer(arguments[0], {row});
        width = 100;
        auto with_output = arguments;
        with_output.insert(with_output.end(), {"--output", json ? "json" : "table"});
        run(with_output);
        const std::string text = out.str() + err.str();
        const std::string_view kind = type;
        const bool event = kind == "offence" || kind == "decision";
        const bool told = arguments[0] == "why"     ? event || kind == "summary"
                          : arguments[0] == "watch" ? event || kind == "enforced" || kind == "node"
                                                    : true;
        if (json || told) {
          EXPECT_THAT(text, HasSubstr("owned")) << arguments[0] << " " << type;
        }
        for (const char c : text)
          ASSERT_TRUE(c == '\n' || (c >= 0x20 && c != 0x7f)) << arguments[0] << ": " << text;
        if (json) {
          EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
        }
      }
    }
    if (arguments[0] == "why") {
      std::string row = poisoned_row();
      row.replace(row.find("TYPE"), 4, "decision");
      hub.answer("why", {row});
      run({"why", "203.0.113.7", "--timeline"});
      EXPECT_EQ(out.str().find('\x1b'), std::string::npos);
    }
  }
}

TEST_F(Hostile, TheHubsErrorsAreEscapedToo) {
  hub.refuse("bans", 400, "\x1b[2J\nforged line");
  run({"bans"});
  EXPECT_EQ(err.str(), "breakwater: the hub refuses: \\x1b[2J\\nforged line\n");
  hub.away = Error("\x1b]0;x\x07");
  run({"bans"});
  EXPECT_EQ(err.str().find('\x1b'), std::string::npos);
}

TEST_F(Hostile, AFloodOfRowsIsCutAtWhatWasAsked) {
  std::vector<std::string> rows(5000, R"({"who":"203.0.113.7"})");
  hub.answer("bans", rows, "c1");
  EXPECT_EQ(run({"bans", "--limit", "3", "--output", "json"}), ExitCode::ok);
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

TEST_F(Hostile, ADiskThatIsFullIsExitCode6) {
  hub.answer("bans", {R"({"who":"203.0.113.7"})"});
  out.setstate(std::ios::badbit);
  EXPECT_EQ(run({"bans", "--output", "json"}), ExitCode::output);
  EXPECT_THAT(err.str(), HasSubstr("could not be written"));
}

}  // namespace
}  // namespace breakwater
