// SPDX-License-Identifier: Apache-2.0
// fail2ban's way to write a length of time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace breakwater {

// "600", "10m", "1d12h", "1h 30m", "1 week", "6 months", "1.5h"; any case. A bare number is seconds. A month is 30.4375
// days, a year 365.25. fail2ban evaluates the text as a Python expression ("1h+30m", "60*60"); here arithmetic is an
// error that says so. At most kLongest; negative is an error.
Result<Duration> parse_duration(std::string_view text);

// As above, and any negative number is "no end": nullopt.
Result<std::optional<Duration>> parse_ban_duration(std::string_view text);

inline constexpr Duration kLongest = std::chrono::hours(24 * 366 * 1000);  // a thousand years

// "1d12h", "10m", "90s" as "1m30s", "250ms"; "for ever" for nullopt. parse_duration() reads it back but for the ms.
std::string duration_text(std::optional<Duration> length);

}  // namespace breakwater
