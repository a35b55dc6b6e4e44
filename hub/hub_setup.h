// SPDX-License-Identifier: Apache-2.0
// From configuration files to what the hub runs on.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/config/hub_config.h"
#include "common/config/jail_config.h"
#include "hub/adapters/gate/key_ring.h"
#include "hub/core/hub_settings.h"

namespace breakwater {

// What stands in the files, and everything that is wrong with it.
struct HubReading {
  std::optional<HubConfig> config;   // absent: hub.conf itself is wrong
  std::vector<JailConfig> jails;     // sound ones; of filters only the names
  std::vector<std::string> refused;  // jails that are enabled and wrong
  JailConfig defaults;               // [DEFAULT]: for jails that only nodes know
  std::string report;                // all problems, a line each: file:line: jail "x": what (what would be right)
  bool has_errors = false;
};

// The stock jails of the hub's package: read where config_dirs has no jail.conf, below all that stands there.
inline constexpr const char* kStockJailsDir = "/usr/share/breakwater-hub";

// Reads hub.conf and the jails. Reads files only.
HubReading read_hub(const std::string& config_file, const std::string& stock_jails_dir = kStockJailsDir);

HubSettings settings_of(const HubConfig& config);

KeyFolders key_folders(const HubConfig& config);

// Whose NAME.pub stand in a folder.
std::set<std::string> enrolled_names(const std::string& folder);

}  // namespace breakwater
