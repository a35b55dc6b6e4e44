// SPDX-License-Identifier: Apache-2.0
#include "common/config/hub_config.h"

#include <algorithm>
#include <utility>

#include "common/config/daemon_values.h"
#include "common/config/ignore_list.h"
#include "common/config/option_list.h"

namespace breakwater {

namespace {

constexpr std::size_t kMaxSocketPath = 107;  // sun_path of sockaddr_un

const std::vector<std::string>& hub_options() {
  static const std::vector<std::string> kOptions{
      "name",        "listen",    "query_socket", "secret_key", "nodes_dir", "admins_dir", "state_dir",
      "config_dirs", "retention", "ignoreip",     "bantime",    "log_level", "max_nodes",  "decisions_in_ring"};
  return kOptions;
}

void read_listen(OptionValues& values, std::vector<std::string>& into) {
  const auto text = values.text("listen");
  if (!text) return;
  std::vector<std::string> endpoints;
  for (const SourcedLine& word : split_words(*text)) {
    if (!is_tcp_endpoint(word.text, true)) {
      values.error_at(word.origin, "listen " + in_quotes(word.text) + " is not an endpoint", "tcp://*:7199");
      continue;
    }
    endpoints.push_back(word.text);
  }
  into = std::move(endpoints);
}

void read_query_socket(OptionValues& values, std::string& into) {
  std::string text;
  values.read_text("query_socket", text);
  if (text.empty()) return;
  if (text.starts_with('/')) text.insert(0, "ipc://");
  if (!text.starts_with("ipc:///")) {
    return values.error("query_socket", "query_socket " + in_quotes(text) + " is not a local socket", "ipc:///PATH");
  }
  if (text.size() - 6 > kMaxSocketPath) {
    return values.error("query_socket",
                        "query_socket: a socket's path has at most " + std::to_string(kMaxSocketPath) + " bytes");
  }
  into = text;
}

void read_hub(OptionValues& values, HubConfig& config) {
  read_name(values, config.name);
  read_listen(values, config.listen);
  read_query_socket(values, config.query_socket);
  values.read_path("secret_key", config.secret_key_file);
  values.read_path("nodes_dir", config.nodes_dir);
  values.read_path("admins_dir", config.admins_dir);
  if (config.nodes_dir == config.admins_dir)
    values.error("admins_dir", "admins_dir is nodes_dir: every node would be an operator");
  values.read_path("state_dir", config.state_dir);
  read_paths(values, "config_dirs", config.config_dirs);
  values.read_ban_duration("retention", config.retention);
  values.read_ban_duration("bantime", config.bantime);
  read_log_level(values, config.log_level);
  values.read_number("max_nodes", config.max_nodes, 1, 1000000);
  values.read_number("decisions_in_ring", config.decisions_in_ring, 1000, 10000000);
  IgnoreList ignored = read_ignore_list(values);
  config.ignoreip = std::move(ignored.prefixes);
  config.ignoreip_names = std::move(ignored.names);
}

}  // namespace

HubConfigReading read_hub_config(const std::string& file) {
  HubConfigReading out;
  HubConfig config;
  const bool sound = read_daemon_config(file, "hub", hub_options(), out.problems,
                                        [&config](OptionValues& values) { read_hub(values, config); });
  if (sound) out.config = std::move(config);
  return out;
}

}  // namespace breakwater
