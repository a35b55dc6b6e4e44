// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/command.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/unique_fd.h"

namespace breakwater {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
constexpr std::size_t kErrorLimit = 4096;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("pipe");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// A file in memory: the child reads it at its own pace, so we never write into a dead pipe.
Result<UniqueFd> make_input(std::string_view input) {
  UniqueFd file(::memfd_create("input", MFD_CLOEXEC));
  if (!file) return system_error("memfd_create");
  while (!input.empty()) {
    const ssize_t n = ::write(file.get(), input.data(), input.size());
    if (n < 0) return system_error("writing a program's input");
    input.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return system_error("lseek");
  return file;
}

class SpawnSetup {
 public:
  SpawnSetup(int in, int out, int err) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_adddup2(&actions_, in, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, out, 1);
    ::posix_spawn_file_actions_adddup2(&actions_, err, 2);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnSetup() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  Result<pid_t> spawn(const std::string& path, const std::vector<std::string>& argv) {
    std::vector<char*> arguments;
    for (const auto& word : argv)
      arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    std::vector<std::string> environment{"PATH=/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin", "LC_ALL=C"};
    if (const char* lock = std::getenv("XTABLES_LOCKFILE"))
      environment.push_back(std::string("XTABLES_LOCKFILE=") + lock);
    std::vector<char*> variables;
    for (auto& variable : environment)
      variables.push_back(variable.data());
    variables.push_back(nullptr);
    pid_t pid = -1;
    const int rc = ::posix_spawn(&pid, path.c_str(), &actions_, &attributes_, arguments.data(), variables.data());
    if (rc != 0) return system_error("starting " + path, rc);
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

int milliseconds_until(SteadyTime deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, 1'000'000));
}

// False at end of file.
bool read_some(int fd, std::string& into, std::size_t keep) {
  std::array<char, 65536> buffer;
  const ssize_t n = ::read(fd, buffer.data(), buffer.size());
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  if (n == 0) return false;
  into.append(buffer.data(), std::min(static_cast<std::size_t>(n), keep - std::min(keep, into.size())));
  return true;
}

Result<void> collect(Pipe& out, Pipe& err, SteadyTime deadline, std::size_t limit, CommandOutput& output) {
  while (out.read || err.read) {
    std::array<pollfd, 2> waits{pollfd{out.read.get(), POLLIN, 0}, pollfd{err.read.get(), POLLIN, 0}};
    const int ready = ::poll(waits.data(), waits.size(), milliseconds_until(deadline));
    if (ready == 0) return Error("took too long");
    if (ready < 0 && errno != EINTR) return system_error("poll");
    if (ready < 0) continue;
    if (waits[0].revents != 0 && !read_some(out.read.get(), output.out, limit + 1)) out.read.reset();
    if (waits[1].revents != 0 && !read_some(err.read.get(), output.err, kErrorLimit)) err.read.reset();
    if (output.out.size() > limit) return Error("wrote more than " + std::to_string(limit) + " bytes");
  }
  return {};
}

// A program that has closed its output ends at once; one that does not is killed at the deadline.
Result<int> reap(pid_t pid, SteadyTime deadline) {
  // Not by <sys/pidfd.h>: glibc 2.36 declares it without extern "C".
  const UniqueFd ended(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!ended) return system_error("pidfd_open");
  pollfd wait{ended.get(), POLLIN, 0};
  while (::poll(&wait, 1, milliseconds_until(deadline)) < 0 && errno == EINTR) {
  }
  const bool late = wait.revents == 0;
  if (late) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return system_error("waitpid");
  }
  if (late) return Error("took too long");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::string find_program(std::string_view name) {
  if (name.find('/') != std::string_view::npos) return std::string(name);
  for (const char* directory : {"/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/", "/usr/local/sbin/"}) {
    std::string path = std::string(directory) + std::string(name);
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

Result<CommandOutput> run_command(const std::vector<std::string>& argv, std::string_view input, CommandLimits limits) {
  const std::string path = find_program(argv.at(0));
  if (path.empty()) return Error("no program " + argv[0] + " on this host");
  const auto deadline = std::chrono::steady_clock::now() + limits.timeout;
  auto in = make_input(input);
  if (!in) return in.error();
  auto out = make_pipe();
  auto err = make_pipe();
  if (!out) return out.error();
  if (!err) return err.error();
  const auto pid = SpawnSetup(in->get(), out->write.get(), err->write.get()).spawn(path, argv);
  if (!pid) return pid.error();
  out->write.reset();
  err->write.reset();

  CommandOutput output;
  const auto collected = collect(*out, *err, deadline, limits.output, output);
  if (!collected) ::kill(*pid, SIGKILL);
  const auto status = reap(*pid, deadline);
  if (!collected) return collected.error().within(argv[0]);
  if (!status) return status.error().within(argv[0]);
  output.exit_code = *status;
  output.err = std::string(trimmed(output.err));
  return output;
}

}  // namespace breakwater
