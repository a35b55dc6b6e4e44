// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/time_zone.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <ctime>

#include <unistd.h>

#include "common/base/text.h"

namespace breakwater {

namespace {

constexpr char kZoneFiles[] = "/usr/share/zoneinfo/";

bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// Begins like a rule of POSIX: a name of three letters or more, or <+03>, and an offset. The C library reads the rest.
bool is_posix_rule(const std::string& zone) {
  std::size_t at = 0;
  if (zone.starts_with('<')) {
    at = zone.find('>');
    if (at == std::string::npos || at < 4) return false;
    ++at;
  } else {
    while (at < zone.size() && is_letter(zone[at]))
      ++at;
    if (at < 3) return false;
  }
  if (at < zone.size() && (zone[at] == '+' || zone[at] == '-')) ++at;
  return at < zone.size() && zone[at] >= '0' && zone[at] <= '9';
}

bool is_zone_file(const std::string& zone) {
  return !zone.empty() && zone.front() != '/' && zone.find("..") == std::string::npos &&
         access((kZoneFiles + zone).c_str(), R_OK) == 0;
}

std::chrono::seconds looked_up_offset(std::chrono::local_seconds local) {
  // Near a change of the clocks the first guess may be off by an hour; the second is right but for the hour that
  // happens twice.
  std::chrono::seconds offset{0};
  for (int pass = 0; pass < 2; ++pass) {
    const std::time_t instant = static_cast<std::time_t>((local.time_since_epoch() - offset).count());
    std::tm broken{};
    localtime_r(&instant, &broken);
    offset = std::chrono::seconds(broken.tm_gmtoff);
  }
  return offset;
}

// Answers by quarter of an hour. Since 1973 all clocks of the world have been changed at the beginning of one.
using QuarterHours = std::chrono::duration<std::int64_t, std::ratio<900>>;
constexpr std::chrono::local_seconds kQuartersHold = std::chrono::local_days(std::chrono::year(1973) / 1 / 1);
struct KnownOffset {
  QuarterHours quarter{-1};
  std::chrono::seconds offset{0};
};
thread_local std::array<KnownOffset, 16> known_offsets;

}  // namespace

std::chrono::seconds host_offset(std::chrono::local_seconds local) {
  if (local < kQuartersHold) return looked_up_offset(local);
  const auto quarter = std::chrono::floor<QuarterHours>(local.time_since_epoch());
  KnownOffset& known = known_offsets[static_cast<std::size_t>(quarter.count()) % known_offsets.size()];
  if (known.quarter != quarter) known = {quarter, looked_up_offset(local)};
  return known.offset;
}

Result<void> set_time_zone(const std::string& zone) {
  if (!is_zone_file(zone) && !is_posix_rule(zone) && zone != "UTC") {
    return Error("time zone \"" + escaped(zone) + "\" is not known (try Europe/Berlin or CET-1CEST,M3.5.0,M10.5.0/3)");
  }
  setenv("TZ", zone.c_str(), 1);
  tzset();
  known_offsets.fill({});
  return {};
}

}  // namespace breakwater
