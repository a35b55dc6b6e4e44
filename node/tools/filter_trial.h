// SPDX-License-Identifier: Apache-2.0
// A filter tried on lines, with all that its author may ask.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "node/core/filter/date_detector.h"
#include "node/core/filter/line_filter.h"
#include "node/tools/log_lines.h"

namespace breakwater {

// What became of one line.
struct LineTrial {
  std::uint64_t number = 0;
  bool matched = false;  // a failure with an id: what a jail would count, or would if the id were an address
  FilterMatch match;
  std::string id;                 // the address or range, or what else was found in its place; set if matched
  std::optional<FoundDate> date;  // what was cut out, in bytes of text(); unset: nothing
  std::optional<Timestamp> time;  // of the match; otherwise the record's, else that of the date in the line
  std::string problem;            // the line could not be read, or the engine gave up
};

// One filter with what it remembers of one log, and the date detector beside it. One thread.
class FilterTrial {
 public:
  static Result<std::unique_ptr<FilterTrial>> make(FilterConfig config, Timestamp now);

  LineTrial run(const ToolLine& line);
  // The last line as the regexes saw it before the date was cut out: valid UTF-8. LineTrial::date counts in it.
  std::string_view text() const { return subject_.text; }

  const FilterConfig& config() const { return config_; }
  const LineFilter& filter() const { return *filter_; }
  const std::vector<DatePattern>& dates() const { return dates_->patterns(); }

 private:
  FilterTrial() = default;
  void look_for_date(LineTrial& out, const ToolLine& line);

  FilterConfig config_;
  Timestamp now_{};
  ZoneRule zone_;
  std::unique_ptr<LineFilter> filter_;
  std::unique_ptr<FilterMemory> memory_;
  std::unique_ptr<DateDetector> dates_;
  std::string clean_;
  SubjectText subject_;
};

}  // namespace breakwater
