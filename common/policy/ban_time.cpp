// SPDX-License-Identifier: Apache-2.0
#include "common/policy/ban_time.h"

#include <algorithm>
#include <cmath>

namespace breakwater {

std::optional<Duration> ban_time(std::optional<Duration> bantime, const BanTimeIncrement& increment,
                                 std::uint32_t earlier, double dice) {
  if (!bantime || !increment.enabled) return bantime;
  const double base = static_cast<double>(bantime->count());
  double length = base;
  if (earlier > 0) {
    if (increment.multipliers.empty()) {
      length = std::max(base, base * std::ldexp(1.0, static_cast<int>(std::min(earlier, 20u))) * increment.factor);
    } else {
      const std::size_t index = std::min<std::size_t>(earlier, increment.multipliers.size() - 1);
      length = base * increment.factor * increment.multipliers[index];
    }
  }
  if (increment.maxtime) length = std::min(length, static_cast<double>(increment.maxtime->count()));
  length += dice * static_cast<double>(increment.rndtime.count());
  // Beyond a century the sum with a time stamp means nothing: no end.
  constexpr double kCentury = 100.0 * 365.25 * 24 * 3600 * 1000;
  if (length > kCentury) return std::nullopt;
  return Duration(static_cast<Duration::rep>(length));
}

}  // namespace breakwater
