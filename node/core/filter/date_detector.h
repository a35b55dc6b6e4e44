// SPDX-License-Identifier: Apache-2.0
// Finds the date in a log line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/config/jail_config.h"
#include "node/core/filter/calendar.h"
#include "node/core/filter/date_pattern.h"
#include "node/core/filter/subject_text.h"

namespace breakwater {

// What is cut out of the line before the regexes see it: [begin, end). Empty for {NONE}: no date, nothing to cut.
struct FoundDate {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t pattern = 0;  // for value()
  std::size_t match_begin = 0;
};

// The choice among patterns is the one that a freshly started fail2ban 1.0.2 makes (server/datedetector.py matchTime):
// in order; one bound to the beginning of the line, or found within its first two characters, wins at once; else the
// leftmost. So a date inside a request never beats the line's own. fail2ban goes on to reorder its patterns by use;
// that is not imitated, for the answer should not depend on earlier lines.
//
// A date in digits of another script is none.
//
// One thread. Lines beyond ASCII need a second set of programs, made by the first such line.
class DateDetector {
 public:
  // Empty: fail2ban's defaults.
  static Result<std::unique_ptr<DateDetector>> make(std::span<const RegexText> patterns);
  ~DateDetector();

  // `line` without its end of line.
  std::optional<FoundDate> find(const SubjectText& line);
  const std::vector<DatePattern>& patterns() const { return patterns_; }
  // Passes over all patterns that ran out of memory, so that each was tried.
  std::uint64_t overflows() const;

  // When that is; nullopt if it is no date after all (31 February, an unknown zone). `line` is what find() had.
  std::optional<Timestamp> value(const SubjectText& line, const FoundDate& found, Timestamp now, const ZoneRule& zone);

 private:
  struct Programs;

  explicit DateDetector(std::vector<DatePattern> patterns);
  Programs* programs(bool ascii);
  std::optional<FoundDate> choose(Programs& compiled, const std::vector<int>& candidates,
                                  const SubjectText& line) const;

  std::vector<DatePattern> patterns_;
  std::unique_ptr<Programs> ascii_;
  std::unique_ptr<Programs> unicode_;
  bool unicode_failed_ = false;
  bool only_defaults_ = false;
};

}  // namespace breakwater
