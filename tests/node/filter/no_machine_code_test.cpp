// SPDX-License-Identifier: Apache-2.0
// The shipped unit forbids memory that is written and then executed (MemoryDenyWriteExecute). Filters must give the
// same answers there: those of fail2ban too, on all of its samples.
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PR_SET_MDWE  // Linux 6.3
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

namespace breakwater {
namespace {

// What filter_verdicts prints. Exit status kNotThere: the kernel cannot forbid it.
constexpr int kNotThere = 77;

std::string verdicts(bool may_make_machine_code, int& status) {
  int ends[2];
  if (pipe(ends) != 0) return "";
  const pid_t child = fork();
  if (child == 0) {
    if (!may_make_machine_code && prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0) _exit(kNotThere);
    dup2(ends[1], STDOUT_FILENO);
    execl(FILTER_VERDICTS, FILTER_VERDICTS, nullptr);
    _exit(1);
  }
  close(ends[1]);
  std::string text;
  char block[4096];
  for (ssize_t count = 0; (count = read(ends[0], block, sizeof block)) > 0;)
    text.append(block, static_cast<std::size_t>(count));
  close(ends[0]);
  waitpid(child, &status, 0);
  status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return text;
}

TEST(WithoutMachineCode, FiltersGiveTheSameAnswers) {
  const std::string yes = "machine code: yes\n", no = "machine code: no\n";
  int status = 0;
  const std::string interpreted = verdicts(false, status);
  if (status == kNotThere) GTEST_SKIP() << "the kernel lacks PR_SET_MDWE (Linux 6.3)";
  ASSERT_EQ(status, 0);
  ASSERT_EQ(interpreted.substr(0, no.size()), no);
  const std::string usual = verdicts(true, status);
  ASSERT_EQ(status, 0);
  if (!usual.starts_with(yes)) GTEST_SKIP() << "machine code is forbidden here anyway: nothing to compare with";
  EXPECT_NE(usual.find("203.0.113.7"), std::string::npos);
  if (std::filesystem::exists("/etc/fail2ban/filter.d/sshd.conf")) {
    EXPECT_NE(usual.find("filter sshd[mode=aggressive]"), std::string::npos);
  }
  EXPECT_EQ(interpreted.substr(no.size()), usual.substr(yes.size()));
}

}  // namespace
}  // namespace breakwater
