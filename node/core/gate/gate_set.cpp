// SPDX-License-Identifier: Apache-2.0
#include "node/core/gate/gate_set.h"

#include <algorithm>

namespace breakwater {

GateSet::GateSet(std::vector<GateFilter> filters, std::function<void(const std::string&)> on_problem)
    : filters_(std::move(filters)), on_problem_(std::move(on_problem)) {}

void GateSet::set_filters(std::vector<GateFilter> filters, const std::vector<std::optional<std::size_t>>& kept) {
  std::map<Key, std::weak_ptr<LineGate>> still;
  for (const auto& [key, gate] : gates_) {
    std::vector<std::size_t> wanted;
    for (const std::size_t index : key.first) {
      if (const auto place = kept.at(index)) wanted.push_back(*place);
    }
    // Its candidates are places in `wanted`: the order must be what it was.
    if (wanted.size() != key.first.size() || !std::is_sorted(wanted.begin(), wanted.end())) continue;
    still[{std::move(wanted), key.second}] = gate;
  }
  gates_ = std::move(still);
  filters_ = std::move(filters);
  problem_.clear();
}

std::shared_ptr<LineGate> GateSet::gate_for(const std::vector<std::size_t>& wanted, LogForm form) {
  if (!problem_.empty() || wanted.empty()) return nullptr;
  std::erase_if(gates_, [](const auto& entry) { return entry.second.expired(); });
  auto& known = gates_[{wanted, form}];
  if (auto gate = known.lock()) return gate;
  std::vector<GateFilter> filters;
  for (const std::size_t index : wanted)
    filters.push_back(filters_.at(index));
  auto made = LineGate::make(filters, form, counters_);
  if (!made) {
    problem_ = made.error().message();
    if (on_problem_) on_problem_(problem_);
    return nullptr;
  }
  std::shared_ptr<LineGate> gate = std::move(*made);
  known = gate;
  return gate;
}

}  // namespace breakwater
