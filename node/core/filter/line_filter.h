// SPDX-License-Identifier: Apache-2.0
// A compiled fail2ban filter.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/config/jail_config.h"

namespace breakwater {

// Three outcomes that must not be folded: a line matched, did not match, or the engine could not tell.
enum class FilterVerdict : std::uint8_t {
  no_match,
  offence,        // failregex matched and gave an address
  ignored,        // failregex matched, ignoreregex too
  no_address,     // matched, but what stood in <HOST> is no address (a name, with usedns = no)
  engine_failed,  // RE2 ran out of memory: counted and reported, never "no match" in silence
};

struct FilterMatch {
  FilterVerdict verdict = FilterVerdict::no_match;
  Address who;                      // set for offence and ignored
  Timestamp at{};                   // the line's own date, else `fallback_time`
  bool dated = false;               // `at` came from the line
  int regex = -1;                   // index into failregex
  std::map<std::string, std::string> fields;  // <F-USER> -> "user", ...; lower case
};

struct LineContext {
  Timestamp now{};                           // for dates without a year
  std::optional<Timestamp> record_time;      // docker's own: preferred over the date in the line
};

// Compiled once, then used by one thread. The date is cut out of the line before the regexes see it, as fail2ban does.
class LineFilter {
 public:
  // Refuses a filter with a construct that the engine cannot express exactly, and names it:
  // `filter.d/x.conf:7: filter "x": lookahead (?!...) is not supported yet (...)`.
  static Result<std::unique_ptr<LineFilter>> compile(const FilterConfig& config, std::optional<std::string> logtimezone);

  virtual ~LineFilter() = default;

  // `line` without its end of line. Any bytes, any length; the caller caps the length.
  virtual FilterMatch match(std::string_view line, const LineContext& context) = 0;

  // True if the failregex address dockerd's raw JSON record (`^{"log":"...`), as the article's do: such a filter gets
  // LogLine::raw. Anyone who can write into the log can forge such lines; say so once.
  virtual bool wants_raw_json() const = 0;
};

}  // namespace breakwater
