// SPDX-License-Identifier: Apache-2.0
#include "hub/hub_setup.h"

#include <algorithm>
#include <filesystem>

#include "common/config/config_reader.h"
#include "common/config/jail_builder.h"
#include "common/config/jail_fields.h"
#include "common/config/jail_reader.h"
#include "common/runtime/random.h"

namespace breakwater {

namespace {

JailConfig read_defaults(const std::vector<std::string>& directories) {
  JailConfig jail;
  // What is wrong in [DEFAULT] was reported with the jails.
  Problems told;
  ConfigReader files(directories, told);
  const auto config = files.read_all("jail");
  if (!config) return jail;
  JailContext context{*config, files, false, told, {}, {}};
  const Interpolator interpolator(*config);
  OptionValues values(interpolator, kDefaultSection, {"jail", kDefaultSection}, told);
  const JailModes modes = read_modes(values);
  jail.mode = modes.jail;
  read_jail_fields(context, values, modes, jail);
  return jail;
}

// Where jails are looked for: what stands first wins. A node's package on the same host brings a jail.conf of its own.
std::vector<std::string> jail_dirs(std::vector<std::string> dirs, const std::string& stock) {
  std::error_code ignored;
  const auto has_jails = [&](const std::string& dir) { return std::filesystem::exists(dir + "/jail.conf", ignored); };
  if (std::none_of(dirs.begin(), dirs.end(), has_jails) && has_jails(stock)) dirs.push_back(stock);
  return dirs;
}

}  // namespace

HubReading read_hub(const std::string& config_file, const std::string& stock_jails_dir) {
  HubReading reading;
  HubConfigReading hub = read_hub_config(config_file);
  reading.report = hub.problems.text();
  reading.has_errors = hub.problems.has_errors();
  reading.config = std::move(hub.config);
  if (!reading.config) return reading;
  const std::vector<std::string> dirs = jail_dirs(reading.config->config_dirs, stock_jails_dir);
  JailReading jails = read_jails({.config_dirs = dirs, .with_filters = false});
  reading.report += jails.problems.text();
  reading.has_errors |= jails.problems.has_errors();
  reading.jails = std::move(jails.jails);
  reading.refused = std::move(jails.refused);
  reading.defaults = read_defaults(dirs);
  if (reading.config->listen.size() != 1) {
    reading.report += config_file + ": listen: one endpoint, please (tcp://*:7199 is all addresses of both families)\n";
    reading.has_errors = true;
    reading.config.reset();
  }
  return reading;
}

HubSettings settings_of(const HubConfig& config) {
  HubSettings settings;
  settings.name = config.name;
  settings.instance = random_bytes(16);
  settings.dice = random_u64();
  settings.ignoreip = config.ignoreip;
  settings.operator_bantime = config.bantime;
  settings.max_nodes = static_cast<std::size_t>(config.max_nodes);
  settings.max_peers = settings.max_nodes + settings.max_nodes / 5 + 100;
  settings.decisions_in_ring = static_cast<std::size_t>(config.decisions_in_ring);
  return settings;
}

KeyFolders key_folders(const HubConfig& config) {
  return {config.nodes_dir, config.admins_dir};
}

std::set<std::string> enrolled_names(const std::string& folder) {
  std::set<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().stem().string();
    if (it->path().extension() == ".pub" && is_peer_name(name)) names.insert(name);
  }
  return names;
}

}  // namespace breakwater
