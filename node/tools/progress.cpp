// SPDX-License-Identifier: Apache-2.0
#include "node/tools/progress.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "node/tools/terminal_text.h"

namespace breakwater {

namespace {
constexpr std::size_t kWidth = 30;
constexpr std::size_t kNameBytes = 40;
}  // namespace

Progress::Progress() : terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  clear();
}

void Progress::show(const std::string& name, std::uint64_t done, std::uint64_t size) {
  if (!terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + std::chrono::milliseconds(100);
  std::fputs(("\r" + progress_text(name, done, size) + "\x1b[K").c_str(), stderr);
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::clear() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

std::string progress_text(const std::string& name, std::uint64_t done, std::uint64_t size) {
  const std::string shown = terminal_text(name, kNameBytes);
  if (size == 0) return fmt::format("{} MiB  {}", done >> 20, shown);
  const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(size));
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(kWidth));
  return fmt::format("[{}{}] {:3.0f} %  {}", std::string(filled, '#'), std::string(kWidth - filled, '-'), share * 100,
                     shown);
}

}  // namespace breakwater
