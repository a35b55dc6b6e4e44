// SPDX-License-Identifier: Apache-2.0
// What a filter asks of a regex engine.
//   FilterEngine   RE2, and PCRE2 behind it for what RE2 cannot express
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "node/core/filter/filter_tags.h"
#include "node/core/filter/line_filter.h"
#include "node/core/filter/subject_text.h"

namespace breakwater {

// Three values: "the engine gave up" must never look like "no match".
enum class SearchOutcome : std::uint8_t { no_match, match, engine_failed };

// By capturing group, in order; unset: the group took no part. Views into the subject.
using Groups = std::vector<std::optional<std::string_view>>;

// One compiled regex. One thread: it may build parts of itself on first use.
class Regex {
 public:
  virtual ~Regex() = default;
  // The leftmost match anywhere in the text, by Python's rules. `groups` is filled on a match; nullptr: only whether.
  // `span` is the whole match, exact only for a regex that was compiled for several lines. `likely`: the caller has
  // reason to believe that it matches; costs less if so.
  virtual SearchOutcome search(const SubjectText& subject, Groups* groups, std::string_view* span = nullptr,
                               bool likely = false) = 0;
  // Names of the capturing groups in order; "" for a group without a name.
  virtual const std::vector<std::string>& group_names() const = 0;
  // A regex in RE2's dialect that matches at least wherever this one does: what a gate may ask first.
  virtual const RequiredRegex& required() const = 0;
  // How it is run: "RE2", ...
  virtual std::string engine() const = 0;
  // Searches that took more steps than are usual.
  virtual std::uint64_t limits_reached() const { return 0; }
  // For the author of the regex.
  virtual const std::vector<std::string>& warnings() const = 0;
};

struct RegexFlags {
  bool multiline = false;  // ^ and $ at every line of the text, as fail2ban does with maxlines
};

class RegexEngine {
 public:
  virtual ~RegexEngine() = default;
  // The error says what is wrong and in which column, or which construct is not supported.
  virtual Result<std::unique_ptr<Regex>> compile(const ExpandedPattern& pattern, const RegexFlags& flags) = 0;
};

}  // namespace breakwater
