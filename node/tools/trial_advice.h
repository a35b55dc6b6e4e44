// SPDX-License-Identifier: Apache-2.0
// Why a filter did not do what its author hoped.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "node/tools/filter_trial.h"
#include "node/tools/log_format.h"
#include "node/tools/trial_summary.h"

namespace breakwater {

struct TrialCircumstances {
  LogFormat used = LogFormat::file;      // how the log was read
  LogFormat detected = LogFormat::file;  // what its first lines look like
  Timestamp now{};
};

// Sentences, the likeliest cause first. Where nothing matched, the first missed lines are tried again with one thing
// changed at a time: names allowed, the blank behind the date gone, the date left in.
std::vector<std::string> advice_on(const FilterTrial& trial, const TrialSummary& summary,
                                   const TrialCircumstances& circumstances);

}  // namespace breakwater
