// SPDX-License-Identifier: Apache-2.0
// `test-filter --output json`: the contract stands in docs/test-filter.md.
#pragma once

#include <string>

#include "node/tools/filter_trial.h"

namespace breakwater {

// Appends one object and "\n". Every object has the same keys in the same order; null where there is none.
void append_trial_json(std::string& out, const LineTrial& trial);

}  // namespace breakwater
