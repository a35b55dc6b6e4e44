// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>

namespace breakwater {

Result<Signals> Signals::block(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) {
    if (sigaddset(&set, signal) != 0) return system_error("blocking signals");
  }
  if (const int error = pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0) {
    return system_error("blocking signals", error);
  }
  if (::signal(SIGPIPE, SIG_IGN) == SIG_ERR) return system_error("ignoring SIGPIPE");
  UniqueFd fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd) return system_error("signalfd");
  return Signals(std::move(fd));
}

std::optional<int> Signals::next() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace breakwater
