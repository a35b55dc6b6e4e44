// SPDX-License-Identifier: Apache-2.0
// Which version of Breakwater this is.
#pragma once

#include <string>

namespace breakwater {

// "0.1.0": the build's BREAKWATER_VERSION.
const char* version();

// "breakwater-node 0.1.0".
std::string software_name(const char* program);

}  // namespace breakwater
