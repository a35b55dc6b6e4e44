// SPDX-License-Identifier: Apache-2.0
// Signals as a descriptor for the reactor.
#pragma once

#include <initializer_list>
#include <optional>

#include "common/base/result.h"
#include "common/base/unique_fd.h"

namespace breakwater {

// Blocks the given signals for the calling thread and all threads it starts from then on, and delivers them through a
// descriptor. Make it first thing in main(), before any ZeroMQ context or thread exists: a thread started earlier
// would still be killed by the signal. SIGPIPE is ignored as well.
//
// Blocked signals are inherited over fork and exec: a child process must be started with a clean mask.
class Signals {
 public:
  static Result<Signals> block(std::initializer_list<int> signals);

  int fd() const { return fd_.get(); }
  // The next pending signal; nullopt if there is none. Read until nullopt, or be called again.
  std::optional<int> next();

 private:
  explicit Signals(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace breakwater
