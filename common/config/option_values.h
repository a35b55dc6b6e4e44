// SPDX-License-Identifier: Apache-2.0
// Typed values of one section, every mistake reported where it stands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/config/interpolation.h"
#include "common/config/problem.h"

namespace breakwater {

// Each read_*() leaves its target alone where the option is not set or empty, and where it is wrong; the latter is
// reported and remembered in failed(). Refers to what it was given.
class OptionValues {
 public:
  OptionValues(const Interpolator& values, std::string section, Subject subject, Problems& problems);

  // nullopt: not set, blank, or (reported) not to be expanded.
  std::optional<SourcedText> text(const std::string& key);
  void read_text(const std::string& key, std::string& into);  // lines joined with '\n', trimmed
  void read_flag(const std::string& key, bool& into);
  void read_number(const std::string& key, int& into, int least, int most);
  void read_duration(const std::string& key, Duration& into);                         // > 0
  void read_ban_duration(const std::string& key, std::optional<Duration>& into);      // > 0, or negative: no end
  void read_factor(const std::string& key, double& into);                             // > 0
  void read_bytes(const std::string& key, std::uint64_t& into, std::uint64_t least);  // "256 MB", "1G", "4096"
  void read_path(const std::string& key, std::string& into);                          // absolute

  bool is_set(const std::string& key) const;  // and not blank; says nothing about its being right
  // Of the option, else of the section.
  Origin origin(const std::string& key) const;

  void error(const std::string& key, std::string what, std::string right = {});
  void error_at(const Origin& at, std::string what, std::string right = {});
  void warning(const std::string& key, std::string what, std::string right = {});
  bool failed() const { return failed_; }

  const Subject& subject() const { return subject_; }
  const std::string& section() const { return section_; }
  Problems& problems() { return problems_; }
  const Interpolator& interpolator() const { return values_; }

 private:
  const Interpolator& values_;
  std::string section_;
  Subject subject_;
  Problems& problems_;
  bool failed_ = false;
};

// yes/true/on/1 and no/false/off/0, any case.
std::optional<bool> parse_flag(std::string_view text);

// An error for every option of `section` that is not in `known`, with the nearest one that is.
void report_unknown_options(const Config& config, const std::string& section, const Subject& subject,
                            const std::vector<std::string>& known, Problems& problems);

// "did you mean ...?", or the list of what there is when that is short.
std::string suggestion(const std::string& word, const std::vector<std::string>& known);

}  // namespace breakwater
