// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/name_resolver.h"

#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <poll.h>

#include "common/runtime/wake_up.h"

namespace breakwater {
namespace {

using Addresses = Result<std::vector<std::string>>;

// Lives as long as the loop or the helper thread needs it.
struct Shared {
  explicit Shared(WakeUp w) : wake(std::move(w)) {}
  WakeUp wake;
  std::mutex mutex;
  std::optional<Addresses> answer;
};

}  // namespace

struct NameResolver::State {
  Reactor& reactor;
  LookUp look_up;
  std::shared_ptr<Shared> shared;
  Done done;
  bool running = false;

  void finish(Addresses answer) {
    running = false;
    const auto callback = std::exchange(done, nullptr);
    if (callback) callback(std::move(answer));
  }

  void on_wake() {
    shared->wake.clear();
    std::optional<Addresses> answer;
    {
      const std::lock_guard lock(shared->mutex);
      answer = std::exchange(shared->answer, std::nullopt);
    }
    if (answer) finish(std::move(*answer));
  }
};

Result<NameResolver> NameResolver::create(Reactor& reactor, LookUp look_up) {
  auto wake = WakeUp::create();
  if (!wake) return wake.error();
  auto state = std::make_unique<State>(
      State{reactor, std::move(look_up), std::make_shared<Shared>(std::move(*wake)), nullptr, false});
  reactor.watch_fd(state->shared->wake.fd(), POLLIN, [raw = state.get()](short) { raw->on_wake(); });
  return NameResolver(std::move(state));
}

NameResolver::NameResolver(std::unique_ptr<State> state) : state_(std::move(state)) {}
NameResolver::NameResolver(NameResolver&&) noexcept = default;

NameResolver::~NameResolver() {
  if (state_) state_->reactor.forget_fd(state_->shared->wake.fd());
}

void NameResolver::start(const std::string& host, Done done) {
  state_->done = std::move(done);
  if (std::exchange(state_->running, true)) return;
  try {
    std::thread([look_up = state_->look_up, shared = state_->shared, host] {
      auto answer = look_up(host);
      const std::lock_guard lock(shared->mutex);
      shared->answer.emplace(std::move(answer));
      shared->wake.wake();
    }).detach();
  } catch (const std::system_error& error) {
    // Not from here: the caller does not expect its callback before start() returns.
    state_->reactor.after(Duration(0), [state = state_.get(), why = Error(error.what())] { state->finish(why); });
  }
}

}  // namespace breakwater
