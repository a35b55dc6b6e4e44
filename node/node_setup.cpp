// SPDX-License-Identifier: Apache-2.0
#include "node/node_setup.h"

#include "common/runtime/endpoint.h"
#include "common/runtime/time_zone.h"

namespace breakwater {

namespace {

void compile_jails(std::vector<JailConfig> jails, NodeReading& reading) {
  for (JailConfig& jail : jails) {
    auto filter = LineFilter::compile(jail.filter, jail.logtimezone, host_offset);
    if (!filter) {
      reading.report += filter.error().message() + " - jail \"" + jail.name + "\" is refused\n";
      reading.refused.push_back(jail.name);
      reading.has_errors = true;
      continue;
    }
    for (const std::string& warning : (*filter)->warnings())
      reading.report += warning + "\n";
    reading.jails.push_back({std::move(jail), std::move(*filter)});
  }
}

// All addresses of `host`, which may be one.
void add_host(const std::string& host, const std::string& reason, std::vector<std::pair<Prefix, std::string>>& ranges,
              std::vector<std::string>& problems) {
  const auto addresses = look_up(host);
  if (!addresses) {
    problems.push_back("never-ban: " + host + " cannot be resolved: " + addresses.error().message());
    return;
  }
  for (const std::string& text : *addresses) {
    if (const auto address = Address::parse(text)) ranges.emplace_back(*address, reason);
  }
}

}  // namespace

NodeReading read_node(const std::string& config_file) {
  NodeReading reading;
  NodeConfigReading node = read_node_config(config_file);
  reading.report = node.problems.text();
  reading.has_errors = node.problems.has_errors();
  reading.config = std::move(node.config);
  if (!reading.config) return reading;
  JailReading jails =
      read_jails({.config_dirs = reading.config->config_dirs, .filter_dirs = reading.config->filter_dirs});
  reading.report += jails.problems.text();
  reading.has_errors |= jails.problems.has_errors();
  reading.refused = std::move(jails.refused);
  compile_jails(std::move(jails.jails), reading);
  return reading;
}

std::vector<GateFilter> gate_filters(const std::vector<ActiveJail>& jails) {
  std::vector<GateFilter> filters;
  for (const ActiveJail& jail : jails)
    filters.push_back({jail.filter->requirement(), jail.filter->wants_raw_json()});
  return filters;
}

std::vector<std::pair<Prefix, std::string>> listed_ranges(const NodeConfig& config,
                                                          const std::vector<ActiveJail>& jails,
                                                          std::vector<std::string>& problems) {
  std::vector<std::pair<Prefix, std::string>> ranges;
  for (const Prefix& range : config.ignoreip)
    ranges.emplace_back(range, "in ignoreip of node.conf");
  for (const std::string& name : config.ignoreip_names) {
    add_host(name, name + ", in ignoreip of node.conf", ranges, problems);
  }
  for (const ActiveJail& jail : jails) {
    const std::string where = "in ignoreip of jail " + jail.config.name;
    for (const Prefix& range : jail.config.ignoreip)
      ranges.emplace_back(range, where);
    for (const std::string& name : jail.config.ignoreip_names)
      add_host(name, name + ", " + where, ranges, problems);
  }
  if (config.hub.empty()) return ranges;
  if (const auto endpoint = parse_endpoint(config.hub)) {
    add_host(endpoint->host, "the hub", ranges, problems);
  }
  return ranges;
}

}  // namespace breakwater
