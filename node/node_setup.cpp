// SPDX-License-Identifier: Apache-2.0
#include "node/node_setup.h"

#include <algorithm>

#include "common/runtime/time_zone.h"

namespace breakwater {

namespace {

void compile_jails(std::vector<JailConfig> jails, const std::vector<ActiveJail>& in_use, NodeReading& reading) {
  for (JailConfig& jail : jails) {
    const bool compiled = std::any_of(in_use.begin(), in_use.end(), [&](const ActiveJail& other) {
      return other.config.name == jail.name && same_filter(other.config, jail);
    });
    if (compiled) {
      reading.jails.push_back({std::move(jail), nullptr});
      continue;
    }
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

}  // namespace

NodeReading read_node(const std::string& config_file, const std::vector<ActiveJail>& in_use) {
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
  compile_jails(std::move(jails.jails), in_use, reading);
  return reading;
}

std::vector<GateFilter> gate_filters(const std::vector<ActiveJail>& jails) {
  std::vector<GateFilter> filters;
  for (const ActiveJail& jail : jails)
    filters.push_back({jail.filter->requirement(), jail.filter->wants_raw_json()});
  return filters;
}

Result<std::optional<ZmqHubLink::Options>> link_options(const NodeConfig& config) {
  if (config.hub.empty()) return std::optional<ZmqHubLink::Options>();
  auto keys = read_secret_key(config.secret_key_file);
  if (!keys) return keys.error();
  ZmqHubLink::Options options;
  options.endpoint = config.hub;
  options.keys = *keys;
  for (const std::string& bytes : config.hub_public_keys) {
    auto hub_key = PublicKey::from_bytes(bytes);
    if (!hub_key) return hub_key.error().within("hub_public_key");
    options.hub_keys.push_back(*hub_key);
  }
  return std::optional(std::move(options));
}

std::string needs_restart(const NodeConfig& in_use, const NodeConfig& wanted) {
  const std::pair<const char*, bool> differs[] = {
      {"name", in_use.name != wanted.name},
      {"state_dir", in_use.state_dir != wanted.state_dir},
      {"spool_limit", in_use.spool_limit != wanted.spool_limit},
      {"docker_socket", in_use.docker_socket != wanted.docker_socket},
      {"docker_root", in_use.docker_root != wanted.docker_root},
      {"firewall", in_use.firewall != wanted.firewall},
  };
  std::string names;
  for (const auto& [name, different] : differs) {
    if (different) names += (names.empty() ? "" : " ") + std::string(name);
  }
  return names;
}

}  // namespace breakwater
