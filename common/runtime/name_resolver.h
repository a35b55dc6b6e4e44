// SPDX-License-Identifier: Apache-2.0
// Looks names up without stopping the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/runtime/reactor.h"

namespace breakwater {

using LookUp = std::function<Result<std::vector<std::string>>(const std::string& host)>;

// getaddrinfo(3) in a helper thread, at most one at a time. A dead name server may hold the thread for half a minute;
// it is then left behind, also at the end of the process.
class NameResolver {
 public:
  using Done = std::function<void(Result<std::vector<std::string>>)>;

  // `look_up` is called on the helper thread and must be thread-safe.
  static Result<NameResolver> create(Reactor& reactor, LookUp look_up);
  NameResolver(NameResolver&&) noexcept;
  NameResolver& operator=(NameResolver&&) = delete;
  ~NameResolver();

  // `done` is called on the reactor's thread. While a lookup runs, another start() only replaces `done` (the host is
  // expected to be the same).
  void start(const std::string& host, Done done);

 private:
  struct State;
  explicit NameResolver(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace breakwater
