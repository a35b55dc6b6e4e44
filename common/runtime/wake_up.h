// SPDX-License-Identifier: Apache-2.0
// Lets another thread wake the reactor: an eventfd.
#pragma once

#include "common/base/result.h"
#include "common/base/unique_fd.h"

namespace breakwater {

//   reactor.watch_fd(wake.fd(), POLLIN, [&](short) { wake.clear(); take_results(); });
class WakeUp {
 public:
  static Result<WakeUp> create();

  int fd() const { return fd_.get(); }
  // From any thread; any number of calls before clear() are one wake-up.
  void wake();
  // On the reactor's thread, before looking for what was announced.
  void clear();

 private:
  explicit WakeUp(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace breakwater
