// SPDX-License-Identifier: Apache-2.0
#include "common/base/clock.h"

#include <fmt/format.h>

namespace breakwater {

namespace {

// Outside of these std::chrono's calendar overflows for some values, and nobody reads such a year.
constexpr Timestamp kFirst = std::chrono::sys_days(std::chrono::year(0) / 1 / 1);
constexpr Timestamp kEnd = std::chrono::sys_days(std::chrono::year(10000) / 1 / 1);

}  // namespace

std::string to_text(Timestamp t) {
  if (t == kForever) return "for ever";
  if (t < kFirst) return "before 0000";
  if (t >= kEnd) return "after 9999";
  const auto day = std::chrono::floor<std::chrono::days>(t);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(t - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

}  // namespace breakwater
