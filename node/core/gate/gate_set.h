// SPDX-License-Identifier: Apache-2.0
// The gates of a node: one for each set of filters that follow the same logs.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node/core/gate/line_gate.h"

namespace breakwater {

// Logs with the same filters share a gate, which lives as long as one of them is followed. One thread. Memory: that of
// the gates in use.
class GateSet {
 public:
  // `filters`: all of them; `wanted` below names them by index. `on_problem` hears once that there is no gate, and why.
  explicit GateSet(std::vector<GateFilter> filters, std::function<void(const std::string&)> on_problem = {});

  // Other filters; `kept`, by old index, says where a filter that is still the same one stands now. Gates of such
  // filters alone are kept, the next gate_for() finds them.
  void set_filters(std::vector<GateFilter> filters, const std::vector<std::optional<std::size_t>>& kept);

  // nullptr: read that log without one. Candidates are indices into `wanted`.
  std::shared_ptr<LineGate> gate_for(const std::vector<std::size_t>& wanted, LogForm form);

  // Of all gates, those included that are gone.
  const GateCounters& counters() const { return *counters_; }
  // Why logs are read without a gate; empty: they are not.
  const std::string& problem() const { return problem_; }

 private:
  using Key = std::pair<std::vector<std::size_t>, LogForm>;

  std::vector<GateFilter> filters_;
  std::function<void(const std::string&)> on_problem_;
  std::shared_ptr<GateCounters> counters_ = std::make_shared<GateCounters>();
  std::string problem_;
  std::map<Key, std::weak_ptr<LineGate>> gates_;
};

}  // namespace breakwater
