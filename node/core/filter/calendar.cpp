// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/calendar.h"

namespace breakwater {

namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::year_month_day;

seconds host_offset(const ZoneRule& zone, local_seconds local) {
  return zone.host ? zone.host(local) : seconds(0);
}

// The wall clock where the log is written. Wrong by an hour only within an hour of a change of summer time, which can
// only matter to the guess of a year.
local_seconds wall_clock(Timestamp now, const ZoneRule& zone) {
  const local_seconds utc{std::chrono::floor<seconds>(now.time_since_epoch())};
  if (zone.fixed) return utc + *zone.fixed;
  return utc + host_offset(zone, utc + host_offset(zone, utc));
}

std::optional<local_days> day_in_year(const DateFields& fields, int year, year_month_day today) {
  const std::chrono::year y{year};
  if (fields.month && fields.day) {
    const year_month_day date{y, std::chrono::month{static_cast<unsigned>(*fields.month)},
                              std::chrono::day{static_cast<unsigned>(*fields.day)}};
    return date.ok() ? std::optional(local_days(date)) : std::nullopt;
  }
  if (fields.day_of_year) return local_days(y / 1 / 1) + days(*fields.day_of_year - 1);
  if (fields.month || fields.day) return std::nullopt;
  const year_month_day date{y, today.month(), today.day()};
  return date.ok() ? std::optional(local_days(date)) : std::nullopt;
}

// The instant of `local`, in seconds since the epoch, in UTC.
local_seconds to_utc(local_seconds local, const DateFields& fields, const ZoneRule& zone) {
  if (fields.zone) return local - *fields.zone;
  if (zone.fixed) return local - *zone.fixed;
  return local - host_offset(zone, local);
}

}  // namespace

std::optional<Timestamp> resolve_date(const DateFields& fields, Timestamp now, const ZoneRule& zone) {
  if (fields.hour > 23 || fields.minute > 59 || fields.second > 59) return std::nullopt;
  const year_month_day today{std::chrono::floor<days>(wall_clock(now, zone))};
  const int year = fields.year.value_or(static_cast<int>(today.year()));
  const seconds time_of_day{fields.hour * 3600 + fields.minute * 60 + fields.second};
  const auto instant = [&](int in_year) -> std::optional<Timestamp> {
    const auto day = day_in_year(fields, in_year, today);
    if (!day) return std::nullopt;
    return Timestamp(to_utc(*day + time_of_day, fields, zone).time_since_epoch());
  };
  auto when = instant(year);
  if (!when) return std::nullopt;
  const bool no_date = !fields.month && !fields.day && !fields.day_of_year;
  if (no_date && *when > now) *when -= days(1);
  if (!fields.year && *when > now + days(1)) when = instant(year - 1);
  return when;
}

}  // namespace breakwater
