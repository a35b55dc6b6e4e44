// SPDX-License-Identifier: Apache-2.0
// What a piece of work costs this thread, whatever else the machine does.
#pragma once

#include <algorithm>
#include <ctime>
#include <functional>

namespace breakwater::testing {

// Milliseconds of processor time. Stops at the first run that stays below `enough`, else the best of five.
inline double cpu_ms(double enough, const std::function<void()>& work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
  };
  double best = 1e9;
  for (int i = 0; i < 5 && best >= enough; ++i) {
    const double begin = now();
    work();
    best = std::min(best, now() - begin);
  }
  return best;
}

// Sanitizers and -O1 slow our own code down, the regex engines not.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr double kSlowBuild = 20;
#else
inline constexpr double kSlowBuild = 1;
#endif

}  // namespace breakwater::testing
