// SPDX-License-Identifier: Apache-2.0
// From configuration files to what the node runs on.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/config/jail_reader.h"
#include "common/config/node_config.h"
#include "node/core/gate/line_gate.h"
#include "node/core/node_core.h"

namespace breakwater {

// What stands in the files, and everything that is wrong with it.
struct NodeReading {
  std::optional<NodeConfig> config;  // absent: node.conf itself is wrong
  std::vector<ActiveJail> jails;     // sound ones, filters compiled
  std::vector<std::string> refused;  // jails that are enabled and wrong
  std::string report;                // all problems, a line each: file:line: jail "x": what (what would be right)
  bool has_errors = false;
};

// Reads node.conf, the jails and their filters. Reads files only.
NodeReading read_node(const std::string& config_file);

// What the jails' filters need of a line, in their order.
std::vector<GateFilter> gate_filters(const std::vector<ActiveJail>& jails);

// Ranges that an operator listed, with the reason: ignoreip of node.conf and of the jails, names resolved, and the
// hub's own addresses. Blocks on DNS; a name that cannot be resolved is reported in `problems`.
std::vector<std::pair<Prefix, std::string>> listed_ranges(const NodeConfig& config,
                                                          const std::vector<ActiveJail>& jails,
                                                          std::vector<std::string>& problems);

}  // namespace breakwater
