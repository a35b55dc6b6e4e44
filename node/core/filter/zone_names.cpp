// SPDX-License-Identifier: Apache-2.0
// Zones that logs name: offsets from UTC, by ISO 8601 or by abbreviation.
#include <algorithm>
#include <array>
#include <string>

#include "common/base/text.h"
#include "node/core/filter/calendar.h"

namespace breakwater {

namespace {

using std::chrono::minutes;

struct ZoneName {
  std::string_view name;
  int minutes_east;
};

// Abbreviations are ambiguous (IST, CST, BST); where they are, the sense is the one that fail2ban takes.
constexpr std::array<ZoneName, 62> kZones = {{
    {"ACDT", 630}, {"ACST", 570}, {"ADT", -180}, {"AEDT", 660}, {"AEST", 600}, {"AKDT", -480}, {"AKST", -540},
    {"ART", -180}, {"AST", -240}, {"AWST", 480}, {"AZT", 240},  {"BDT", 480},  {"BRST", -120}, {"BRT", -180},
    {"CAT", 120},  {"CDT", -300}, {"CEST", 120}, {"CET", 60},   {"CLT", -240}, {"COT", -300},  {"CST", -360},
    {"EAT", 180},  {"ECT", -300}, {"EDT", -240}, {"EEST", 180}, {"EET", 120},  {"EST", -300},  {"GET", 240},
    {"GMT", 0},    {"GST", 240},  {"HKT", 480},  {"HST", -600}, {"ICT", 420},  {"IDT", 180},   {"IRDT", 270},
    {"IRKT", 480}, {"IRST", 210}, {"JST", 540},  {"KRAT", 420}, {"KST", 540},  {"MDT", -360},  {"MMT", 390},
    {"MSD", 240},  {"MSK", 180},  {"MST", -420}, {"MYT", 480},  {"NDT", -150}, {"NPT", 345},   {"NST", -210},
    {"NZDT", 780}, {"NZST", 720}, {"PDT", -420}, {"PHT", 480},  {"PKT", 300},  {"PST", -480},  {"SAST", 120},
    {"SGT", 480},  {"UTC", 0},    {"UZT", 300},  {"WEST", 60},  {"WET", 0},    {"YEKT", 300},
}};

// The military letters: A is +1, J is not used, Z is UTC.
std::optional<int> military_zone(char letter) {
  if (letter >= 'A' && letter <= 'I') return (letter - 'A' + 1) * 60;
  if (letter >= 'K' && letter <= 'M') return (letter - 'K' + 10) * 60;
  if (letter >= 'N' && letter <= 'Y') return -(letter - 'N' + 1) * 60;
  return letter == 'Z' ? std::optional<int>(0) : std::nullopt;
}

std::optional<int> named_zone(std::string_view name) {
  if (name.empty()) return 0;
  if (name.size() == 1) return military_zone(name[0]);
  const auto* const found =
      std::find_if(kZones.begin(), kZones.end(), [&](const ZoneName& z) { return z.name == name; });
  return found == kZones.end() ? std::nullopt : std::optional<int>(found->minutes_east);
}

// "+02", "+0200", "+02:00" after the sign.
std::optional<int> offset_digits(std::string_view text) {
  std::string digits(text);
  if (digits.size() == 5 && digits[2] == ':') digits.erase(2, 1);
  if (digits.size() != 2 && digits.size() != 4) return std::nullopt;
  if (digits.find_first_not_of("0123456789") != std::string::npos || digits[0] > '1') return std::nullopt;
  const auto two = [&](std::size_t i) { return (digits[i] - '0') * 10 + (digits[i + 1] - '0'); };
  return two(0) * 60 + (digits.size() == 4 ? two(2) : 0);
}

}  // namespace

Result<minutes> parse_zone(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  const std::string_view all = upper;
  const std::size_t sign = std::min(all.find_first_of("+-"), all.size());
  const auto base = named_zone(all.substr(0, sign));
  std::optional<int> extra = 0;
  if (sign < all.size()) extra = offset_digits(all.substr(sign + 1));
  if (all.empty() || !base || !extra) {
    return Error("\"" + escaped(text, 40) + "\" is not a time zone that is known here (try UTC+0200)");
  }
  return minutes(*base + (sign < all.size() && all[sign] == '-' ? -*extra : *extra));
}

}  // namespace breakwater
