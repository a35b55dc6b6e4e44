// SPDX-License-Identifier: Apache-2.0
// node.conf: how a node runs. What it bans stands in jail.conf.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/address.h"
#include "common/config/problem.h"
#include "common/log/log.h"

namespace breakwater {

enum class FirewallChoice { automatic, iptables, iptables_rules };

struct NodeConfig {
  std::string name;  // how the hub and people call it; default: the host's name up to the first dot
  std::string hub;   // "tcp://host:port"; empty: stand-alone, it bans alone
  // 32 raw bytes each: the hub's key, and others that it may come to use. At most kMaxHubKeys; empty only where hub is.
  static constexpr std::size_t kMaxHubKeys = 4;
  std::vector<std::string> hub_public_keys;
  std::string secret_key_file = "/etc/breakwater/node.key";  // not opened here: `check` need not be root
  std::string state_dir = "/var/lib/breakwater-node";
  std::vector<std::string> config_dirs{"/etc/breakwater"};  // JailSources::config_dirs
  std::vector<std::string> filter_dirs{"/etc/fail2ban"};    // JailSources::filter_dirs
  std::string docker_socket = "/run/docker.sock";           // "none": do not ask Docker
  std::string docker_root = "/var/lib/docker";
  FirewallChoice firewall = FirewallChoice::automatic;
  LogLevel log_level = LogLevel::info;
  std::uint64_t spool_limit = 256ull * 1024 * 1024;  // bytes, >= 1 MiB
  std::vector<Prefix> ignoreip;                      // never banned on this node, whatever jails say
  std::vector<std::string> ignoreip_names;           // DNS names, for the caller to resolve
};

struct NodeConfigReading {
  std::optional<NodeConfig> config;  // there unless something is wrong; warnings alone do not hinder it
  Problems problems;                 // all of them
};

// Reads `file` (section [node]) and, where it is called X.conf, also X.d/*.conf, X.local and X.d/*.local.
// Blocks only on the disk.
NodeConfigReading read_node_config(const std::string& file = "/etc/breakwater/node.conf");

}  // namespace breakwater
