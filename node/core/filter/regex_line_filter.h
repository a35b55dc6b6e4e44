// SPDX-License-Identifier: Apache-2.0
// The LineFilter behind LineFilter::compile(); tests hand it an engine of their own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/core/filter/date_detector.h"
#include "node/core/filter/line_filter.h"
#include "node/core/filter/match_fields.h"
#include "node/core/filter/regex_engine.h"

namespace breakwater {

class RegexLineFilter final : public LineFilter {
 public:
  // `engine` is used during the call only.
  static Result<std::unique_ptr<LineFilter>> compile(const FilterConfig& config, ZoneRule zone, RegexEngine& engine);

  FilterMatch match(std::string_view line, const LineContext& context, FilterMemory* memory) override;
  LineRequirement requirement() const override;
  std::vector<RegexExplanation> explain() const override;
  bool wants_raw_json() const override { return wants_raw_json_; }
  std::vector<std::string> warnings() const override { return warnings_; }

 private:
  struct Compiled {
    std::unique_ptr<Regex> regex;
    Origin origin;
  };

  RegexLineFilter() = default;
  Result<Compiled> compile_one(const FilterConfig& config, const RegexText& regex, RegexEngine& engine);
  Result<void> compile_all(const FilterConfig& config, RegexEngine& engine);

  SubjectText prepare(std::string_view line);
  // The line without its date, and with the "\n" that fail2ban's regexes are written for.
  SubjectText without_date(const SubjectText& line, const std::optional<FoundDate>& date);
  SearchOutcome apply_prefregex(SubjectText& body);
  // The first failregex that matches; its groups are then in groups_.
  SearchOutcome find_failure(const SubjectText& body, int& regex);
  SearchOutcome is_ignored(const SubjectText& whole, const SubjectText& body);
  void set_time(FilterMatch& result, const SubjectText& line, const std::optional<FoundDate>& date,
                const LineContext& context);

  std::vector<Compiled> failregex_;
  std::vector<Compiled> ignoreregex_;
  std::optional<Compiled> prefregex_;
  std::shared_ptr<DateDetector> dates_;
  ZoneRule zone_;
  bool use_dns_ = false;
  bool ignore_whole_line_too_ = false;
  bool wants_raw_json_ = false;
  std::vector<std::string> warnings_;
  // Reused from line to line.
  std::string clean_, whole_, content_;
  Groups prefix_groups_, groups_;
};

}  // namespace breakwater
