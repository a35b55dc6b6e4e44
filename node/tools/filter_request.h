// SPDX-License-Identifier: Apache-2.0
// What a filter's author names on the command line -> a filter.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/config/jail_config.h"

namespace breakwater {

struct FilterRequest {
  std::string filter;                    // "sshd", "sshd[mode=aggressive]", a .conf file, or a regex with a tag in it
  std::vector<std::string> config_dirs;  // as in node.conf; filter.d/ of each is looked through, in this order
  std::vector<std::string> filter_dirs;
  std::string usedns;    // replaces the filter's own; empty: as it is
  bool journal = false;  // the lines are the journal's: fail2ban tells the filter by logtype
};

struct FilterAnswer {
  std::optional<FilterConfig> config;
  std::string report;  // problems, a line each: file:line: what (what would be right)
};

// Reads files only.
FilterAnswer find_filter(const FilterRequest& request);

}  // namespace breakwater
