// SPDX-License-Identifier: Apache-2.0
#include "hub/query/options.h"

#include <cstdlib>

#include <gtest/gtest.h>

namespace breakwater {
namespace {

using namespace std::chrono_literals;

class OptionsTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"BREAKWATER_HUB", "BREAKWATER_KEY", "BREAKWATER_HUB_KEY"})
      unsetenv(name);
  }
  void TearDown() override { SetUp(); }

  static Options good(const std::vector<std::string>& arguments) {
    auto parsed = parse_options(arguments);
    if (const auto* farewell = std::get_if<Farewell>(&parsed)) {
      ADD_FAILURE() << farewell->text;
      return {};
    }
    return std::get<Options>(parsed);
  }
  static Farewell farewell(const std::vector<std::string>& arguments) {
    auto parsed = parse_options(arguments);
    if (!std::holds_alternative<Farewell>(parsed)) {
      ADD_FAILURE() << "was accepted: " << testing::PrintToString(arguments);
      return {};
    }
    return std::get<Farewell>(parsed);
  }
};

TEST_F(OptionsTest, EveryVerbIsKnown) {
  for (const char* verb : {"status", "nodes", "bans", "offences", "top", "watch"}) {
    EXPECT_EQ(name_of(good({verb}).verb), verb);
  }
  for (const char* verb : {"why", "ban", "unban", "allow", "disallow"}) {
    EXPECT_EQ(name_of(good({verb, "203.0.113.7"}).verb), verb);
    EXPECT_EQ(farewell({verb}).code, ExitCode::usage) << verb;
    EXPECT_EQ(farewell({verb, "localhost"}).code, ExitCode::usage) << verb;
  }
}

TEST_F(OptionsTest, CommonOptionsStandBeforeOrBehindTheVerb) {
  for (const auto& arguments :
       {std::vector<std::string>{"--hub", "tcp://hub.example:7777", "--output", "json", "--limit", "7", "bans"},
        std::vector<std::string>{"bans", "--hub", "tcp://hub.example:7777", "--output=json", "--limit", "7"}}) {
    const Options options = good(arguments);
    EXPECT_EQ(options.hub, "tcp://hub.example:7777");
    EXPECT_EQ(options.output, OutputForm::json);
    EXPECT_EQ(options.limit, 7u);
  }
}

TEST_F(OptionsTest, DefaultsAndEnvironment) {
  EXPECT_EQ(good({"status"}).hub, kLocalHub);
  EXPECT_EQ(good({"status"}).key, std::nullopt);
  setenv("BREAKWATER_HUB", "tcp://203.0.113.1:7777", 1);
  setenv("BREAKWATER_KEY", "/home/x/key", 1);
  setenv("BREAKWATER_HUB_KEY", "/home/x/hub.pub", 1);
  const Options options = good({"status"});
  EXPECT_EQ(options.hub, "tcp://203.0.113.1:7777");
  EXPECT_EQ(options.key, "/home/x/key");
  EXPECT_EQ(options.hub_key, "/home/x/hub.pub");
  EXPECT_EQ(good({"status", "--hub", "ipc:///run/other"}).hub, "ipc:///run/other");
}

TEST_F(OptionsTest, Orders) {
  const Options ban = good({"ban", "203.0.113.0/24", "--for", "1h", "--reason", "scanner of the week"});
  EXPECT_EQ(ban.who, *Prefix::parse("203.0.113.0/24"));
  EXPECT_EQ(ban.length, std::optional<Duration>(1h));
  EXPECT_EQ(ban.reason, "scanner of the week");
  EXPECT_EQ(good({"ban", "203.0.113.7"}).length, std::nullopt);
  const Options for_ever = good({"ban", "203.0.113.7", "--for=-1"});
  ASSERT_TRUE(for_ever.length);
  EXPECT_EQ(*for_ever.length, std::nullopt);
  EXPECT_EQ(good({"ban", "203.0.113.7", "--for", "-1"}).length, for_ever.length);
  EXPECT_EQ(farewell({"ban", "203.0.113.7", "--for", "soon"}).code, ExitCode::usage);
  EXPECT_EQ(farewell({"ban", "203.0.113.7", "--for", "0"}).code, ExitCode::usage);
  EXPECT_EQ(farewell({"unban", "203.0.113.7", "--for", "1h"}).code, ExitCode::usage);
}

TEST_F(OptionsTest, Filters) {
  const Options bans = good({"bans", "203.0.113.0/24", "--jail", "sshd", "--node", "host1", "--allowed"});
  EXPECT_EQ(bans.who, Prefix::parse("203.0.113.0/24").value());
  EXPECT_EQ(bans.jail, "sshd");
  EXPECT_EQ(bans.node, "host1");
  EXPECT_TRUE(bans.allowed);
  EXPECT_EQ(good({"bans"}).who, std::nullopt);
  EXPECT_EQ(good({"offences", "--since", "1h"}).since, Duration(1h));
  EXPECT_EQ(good({"top", "--by", "network", "--since", "1d"}).by, "network");
  EXPECT_EQ(good({"nodes", "web-*"}).node, "web-*");
  EXPECT_EQ(good({"bans"}).limit, std::nullopt);
  EXPECT_EQ(good({"bans", "--limit", "0"}).limit, 0u);
}

TEST_F(OptionsTest, UsageErrorsSayWhatWasMeant) {
  EXPECT_EQ(farewell({"stauts"}).text,
            "breakwater: unknown verb \"stauts\": did you mean \"status\"?\nTry: breakwater --help\n");
  EXPECT_NE(farewell({"ban", "203.0.113.7:80"}).text.find("\"203.0.113.7:80\" is not an IP address"),
            std::string::npos);
  EXPECT_NE(farewell({"status", "--output", "xml"}).text.find("table or json"), std::string::npos);
  EXPECT_NE(farewell({"status", "--hub", "hub.example"}).text.find("neither ipc:///PATH nor"), std::string::npos);
  EXPECT_EQ(farewell({"status", "--limit", "x"}).code, ExitCode::usage);
  EXPECT_EQ(farewell({"status", "--limit", "-1"}).code, ExitCode::usage);
  EXPECT_EQ(farewell({"status", "--timeout", "0"}).code, ExitCode::usage);
  EXPECT_EQ(farewell({"status", "--what"}).code, ExitCode::usage);
  EXPECT_EQ(farewell({"status", "nodes"}).code, ExitCode::usage);
  EXPECT_EQ(farewell({}).code, ExitCode::usage);
  EXPECT_EQ(farewell({"ban", "\x1b[2J"}).text.find('\x1b'), std::string::npos);
  EXPECT_EQ(farewell({"\x1b[2J"}).text.find('\x1b'), std::string::npos);
}

TEST_F(OptionsTest, HelpAndVersion) {
  EXPECT_EQ(farewell({"--version"}).code, ExitCode::ok);
  EXPECT_TRUE(farewell({"--version"}).text.starts_with("breakwater "));
  const Farewell help = farewell({"--help"});
  EXPECT_EQ(help.code, ExitCode::ok);
  for (const char* word : {"status", "disallow", "BREAKWATER_HUB", "Exit codes"}) {
    EXPECT_NE(help.text.find(word), std::string::npos) << word;
  }
  const Farewell verb_help = farewell({"ban", "--help"});
  EXPECT_EQ(verb_help.code, ExitCode::ok);
  EXPECT_NE(verb_help.text.find("--for"), std::string::npos);
}

}  // namespace
}  // namespace breakwater
