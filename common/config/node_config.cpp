// SPDX-License-Identifier: Apache-2.0
#include "common/config/node_config.h"

#include <utility>

#include "common/base/text.h"
#include "common/config/daemon_values.h"
#include "common/config/ignore_list.h"

namespace breakwater {

namespace {

constexpr std::uint64_t kLeastSpool = 1024 * 1024;

const std::vector<std::string>& node_options() {
  static const std::vector<std::string> kOptions{
      "name",          "hub",         "hub_public_key", "secret_key", "state_dir",   "config_dirs", "filter_dirs",
      "docker_socket", "docker_root", "firewall",       "log_level",  "spool_limit", "ignoreip"};
  return kOptions;
}

void read_hub(OptionValues& values, NodeConfig& config) {
  values.read_text("hub", config.hub);
  if (!config.hub.empty() && !is_tcp_endpoint(config.hub, false)) {
    values.error("hub", "hub " + in_quotes(config.hub) + " is not an endpoint", "tcp://HOST:7199");
  }
  read_public_keys(values, "hub_public_key", NodeConfig::kMaxHubKeys, config.hub_public_keys);
  if (!config.hub.empty() && config.hub_public_keys.empty() && !values.is_set("hub_public_key")) {
    values.error("hub", "hub is set, but hub_public_key is not: the hub could not be told from an impostor",
                 "`breakwater-hub keygen` prints it");
  }
}

void read_firewall(OptionValues& values, FirewallChoice& into) {
  std::string choice;
  values.read_text("firewall", choice);
  static const std::vector<std::string> kChoices{"auto", "iptables", "iptables-rules"};
  if (choice.empty() || choice == "auto") return;
  if (choice == "iptables") {
    into = FirewallChoice::iptables;
  } else if (choice == "iptables-rules") {
    into = FirewallChoice::iptables_rules;
  } else {
    values.error("firewall", "firewall " + in_quotes(choice) + " is unknown", suggestion("", kChoices));
  }
}

// Some write it as dockerd's own configuration does: unix:///run/docker.sock.
void read_docker_socket(OptionValues& values, std::string& into) {
  std::string text;
  values.read_text("docker_socket", text);
  if (text.empty()) return;
  if (text.starts_with("unix://")) text.erase(0, 7);
  if (text != "none" && !text.starts_with('/')) {
    return values.error("docker_socket", "docker_socket " + in_quotes(text) + " is not an absolute path", "or none");
  }
  into = text;
}

void read_node(OptionValues& values, NodeConfig& config) {
  read_name(values, config.name);
  read_hub(values, config);
  values.read_path("secret_key", config.secret_key_file);
  values.read_path("state_dir", config.state_dir);
  read_paths(values, "config_dirs", config.config_dirs);
  read_paths(values, "filter_dirs", config.filter_dirs);
  read_docker_socket(values, config.docker_socket);
  values.read_path("docker_root", config.docker_root);
  read_firewall(values, config.firewall);
  read_log_level(values, config.log_level);
  values.read_bytes("spool_limit", config.spool_limit, kLeastSpool);
  IgnoreList ignored = read_ignore_list(values);
  config.ignoreip = std::move(ignored.prefixes);
  config.ignoreip_names = std::move(ignored.names);
}

}  // namespace

NodeConfigReading read_node_config(const std::string& file) {
  NodeConfigReading out;
  NodeConfig config;
  const bool sound = read_daemon_config(file, "node", node_options(), out.problems,
                                        [&config](OptionValues& values) { read_node(values, config); });
  if (sound) out.config = std::move(config);
  return out;
}

}  // namespace breakwater
