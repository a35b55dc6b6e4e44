// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/notify.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/unique_fd.h"

namespace breakwater {
namespace {

std::optional<std::int64_t> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  std::int64_t value = 0;
  const char* end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, value);
  if (error != std::errc() || rest != end || value <= 0) return std::nullopt;
  return value;
}

}  // namespace

Notify Notify::from_environment() {
  Notify notify;
  if (const char* socket = std::getenv("NOTIFY_SOCKET")) notify.socket_ = socket;
  const auto watched = number_in("WATCHDOG_PID");
  const auto microseconds = number_in("WATCHDOG_USEC");
  if (microseconds && (!watched || *watched == ::getpid())) {
    notify.watchdog_interval_ = std::max(Duration(1), Duration(*microseconds / 2000));
  }
  return notify;
}

void Notify::ready(std::string_view text) const {
  send(text.empty() ? "READY=1" : "READY=1\nSTATUS=" + escaped(text));
}

void Notify::reloading() const {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.tv_sec * 1'000'000 + now.tv_nsec / 1000));
}

void Notify::stopping() const {
  send("STOPPING=1");
}
void Notify::watchdog() const {
  send("WATCHDOG=1");
}
void Notify::status(std::string_view text) const {
  send("STATUS=" + escaped(text));
}

void Notify::send(const std::string& state) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_.front() == '@') address.sun_path[0] = '\0';  // the abstract namespace
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return;
  [[maybe_unused]] const auto sent = ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                                              reinterpret_cast<const sockaddr*>(&address), length);
}

}  // namespace breakwater
