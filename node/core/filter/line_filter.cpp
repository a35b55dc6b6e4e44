// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/line_filter.h"

#include <utility>

#include "node/core/filter/filter_engine.h"
#include "node/core/filter/regex_line_filter.h"

namespace breakwater {

FilterCounters& FilterCounters::operator+=(const FilterCounters& more) {
  connections_evicted += more.connections_evicted;
  buffered_lines_dropped += more.buffered_lines_dropped;
  set_overflows += more.set_overflows;
  pcre2_limits += more.pcre2_limits;
  return *this;
}

Result<std::unique_ptr<LineFilter>> LineFilter::compile(const FilterConfig& config,
                                                        std::optional<std::string> logtimezone,
                                                        LocalOffset host_offset) {
  ZoneRule zone{.fixed = std::nullopt, .host = std::move(host_offset)};
  if (logtimezone && !logtimezone->empty()) {
    const auto fixed = parse_zone(*logtimezone);
    if (!fixed) return fixed.error().within("logtimezone");
    zone.fixed = *fixed;
  }
  FilterEngine engine;
  return RegexLineFilter::compile(config, std::move(zone), engine);
}

}  // namespace breakwater
