// SPDX-License-Identifier: Apache-2.0
#include "common/base/version.h"

namespace breakwater {

const char* version() {
  return BREAKWATER_THIS_VERSION;
}

std::string software_name(const char* program) {
  return std::string(program) + " " + version();
}

}  // namespace breakwater
