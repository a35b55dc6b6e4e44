// SPDX-License-Identifier: Apache-2.0
// filter.d/NAME.conf -> FilterConfig.
#pragma once

#include <optional>
#include <string>

#include "common/config/config_reader.h"
#include "common/config/interpolation.h"
#include "common/config/jail_config.h"
#include "common/config/option_list.h"
#include "common/config/option_values.h"

namespace breakwater {

struct FilterReading {
  FilterConfig config;
  Variables known;  // "known/failregex", ...: a jail may extend an option of its filter by %(known/failregex)s
};

// Reads a filter as a jail asks for it. nullopt: refused, and the problems of `reader` say why; they are about
// `subject` (the jail, or the filter itself). `at`: where the filter is named.
std::optional<FilterReading> read_filter(ConfigReader& reader, const NameWithOptions& request, const Origin& at,
                                         const Subject& subject);

// For `test-filter`: "sshd", "sshd[mode=aggressive]" (looked for in `directories`), or the path of a .conf file.
std::optional<FilterConfig> read_filter(const std::vector<std::string>& directories, const std::string& request,
                                        Problems& problems);

// Lets a jail's own failregex, ignoreregex, prefregex, datepattern, maxlines, usedns and journalmatch replace those of
// its filter. `values` carries FilterReading::known.
void override_filter(OptionValues& values, FilterConfig& filter);

}  // namespace breakwater
