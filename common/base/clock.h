// SPDX-License-Identifier: Apache-2.0
// The two kinds of time, as types, so that they cannot be mixed up.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace breakwater {

using Duration = std::chrono::milliseconds;

// Wall time, milliseconds since the epoch: what bans and log lines carry. May step when the clock is set.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

// Steady time: what timers wait on. Never steps; means nothing outside this process.
using Tick = std::chrono::time_point<std::chrono::steady_clock, std::chrono::milliseconds>;

// A ban without end (bantime -1).
inline constexpr Timestamp kForever = Timestamp::max();

inline constexpr Timestamp from_unix_ms(std::int64_t ms) {
  return Timestamp(Duration(ms));
}
inline constexpr std::int64_t to_unix_ms(Timestamp t) {
  return t.time_since_epoch().count();
}
inline constexpr Timestamp from_unix_seconds(std::int64_t s) {
  return Timestamp(std::chrono::seconds(s));
}

// start + length without overflow: anything that would pass the end of time is kForever, and its beginning likewise.
constexpr Timestamp saturating_add(Timestamp start, Duration length) {
  if (length < Duration::zero()) return start < Timestamp::min() - length ? Timestamp::min() : start + length;
  return start > kForever - length ? kForever : start + length;
}

// "2026-01-31T09:22:55.123Z"; "for ever" for kForever. Any value is safe: a year of other than four digits is not
// spelled out ("after 9999").
std::string to_text(Timestamp t);

// Where the time comes from. The only implementation that reads a clock is common/runtime/system_clock.h; tests
// have one that they move by hand.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp wall() const = 0;
  virtual Tick steady() const = 0;
};

}  // namespace breakwater
