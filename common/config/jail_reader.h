// SPDX-License-Identifier: Apache-2.0
// jail.conf, jail.d and the filters they name -> the jails that this node or hub runs.
#pragma once

#include <string>
#include <vector>

#include "common/config/jail_config.h"
#include "common/config/problem.h"

namespace breakwater {

struct JailSources {
  // Where jail.conf, jail.d/, filter.d/ and action.d/ are looked for; what stands in the first one wins.
  std::vector<std::string> config_dirs{"/etc/breakwater"};
  // Looked through after those, for filter.d/ and action.d/ only.
  std::vector<std::string> filter_dirs{"/etc/fail2ban"};
  // False: filters are not read, and a missing one is no problem. The hub asks for this: it needs names and policy
  // only; FilterConfig then has nothing but its name.
  bool with_filters = true;
  std::vector<std::string> enable_too{};  // jails that load though they say enabled = false
};

struct JailReading {
  std::vector<JailConfig> jails;      // enabled and sound, in the order of the files
  std::vector<std::string> disabled;  // enabled = false; their options were only checked for unknown names
  std::vector<std::string> refused;   // enabled, but something is wrong: `problems` says what
  Problems problems;                  // all of them, not just the first
};

// Never fails as a whole: a jail that is wrong is refused, the others load. An unknown option alone does not refuse
// its jail (but is an error). Reads files; blocks only on the disk.
JailReading read_jails(const JailSources& sources = {});

}  // namespace breakwater
