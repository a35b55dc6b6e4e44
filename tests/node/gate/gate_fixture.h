// SPDX-License-Identifier: Apache-2.0
// Filters and logs for tests of the gate.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "node/core/filter/line_filter.h"
#include "node/core/framing/docker_json_framing.h"
#include "node/core/framing/line_framing.h"
#include "node/core/gate/line_gate.h"

namespace breakwater::testing {

struct FilterTexts {
  std::vector<std::string> failregex;
  std::string prefregex;
  std::vector<std::string> datepattern = {};
};

inline std::unique_ptr<LineFilter> compile_filter(const FilterTexts& texts) {
  FilterConfig config;
  config.name = "test";
  for (const std::string& regex : texts.failregex)
    config.failregex.push_back({regex, {"test", 1}});
  if (!texts.prefregex.empty()) config.prefregex = RegexText{texts.prefregex, {"test", 1}};
  for (const std::string& pattern : texts.datepattern)
    config.datepattern.push_back({pattern, {"test", 1}});
  auto filter = LineFilter::compile(config, std::nullopt);
  if (filter) return std::move(*filter);
  ADD_FAILURE() << filter.error().message();
  return nullptr;
}

inline std::shared_ptr<LineGate> gate_of(const std::vector<FilterTexts>& filters, LogForm form) {
  std::vector<GateFilter> needs;
  for (const FilterTexts& texts : filters) {
    const auto filter = compile_filter(texts);
    needs.push_back({filter->requirement(), filter->wants_raw_json()});
  }
  auto gate = LineGate::make(needs, form);
  if (gate) return std::move(*gate);
  ADD_FAILURE() << gate.error().message();
  return nullptr;
}

inline std::unique_ptr<Framing> framing_of(LogForm form) {
  if (form == LogForm::plain) return std::make_unique<LineFraming>();
  return std::make_unique<DockerJsonFraming>();
}

}  // namespace breakwater::testing
