// SPDX-License-Identifier: Apache-2.0
// datepattern: strptime-like patterns and the formats that are known without one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/config/jail_config.h"

namespace breakwater {

// What the text that a date pattern found means.
enum class DateKind : std::uint8_t {
  fields,      // groups named as in strptime: Y, m, d, ...
  epoch,       // seconds since 1970, with a fraction
  long_epoch,  // seconds, milliseconds or microseconds, told apart by their length
  tai64n,      // @4000000052da... as multilog and tai64n write it
  none,        // {NONE}: there is no date, and nothing is cut
};

// One pattern as a regex in Python's dialect. Its first group is what is cut from the line.
struct DatePattern {
  std::string regex;
  DateKind kind = DateKind::fields;
  int value_group = 1;      // epoch: the group that holds the number
  bool line_begin = false;  // only at the beginning of a line: found there, no better one is looked for
  bool word_begin = false;  // must not begin inside a word
  bool anchored = false;    // the whole regex can only match at the beginning
  bool whole = false;       // group 1 is all of the match: it can be found without groups, which is cheaper
  bool operator==(const DatePattern&) const = default;
};

// The patterns to try, in order. Empty: fail2ban's defaults. The dialect is fail2ban 1.0.2's (server/datetemplate.py,
// server/strptime.py, server/datedetector.py): %Y %m %d %H %M %S %f %z %Z %b %B %a %A %p %y %j %I %k %l and the strict
// %ExY ... %Exz, {^LN-BEG}, {UNB}, {DATE}, {DEFAULT}, {NONE}, {EPOCH}, {LEPOCH}, EPOCH, LEPOCH, TAI64N, ** for no word
// boundary. An error begins with the pattern's file:line.
//
// Deviation: %ExY is 20dd for good, where fail2ban takes the decades around its own start.
Result<std::vector<DatePattern>> date_patterns(std::span<const RegexText> written);

}  // namespace breakwater
