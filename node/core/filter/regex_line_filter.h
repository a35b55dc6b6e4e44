// SPDX-License-Identifier: Apache-2.0
// The LineFilter behind LineFilter::compile(); tests hand it an engine of their own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/core/filter/candidate_set.h"
#include "node/core/filter/date_detector.h"
#include "node/core/filter/field_plan.h"
#include "node/core/filter/filter_memory.h"
#include "node/core/filter/identity.h"
#include "node/core/filter/line_filter.h"
#include "node/core/filter/regex_engine.h"

namespace breakwater {

class RegexLineFilter final : public LineFilter {
 public:
  // `engine` is used during the call only.
  static Result<std::unique_ptr<LineFilter>> compile(const FilterConfig& config, ZoneRule zone, RegexEngine& engine);

  FilterMatch match(std::string_view line, const LineContext& context, FilterMemory* memory) override;
  bool needs_memory() const override { return joins_lines_ || maxlines_ > 1; }
  std::unique_ptr<FilterMemory> make_memory() const override;
  LineRequirement requirement() const override;
  std::vector<RegexExplanation> explain() const override;
  bool wants_raw_json() const override { return wants_raw_json_; }
  FilterCounters take_counters() override;
  std::vector<std::string> warnings() const override { return warnings_; }

 private:
  struct Compiled {
    std::unique_ptr<Regex> regex;
    Origin origin;
  };
  struct Failregex {
    Compiled compiled;
    FieldPlan plan;
  };
  // What is searched: all of the text, and what prefregex leaves of it.
  struct Subject {
    SubjectText whole;
    SubjectText body;
    std::vector<std::string> lines;  // several lines: they, as they stand in `whole`
  };

  RegexLineFilter() = default;
  Result<Compiled> compile_one(const FilterConfig& config, const RegexText& regex, RegexEngine& engine);
  Result<void> compile_all(const FilterConfig& config, RegexEngine& engine);

  SubjectText prepare(std::string_view line);
  std::optional<FoundDate> find_date(const SubjectText& line);
  // The line without its date, and with the "\n" that fail2ban's regexes are written for.
  SubjectText without_date(const SubjectText& line, const std::optional<FoundDate>& date);
  SubjectText join(const std::vector<std::string>& lines, std::string& into) const;
  SearchOutcome apply_prefregex(Subject& subject);
  FilterVerdict judge(Subject& subject, const LineContext& context, RegexFilterMemory* memory, FilterMatch& result);
  // The first failregex that matches and says who; its groups are then in groups_.
  SearchOutcome find_failure(const Subject& subject, FilterMatch& result, std::string_view* span);
  SearchOutcome try_failregex(std::size_t index, const Subject& subject, bool likely, FilterMatch& result,
                              std::string_view* span);
  SearchOutcome is_ignored(const Subject& subject);
  SearchOutcome matches_ignoreregex(const SubjectText& text);
  // Takes the lines that `span` covers out of the memory; they.
  std::vector<std::string> take_lines(const Subject& subject, std::string_view span, int regex,
                                      RegexFilterMemory* memory);
  std::vector<std::string_view> skipped_lines(int regex) const;
  FilterVerdict conclude(const FieldPlan& plan, int lines, const LineContext& context, RegexFilterMemory* memory,
                         FilterMatch& result);
  static FilterVerdict name(const IdentityView& who, FilterMatch& result);
  std::optional<Timestamp> last_date(const SubjectText& line, std::optional<FoundDate>& date,
                                     const LineContext& context, RegexFilterMemory& memory);
  void set_time(FilterMatch& result, const SubjectText& line, const std::optional<FoundDate>& date,
                const LineContext& context);

  std::vector<Failregex> failregex_;
  std::unique_ptr<CandidateSet> set_;  // of failregex, for lines in ASCII; nullptr: each is tried
  std::vector<Compiled> ignoreregex_;
  std::optional<Compiled> prefregex_;
  std::optional<std::size_t> content_group_;  // of prefregex: what is left of the line
  std::shared_ptr<DateDetector> dates_;
  ZoneRule zone_;
  std::size_t maxlines_ = 1;
  bool use_dns_ = false;
  bool joins_lines_ = false;
  bool ignores_before_ = false;
  bool wants_raw_json_ = false;
  std::vector<std::string> warnings_;
  FilterCounters counters_;                             // of what is not counted elsewhere
  std::uint64_t set_overflows_ = 0, pcre2_limits_ = 0;  // as they were when last taken
  // Reused from line to line.
  std::string clean_, whole_, content_;
  Groups prefix_groups_, groups_;
};

}  // namespace breakwater
