// SPDX-License-Identifier: Apache-2.0
// The names that may stand in jail.conf, and what becomes of those that have no effect here.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"
#include "common/config/option_values.h"

namespace breakwater {

// What we read: fail2ban's options and our own.
const std::vector<std::string>& jail_options();

// fail2ban's option that has no effect here: why. Empty for any other name.
std::string_view why_unused(std::string_view option);

// Collects the options that stand in enabled jails with a value that is not fail2ban's default, and says of each one
// once that it has no effect.
class UnusedOptions {
 public:
  void take(OptionValues& values, const std::string& jail);
  void report(Problems& problems) const;

 private:
  struct Use {
    Origin origin;
    std::vector<std::string> jails;
  };
  std::map<std::string, Use> uses_;
};

// An error, with the nearest name, for each option that nobody knows and that nothing refers to by %(name)s. In
// [DEFAULT], where people keep variables, it is only a warning unless the name is close to an option's.
void report_unknown_jail_options(const Config& config, Problems& problems);

}  // namespace breakwater
