// SPDX-License-Identifier: Apache-2.0
// hub.conf: how a hub runs. Which offences it bans for stands in jail.conf.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/config/problem.h"
#include "common/log/log.h"

namespace breakwater {

struct HubConfig {
  std::string name;                                                   // default: the host's name up to the first dot
  std::vector<std::string> listen{"tcp://*:7199"};                    // for nodes and remote admins; always CURVE
  std::string query_socket = "ipc:///run/breakwater-hub/query.sock";  // for local admins
  std::string secret_key_file = "/etc/breakwater/hub.key";            // not opened here
  std::string nodes_dir = "/etc/breakwater/nodes.d";                  // NAME.pub, 64 hex digits each
  std::string admins_dir = "/etc/breakwater/admins.d";
  std::string state_dir = "/var/lib/breakwater-hub";
  std::vector<std::string> config_dirs{"/etc/breakwater"};          // JailSources::config_dirs
  std::optional<Duration> retention = std::chrono::hours(24 * 90);  // of offences and ended bans; nullopt: for ever
  std::optional<Duration> bantime = std::chrono::hours(24);  // of `breakwater ban` without a length; nullopt: no end
  std::vector<Prefix> ignoreip;                              // never banned anywhere
  std::vector<std::string> ignoreip_names;                   // DNS names, for the caller to resolve
  LogLevel log_level = LogLevel::info;
  int max_nodes = 10000;           // connections admitted
  int decisions_in_ring = 100000;  // kept in memory for nodes that were away; beyond it they get a snapshot
};

struct HubConfigReading {
  std::optional<HubConfig> config;  // there unless something is wrong; warnings alone do not hinder it
  Problems problems;
};

// Reads `file` (section [hub]) and, where it is called X.conf, also X.d/*.conf, X.local and X.d/*.local.
HubConfigReading read_hub_config(const std::string& file = "/etc/breakwater/hub.conf");

}  // namespace breakwater
