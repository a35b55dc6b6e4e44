// SPDX-License-Identifier: Apache-2.0
// The gates of a node: one for each set of filters that follow the same logs.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
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

  // nullptr: read that log without one. Candidates are indices into `wanted`.
  std::shared_ptr<LineGate> gate_for(const std::vector<std::size_t>& wanted, LogForm form);

 private:
  std::vector<GateFilter> filters_;
  std::function<void(const std::string&)> on_problem_;
  bool failed_ = false;
  std::map<std::pair<std::vector<std::size_t>, LogForm>, std::weak_ptr<LineGate>> gates_;
};

}  // namespace breakwater
