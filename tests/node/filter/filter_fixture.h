// SPDX-License-Identifier: Apache-2.0
// Filters made in a line, for tests.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "node/core/filter/line_filter.h"

namespace breakwater::testing_filters {

inline FilterConfig config_with(const std::vector<std::string>& failregex) {
  FilterConfig config;
  config.name = "test";
  config.origin = {"filter.d/test.conf", 1};
  for (const std::string& regex : failregex) {
    config.failregex.push_back({regex, {"filter.d/test.conf", static_cast<int>(config.failregex.size()) + 7}});
  }
  return config;
}

inline std::unique_ptr<LineFilter> compiled(const FilterConfig& config) {
  auto filter = LineFilter::compile(config, std::nullopt);
  EXPECT_TRUE(filter) << filter.error().message();
  return filter ? std::move(*filter) : nullptr;
}

inline std::unique_ptr<LineFilter> compiled(const std::string& failregex) {
  return compiled(config_with({failregex}));
}

// The message of a filter that is refused; "" if it is not.
inline std::string refusal(const FilterConfig& config) {
  auto filter = LineFilter::compile(config, std::nullopt);
  return filter ? "" : filter.error().message();
}

inline std::string refusal(const std::string& failregex) {
  return refusal(config_with({failregex}));
}

constexpr Timestamp kNow = from_unix_seconds(1793588645);  // 2026-11-02T03:04:05Z

inline FilterMatch match(LineFilter& filter, std::string_view line, FilterMemory* memory = nullptr) {
  return filter.match(line, {.now = kNow, .fields = true}, memory);
}

// The address found, "-" for no match, else the verdict in words.
inline std::string judged(LineFilter& filter, std::string_view line, FilterMemory* memory = nullptr) {
  const FilterMatch found = match(filter, line, memory);
  switch (found.verdict) {
    case FilterVerdict::no_match:
      return "-";
    case FilterVerdict::offence:
      return found.who.text();
    case FilterVerdict::pending:
      return "pending";
    case FilterVerdict::ignored:
      return "ignored";
    case FilterVerdict::no_address:
      return "no address";
    case FilterVerdict::engine_failed:
      return "engine failed";
  }
  return "?";
}

inline std::string judged(const std::string& failregex, std::string_view line) {
  const auto filter = compiled(failregex);
  return filter ? judged(*filter, line) : "refused";
}

}  // namespace breakwater::testing_filters
