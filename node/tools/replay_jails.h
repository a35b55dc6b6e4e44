// SPDX-License-Identifier: Apache-2.0
// Which jails a replay runs, and which log goes to which.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "common/config/jail_config.h"
#include "node/core/filter/line_filter.h"
#include "node/tools/log_format.h"

namespace breakwater {

struct ReplayJail {
  JailConfig config;
  std::unique_ptr<LineFilter> filter;
};

struct ReplayJailsRequest {
  std::vector<std::string> config_dirs;
  std::vector<std::string> filter_dirs;
  std::vector<std::string> names;  // these only, enabled or not; empty: all that are enabled
};

struct ReplayJailsAnswer {
  std::vector<ReplayJail> jails;
  std::string report;     // problems, a line each
  bool all_there = true;  // false: a jail that was asked for by name is wrong or unknown
};

// Reads and compiles. A jail that is wrong is named in the report and left out.
ReplayJailsAnswer load_replay_jails(const ReplayJailsRequest& request);

// Indices of the jails that read `log`: those whose logpath it is, or that of one of its rotated forms (.1, .2.gz,
// -20260101); where that fits none, those with a logpath of the same file name; where that fits none either and the log
// is dockerd's, those with backend = docker, whatever containers they ask for.
std::vector<std::size_t> jails_for_log(const std::vector<const JailConfig*>& jails, const std::string& log,
                                       LogFormat format);

}  // namespace breakwater
