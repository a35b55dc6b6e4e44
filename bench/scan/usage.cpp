// SPDX-License-Identifier: Apache-2.0
// bench_usage FILE CPU COMMAND [ARGUMENT...]: runs the command on that processor and writes what it took to FILE, as
// JSON. A small program of its own because the peak memory that the kernel tells of a child is never less than what
// its parent had when it forked.
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "bench_usage: %s: %s\n", what, std::strerror(errno));
  std::exit(2);
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

void pin_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) give_up("sched_setaffinity");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: bench_usage FILE CPU COMMAND [ARGUMENT...]\n");
    return 2;
  }
  pin_to(std::atoi(argv[2]));
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child < 0) give_up("fork");
  if (child == 0) {
    execvp(argv[3], argv + 3);
    std::fprintf(stderr, "bench_usage: %s: %s\n", argv[3], std::strerror(errno));
    _exit(127);
  }
  int status = 0;
  rusage used{};
  while (wait4(child, &status, 0, &used) < 0) {
    if (errno != EINTR) give_up("wait4");
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  std::FILE* const out = std::fopen(argv[1], "w");
  if (out == nullptr) give_up(argv[1]);
  std::fprintf(out, "{\"user_s\":%.6f,\"system_s\":%.6f,\"wall_s\":%.6f,\"peak_rss_kb\":%ld,\"status\":%d}\n",
               seconds(used.ru_utime), seconds(used.ru_stime), wall.count(), used.ru_maxrss,
               WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return std::fclose(out) == 0 ? 0 : 2;
}
