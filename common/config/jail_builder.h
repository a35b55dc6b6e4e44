// SPDX-License-Identifier: Apache-2.0
// One section of jail.conf -> one JailConfig.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/config/config_reader.h"
#include "common/config/jail_config.h"
#include "common/config/jail_options.h"
#include "common/config/jail_reader.h"

namespace breakwater {

// What the jails of one reading share.
struct JailContext {
  const Config& config;
  ConfigReader& reader;  // for filter.d and action.d
  bool with_filters;
  Problems& problems;
  UnusedOptions unused;
  std::set<std::string> actions_reported;  // each action is commented on once
  std::set<std::string> enable_too{};      // JailSources::enable_too
};

enum class JailFate { loaded, disabled, refused };

// Fills `jail` where the outcome is `loaded`.
JailFate build_jail(JailContext& context, const std::string& section, JailConfig& jail);

// `mode` is fail2ban's word for the filter's variant (normal, aggressive, ddos, extra, ...); enforce and observe are
// ours for the jail. Either may stand in the jail and in [DEFAULT], so both places are looked at.
struct JailModes {
  JailMode jail = JailMode::enforce;
  bool jail_given = false;
  std::optional<std::string> filter;
  bool filter_in_jail = false;  // `filter` stands in the jail's own section
};
JailModes read_modes(OptionValues& values);

}  // namespace breakwater
