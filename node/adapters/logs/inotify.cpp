// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/logs/inotify.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/base/text.h"

namespace breakwater {

void Inotify::Watch::reset() {
  if (owner_ != nullptr) owner_->remove(id_);
  owner_ = nullptr;
}

Inotify::Watch::operator bool() const {
  if (owner_ == nullptr) return false;
  const auto user = owner_->users_.find(id_);
  return user != owner_->users_.end() && user->second->watch >= 0;
}

Result<std::unique_ptr<Inotify>> Inotify::open(Reactor& reactor) {
  UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) return system_error("inotify");
  return std::unique_ptr<Inotify>(new Inotify(reactor, std::move(fd)));
}

Inotify::Inotify(Reactor& reactor, UniqueFd fd) : reactor_(reactor), fd_(std::move(fd)) {
  reactor_.watch_fd(fd_.get(), POLLIN, [this](short) { on_readable(); });
}

Inotify::~Inotify() {
  reactor_.forget_fd(fd_.get());
}

Result<Inotify::Watch> Inotify::watch(const std::string& path, std::uint32_t mask, Handler handler) {
  const int watch = ::inotify_add_watch(fd_.get(), path.c_str(), mask | IN_MASK_ADD);
  if (watch < 0) {
    if (errno == ENOSPC) ++refused_;
    return system_error("watching " + escaped(path));
  }
  const std::uint64_t id = ++last_id_;
  users_[id] = std::make_shared<User>(User{watch, mask, std::move(handler)});
  by_watch_[watch].push_back(id);
  return Watch(this, id);
}

Result<Inotify::Watch> Inotify::watch_open_file(int fd, std::uint32_t mask, Handler handler) {
  return watch("/proc/self/fd/" + std::to_string(fd), mask, std::move(handler));
}

void Inotify::remove(std::uint64_t id) {
  const auto user = users_.find(id);
  if (user == users_.end()) return;
  const int watch = user->second->watch;
  users_.erase(user);
  const auto shared = by_watch_.find(watch);
  if (shared == by_watch_.end()) return;
  std::erase(shared->second, id);
  if (!shared->second.empty()) return;
  by_watch_.erase(shared);
  ::inotify_rm_watch(fd_.get(), watch);
}

void Inotify::on_readable() {
  alignas(inotify_event) char buffer[32 * 1024];
  const ssize_t length = ::read(fd_.get(), buffer, sizeof buffer);
  for (ssize_t at = 0; at < length;) {
    inotify_event event;
    std::memcpy(&event, buffer + at, sizeof event);
    const char* const name = buffer + at + sizeof event;
    at += static_cast<ssize_t>(sizeof event + event.len);
    if (event.mask & IN_Q_OVERFLOW) {
      ++overflows_;
      if (on_overflow_) on_overflow_();
      continue;
    }
    dispatch(event.wd, event.mask, std::string_view(name, event.len == 0 ? 0 : ::strnlen(name, event.len)));
  }
}

void Inotify::dispatch(int watch, std::uint32_t mask, std::string_view name) {
  const auto shared = by_watch_.find(watch);
  if (shared == by_watch_.end()) return;                  // ended while the event was queued
  const std::vector<std::uint64_t> ids = shared->second;  // a handler may add and end watches
  if (mask & IN_IGNORED) by_watch_.erase(shared);
  for (const std::uint64_t id : ids) {
    const auto found = users_.find(id);
    if (found == users_.end()) continue;
    const std::shared_ptr<User> user = found->second;
    if (mask & IN_IGNORED) user->watch = -1;
    if (mask & (user->mask | IN_IGNORED)) user->handler(mask, name);
  }
}

}  // namespace breakwater
