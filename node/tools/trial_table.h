// SPDX-License-Identifier: Apache-2.0
// `test-filter` for people.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "node/core/gate/required_literals.h"
#include "node/tools/filter_trial.h"
#include "node/tools/trial_summary.h"

namespace breakwater {

void print_missed_line(std::ostream& out, std::uint64_t number, std::string_view text);

// `advice`: advice_on(). Reads like fail2ban-regex, with the addresses and the advice besides.
void print_trial_table(std::ostream& out, const FilterTrial& trial, const TrialSummary& summary,
                       const std::vector<std::string>& advice);

// What is dangerous in the filter. Nothing if there is nothing.
void print_warnings(std::ostream& out, const LineFilter& filter);

// Each regex with where it stands, how it is run, and which literals the raw bytes of a line must hold before it is
// asked at all.
void print_explanation(std::ostream& out, const FilterConfig& config, const LineFilter& filter, LogForm form);

}  // namespace breakwater
