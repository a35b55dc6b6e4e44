// SPDX-License-Identifier: Apache-2.0
#include "hub/adapters/gate/key_watch.h"

#include <filesystem>
#include <memory>
#include <utility>

#include <poll.h>
#include <sys/inotify.h>

namespace breakwater {
namespace {

// Lets a burst of changes, and an editor that writes in place, come to an end.
constexpr Duration kSettle{20};
constexpr std::uint32_t kEvents =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

}  // namespace

struct KeyWatch::State {
  Reactor& reactor;
  KeyFolders folders;
  std::function<void()> on_change;
  UniqueFd inotify;
  Reactor::TimerId timer = 0;

  Result<void> watch_folders();
  void drain();
};

// Again after each change: a directory that was replaced has to be watched anew. Watching one twice changes nothing.
Result<void> KeyWatch::State::watch_folders() {
  for (const std::string& folder : {folders.nodes, folders.admins}) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return Error(error.message()).within("making " + folder);
    if (::inotify_add_watch(inotify.get(), folder.c_str(), kEvents) < 0) return system_error("watching " + folder);
  }
  return {};
}

void KeyWatch::State::drain() {
  alignas(inotify_event) char buffer[4096];
  while (::read(inotify.get(), buffer, sizeof buffer) > 0) {
  }
  if (timer != 0) return;
  timer = reactor.after(kSettle, [this] {
    timer = 0;
    [[maybe_unused]] const auto watched = watch_folders();  // what is missing now has no keys: the reload says so
    on_change();
  });
}

Result<KeyWatch> KeyWatch::start(Reactor& reactor, const KeyFolders& folders, std::function<void()> on_change) {
  UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) return system_error("inotify");
  auto state = std::make_unique<State>(State{reactor, folders, std::move(on_change), std::move(fd)});
  if (auto watched = state->watch_folders(); !watched) return watched.error();
  reactor.watch_fd(state->inotify.get(), POLLIN, [raw = state.get()](short) { raw->drain(); });
  return KeyWatch(std::move(state));
}

KeyWatch::KeyWatch(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyWatch::KeyWatch(KeyWatch&&) noexcept = default;

KeyWatch::~KeyWatch() {
  if (!state_) return;
  state_->reactor.forget_fd(state_->inotify.get());
  state_->reactor.cancel(state_->timer);
}

}  // namespace breakwater
