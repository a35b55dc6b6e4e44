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

// Sorted. Abbreviations are ambiguous (IST, CST, BST); where they are, the sense is the one that fail2ban takes.
constexpr std::array<ZoneName, 196> kZones = {{
    {"ACDT", 630},  {"ACST", 570},  {"ACT", 480},   {"ADT", -180},  {"AEDT", 660},  {"AEST", 600},   {"AFT", 270},
    {"AKDT", -480}, {"AKST", -540}, {"ALMT", 360},  {"AMST", 300},  {"AMT", 240},   {"ANAST", 720},  {"ANAT", 720},
    {"AQTT", 300},  {"ART", -180},  {"AST", -240},  {"AWDT", 540},  {"AWST", 480},  {"AZOT", -60},   {"AZST", 300},
    {"AZT", 240},   {"BDT", 480},   {"BIOT", 360},  {"BNT", 480},   {"BOT", -240},  {"BRST", -120},  {"BRT", -180},
    {"BTT", 360},   {"CAST", 480},  {"CAT", 120},   {"CCT", 390},   {"CDT", -300},  {"CEDT", 120},   {"CEST", 120},
    {"CET", 60},    {"CIST", -480}, {"CKT", -600},  {"CLST", -180}, {"CLT", -240},  {"COST", -240},  {"COT", -300},
    {"CST", -360},  {"CVT", -60},   {"CXT", 420},   {"DAVT", 420},  {"DFT", 60},    {"EASST", -300}, {"EAST", -360},
    {"EAT", 180},   {"ECT", -300},  {"EDT", -240},  {"EEDT", 180},  {"EEST", 180},  {"EET", 120},    {"EGST", 0},
    {"EGT", -60},   {"EST", -300},  {"ET", -300},   {"FJST", 780},  {"FJT", 720},   {"FKST", -180},  {"FKT", -240},
    {"FNT", -120},  {"GALT", -360}, {"GAMT", -540}, {"GET", 240},   {"GFT", -180},  {"GILT", 720},   {"GIT", -540},
    {"GMT", 0},     {"GST", 240},   {"GYT", -240},  {"HAA", -180},  {"HAC", -300},  {"HADT", -540},  {"HAE", -240},
    {"HAP", -420},  {"HAR", -360},  {"HAST", -600}, {"HAT", -150},  {"HAY", -480},  {"HKT", 480},    {"HLV", -270},
    {"HMT", 300},   {"HNA", -240},  {"HNC", -360},  {"HNE", -300},  {"HNP", -480},  {"HNR", -420},   {"HNT", -210},
    {"HNY", -540},  {"HOVT", 420},  {"HST", -600},  {"ICT", 420},   {"IDT", 180},   {"IOT", 360},    {"IRDT", 270},
    {"IRKST", 540}, {"IRKT", 480},  {"IRST", 210},  {"JST", 540},   {"KGT", 360},   {"KRAST", 480},  {"KRAT", 420},
    {"KST", 540},   {"KUYT", 240},  {"LHDT", 660},  {"LHST", 630},  {"MAGST", 720}, {"MAGT", 660},   {"MART", -570},
    {"MAWT", 300},  {"MDT", -360},  {"MHT", 720},   {"MIT", -570},  {"MMT", 390},   {"MSD", 240},    {"MSK", 180},
    {"MST", -420},  {"MUT", 240},   {"MVT", 300},   {"MYT", 480},   {"NCT", 660},   {"NDT", -150},   {"NFT", 690},
    {"NOVST", 420}, {"NOVT", 360},  {"NPT", 345},   {"NST", -210},  {"NT", -210},   {"NUT", -660},   {"NZDT", 780},
    {"NZST", 720},  {"OMSST", 420}, {"OMST", 360},  {"PDT", -420},  {"PET", -300},  {"PETST", 720},  {"PETT", 720},
    {"PGT", 600},   {"PHT", 480},   {"PKT", 300},   {"PMDT", -120}, {"PMST", -180}, {"PONT", 660},   {"PST", -480},
    {"PT", -480},   {"PWT", 540},   {"PYST", -180}, {"PYT", -240},  {"RET", 240},   {"SAMT", 240},   {"SAST", 120},
    {"SBT", 660},   {"SCT", 240},   {"SGT", 480},   {"SLT", 330},   {"SRT", -180},  {"SST", -660},   {"TAHT", -600},
    {"TFT", 300},   {"THA", 420},   {"TJT", 300},   {"TKT", -600},  {"TLT", 540},   {"TMT", 300},    {"TVT", 720},
    {"ULAT", 480},  {"UTC", 0},     {"UYST", -120}, {"UYT", -180},  {"UZT", 300},   {"VET", -270},   {"VLAST", 660},
    {"VLAT", 600},  {"VUT", 660},   {"WAST", 120},  {"WAT", 60},    {"WDT", 540},   {"WEDT", 60},    {"WEST", 60},
    {"WET", 0},     {"WFT", 720},   {"WGST", -120}, {"WGT", -180},  {"WIB", 420},   {"WIT", 540},    {"WITA", 480},
    {"WST", 480},   {"WT", 0},      {"YAKST", 600}, {"YAKT", 540},  {"YAPT", 600},  {"YEKST", 360},  {"YEKT", 300},
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
  const auto* const found = std::lower_bound(
      kZones.begin(), kZones.end(), name, [](const ZoneName& z, std::string_view wanted) { return z.name < wanted; });
  const bool known = found != kZones.end() && found->name == name;
  return known ? std::optional<int>(found->minutes_east) : std::nullopt;
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
  const std::size_t sign = std::min(text.find_first_of("+-"), text.size());
  const auto base = named_zone(text.substr(0, sign));
  std::optional<int> extra = 0;
  if (sign < text.size()) extra = offset_digits(text.substr(sign + 1));
  if (text.empty() || !base || !extra) {
    return Error("\"" + escaped(text, 40) + "\" is not a time zone that is known here (try UTC+0200)");
  }
  return minutes(*base + (sign < text.size() && text[sign] == '-' ? -*extra : *extra));
}

}  // namespace breakwater
