// SPDX-License-Identifier: Apache-2.0
// What is dangerous in a filter, though it works.
#pragma once

#include <string>
#include <vector>

#include "common/config/jail_config.h"

namespace breakwater {

// A regex that begins with dockerd's own record, `^{"log":"`, with any of its signs quoted.
bool addresses_raw_json(const RegexText& regex);

// One sentence each, beginning with file:line.
std::vector<std::string> lint_filter(const FilterConfig& config);

}  // namespace breakwater
