// SPDX-License-Identifier: Apache-2.0
// Real filters with their sample lines, read while the test runs: those of the installed fail2ban, and ours.
#pragma once

#include <string>
#include <vector>

#include "common/config/jail_config.h"

namespace breakwater::testing {

struct SampledFilter {
  std::string name;  // "sshd[mode=aggressive]"
  FilterConfig config;
  std::vector<std::string> samples;
};

// fail2ban's, in each of their modes; <HOST> takes names, as in its own jails. Empty: fail2ban is not installed.
std::vector<SampledFilter> stock_filters();
// By name, "" for none: skip the test then.
SampledFilter stock_filter(const std::string& request);

// configs/filter.d, in each of their modes.
std::vector<SampledFilter> shipped_filters();

}  // namespace breakwater::testing
