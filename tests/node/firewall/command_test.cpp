// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/command.h"

#include <gtest/gtest.h>

#include "common/runtime/system_clock.h"
#include "node/adapters/firewall/choose_firewall.h"
#include "node/adapters/firewall/xtables.h"

namespace breakwater {
namespace {

using namespace std::chrono_literals;

TEST(RunCommand, GivesOutputAndExitCode) {
  const auto done = run_command({"sh", "-c", "cat; echo wrong >&2; exit 3"}, "hello\n");
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(done->exit_code, 3);
  EXPECT_EQ(done->out, "hello\n");
  EXPECT_EQ(done->err, "wrong");
}

TEST(RunCommand, NoShellLooksAtTheArguments) {
  const auto done = run_command({"echo", "$(id)", "; true", "*"});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->out, "$(id) ; true *\n");
}

TEST(RunCommand, ABigInputAndOutput) {
  const std::string input(3'000'000, 'x');
  const auto done = run_command({"cat"}, input);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->out, input);
}

TEST(RunCommand, TheEnvironmentIsFixed) {
  const auto done = run_command({"env"});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->out.find("HOME="), std::string::npos);
  EXPECT_NE(done->out.find("LC_ALL=C\n"), std::string::npos);
}

TEST(RunCommand, TooMuchOutputIsAnError) {
  const auto done = run_command({"yes"}, {}, {.timeout = 20s, .output = 100'000});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message(), "yes: wrote more than 100000 bytes");
}

TEST(RunCommand, TooSlowIsAnError) {
  const auto done = run_command({"sleep", "600"}, {}, {.timeout = 50ms});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message(), "sleep: took too long");
}

TEST(RunCommand, SlowAfterClosingItsOutputIsAnErrorToo) {
  const auto done = run_command({"sh", "-c", "exec sleep 600 >&- 2>&-"}, {}, {.timeout = 100ms});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message(), "sh: took too long");
}

TEST(RunCommand, AMissingProgramIsNamed) {
  const auto done = run_command({"no-such-program-here"});
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message().find("no-such-program-here"), std::string::npos);
}

TEST(RunCommand, ASignalIsAnExitCode) {
  const auto done = run_command({"sh", "-c", "kill -TERM $$"});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->exit_code, 128 + 15);
}

TEST(XtablesProblem, NamesTheMissingCapability) {
  const auto text = [](int code, const char* err) {
    return xtables_problem("iptables-restore", {.exit_code = code, .out = {}, .err = err});
  };
  EXPECT_NE(text(2, "iptables-restore: Can't open socket to ipset.").find("CAP_NET_RAW"), std::string::npos);
  EXPECT_NE(
      text(4, "Could not fetch rule set generation id: Permission denied (you must be root)").find("CAP_NET_ADMIN"),
      std::string::npos);
  EXPECT_NE(text(1, "table `filter' is incompatible, use 'nft' tool.").find("native nft rules"), std::string::npos);
  EXPECT_NE(text(3, "odd\nline").find("exit 3, \"odd\\nline\""), std::string::npos) << "outside text is escaped";
}

TEST(ChooseFirewall, AnUnknownNameIsRefused) {
  const SystemClock clock;
  const auto chosen = choose_firewall("pf", clock);
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().message(), "there is no firewall backend \"pf\" (try auto, iptables or iptables-rules)");
}

}  // namespace
}  // namespace breakwater
