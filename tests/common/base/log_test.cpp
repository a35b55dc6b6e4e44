// SPDX-License-Identifier: Apache-2.0
#include "common/log/log.h"

#include <cstdlib>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/log/journal.h"

namespace breakwater {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

// What `act` writes to stderr.
template <class Act>
std::string logged(Act act) {
  testing::internal::CaptureStderr();
  act();
  return testing::internal::GetCapturedStderr();
}

class Log : public testing::Test {
 protected:
  void TearDown() override { set_log_level(LogLevel::info); }
};

TEST_F(Log, OneLineAnEvent) {
  EXPECT_EQ(logged([] {
              log_info("ban", {{"who", "203.0.113.7"}, {"jail", "sshd"}, {"offences", 5}});
            }),
            "info ban who=203.0.113.7 jail=sshd offences=5\n");
  EXPECT_EQ(logged([] { log_error("hub gone"); }), "error hub gone\n");
  EXPECT_EQ(logged([] { log_warning("skew", {{"ms", std::int64_t{-3000}}}); }), "warning skew ms=-3000\n");
}

TEST_F(Log, ValuesThatCouldBeMisreadAreQuoted) {
  EXPECT_EQ(logged([] {
              log_info("x", {{"a", ""}, {"b", "two words"}, {"c", "d=e"}});
            }),
            "info x a=\"\" b=\"two words\" c=\"d=e\"\n");
  EXPECT_EQ(logged([] {
              log_info("x", {{"a", "say \"hi\""}, {"b", "\\"}});
            }),
            "info x a=\"say \\\"hi\\\"\" b=\"\\\\\"\n");
}

TEST_F(Log, NobodyForgesALine) {
  const std::string attack = "x\"\nerror ban who=198.51.100.1\r\x1b[2K<0>";
  const std::string line = logged([&] { log_info("offence", {{"sample", attack}, {"jail", "web"}}); });
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(line.find('\r'), std::string::npos);
  EXPECT_EQ(line, "info offence sample=\"x\\\"\\nerror ban who=198.51.100.1\\r\\x1b[2K<0>\" jail=web\n");
}

TEST_F(Log, LongValuesAreCut) {
  const std::string line = logged([] { log_info("x", {{"a", std::string(1 << 20, 'a')}}); });
  EXPECT_LT(line.size(), 2100u);
  EXPECT_NE(line.find("..."), std::string::npos);
}

TEST_F(Log, LevelsBelowTheThresholdAreSilent) {
  EXPECT_EQ(logged([] { log_debug("x"); }), "");
  set_log_level(LogLevel::error);
  EXPECT_EQ(logged([] {
              log_info("x");
              log_warning("x");
            }),
            "");
  EXPECT_EQ(logged([] { log_error("x"); }), "error x\n");
  EXPECT_FALSE(log_enabled(LogLevel::warning));
  set_log_level(LogLevel::debug);
  EXPECT_TRUE(log_enabled(LogLevel::debug));
  EXPECT_EQ(logged([] { log_debug("x"); }), "debug x\n");
}

TEST_F(Log, LinesOfSeveralThreadsStayWhole) {
  const std::string text = logged([] {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([t] {
        for (int i = 0; i < 200; ++i)
          log_info("x", {{"thread", t}, {"n", i}});
      });
    }
  });
  std::set<std::string_view> lines;
  for (const auto line : split(text, '\n')) {
    if (!line.empty()) lines.insert(line);
  }
  EXPECT_EQ(lines.size(), 800u);
  for (const auto line : lines)
    EXPECT_TRUE(line.starts_with("info x thread=")) << line;
}

// JOURNAL_STREAM is looked at once in a process, so this is a process of its own.
TEST(LogDeathTest, TheJournalGetsPriorities) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto log_to_journal = [] {
    struct stat status {};
    fstat(STDERR_FILENO, &status);
    const std::string stream = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
    setenv("JOURNAL_STREAM", stream.c_str(), 1);
    set_journal_path("/nonexistent");  // nobody listens: stderr it is
    log_error("hub gone", {{"for", "3s"}});
    log_info("ban");
    std::_Exit(0);
  };
  EXPECT_EXIT(log_to_journal(), testing::ExitedWithCode(0), "^<3>hub gone for=3s\n<6>ban\n");
}

TEST(LogDeathTest, AnotherStreamOfTheJournalIsNotOurs) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto log_elsewhere = [] {
    setenv("JOURNAL_STREAM", "1:2", 1);
    log_error("hub gone");
    std::_Exit(0);
  };
  EXPECT_EXIT(log_elsewhere(), testing::ExitedWithCode(0), "^error hub gone\n");
}

TEST(LogRateLimit, LetsOneThroughAndCountsTheRest) {
  LogRateLimit limit(1min);
  Tick now{};  // a machine that has just started: time zero is a time like any other
  EXPECT_TRUE(limit.allows(now));
  EXPECT_EQ(limit.held_back(), 0u);
  for (int i = 0; i < 412; ++i)
    EXPECT_FALSE(limit.allows(now + Duration(i * 100)));
  EXPECT_TRUE(limit.allows(now + 1min));
  EXPECT_EQ(limit.held_back(), 412u);
  EXPECT_FALSE(limit.allows(now + 1min + 1ms));
  EXPECT_TRUE(limit.allows(now + 2min));
  EXPECT_EQ(limit.held_back(), 1u);
  EXPECT_TRUE(limit.allows(now + 60min));
  EXPECT_EQ(limit.held_back(), 0u);
}

}  // namespace
}  // namespace breakwater
