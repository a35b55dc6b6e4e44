// SPDX-License-Identifier: Apache-2.0
// From the parts of a date, as a log line has them, to a point in time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace breakwater {

// The offset from UTC that is in force where the log is written, at a local wall time: +02:00 is 7200 s.
using LocalOffset = std::function<std::chrono::seconds(std::chrono::local_seconds)>;

// How to read a date that says no zone: a fixed offset (logtimezone), else the host's own rule, else UTC.
struct ZoneRule {
  std::optional<std::chrono::minutes> fixed;
  LocalOffset host;  // empty: UTC
};

// What a date pattern found. Unset: not in the line.
struct DateFields {
  std::optional<int> year, month, day, day_of_year;
  int hour = 0, minute = 0, second = 0;
  std::optional<std::chrono::minutes> zone;
};

// fail2ban's rules (1.0.2, server/strptime.py): without a year it is this one, or the last if that would be more than
// a day ahead; without a date it is today, or yesterday if that would be ahead. Fractions of a second are left out,
// so that the same lines count alike. nullopt: no such date (31 February, 24 o'clock).
std::optional<Timestamp> resolve_date(const DateFields& fields, Timestamp now, const ZoneRule& zone);

// "UTC+0200", "-04:00", "CET", "Z": a name, an offset or both. An abbreviation means one fixed offset the whole year.
Result<std::chrono::minutes> parse_zone(std::string_view text);

}  // namespace breakwater
