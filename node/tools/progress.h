// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace breakwater {

// A progress bar on standard error, if that is a terminal; else nothing. Redrawn ten times a second at most.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `size` 0: unknown.
  void show(const std::string& name, std::uint64_t done, std::uint64_t size);
  // Takes the bar off the screen.
  void clear();

 private:
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point next_{};
};

// "[####----]  50 %  auth.log", or the bytes where the size is unknown.
std::string progress_text(const std::string& name, std::uint64_t done, std::uint64_t size);

}  // namespace breakwater
