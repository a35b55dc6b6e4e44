// SPDX-License-Identifier: Apache-2.0
// From configuration files to what the node runs on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/config/jail_reader.h"
#include "common/config/node_config.h"
#include "node/adapters/hub_link/zmq_hub_link.h"
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

// Reads node.conf, the jails and their filters. Reads files only. To compile a filter takes its time: a jail whose
// filter is that of the same jail `in_use` comes without one, for NodeCore::set_jails keeps that.
NodeReading read_node(const std::string& config_file, const std::vector<ActiveJail>& in_use = {});

// What the jails' filters need of a line, in their order.
std::vector<GateFilter> gate_filters(const std::vector<ActiveJail>& jails);

// How to reach the hub, with this node's key and the hub's; nullopt without a hub. An error: a key file.
Result<std::optional<ZmqHubLink::Options>> link_options(const NodeConfig& config);

// Options that differ and that a running node cannot take over: names, separated by blanks.
std::string needs_restart(const NodeConfig& in_use, const NodeConfig& wanted);

}  // namespace breakwater
