// SPDX-License-Identifier: Apache-2.0
// `breakwater-node test-filter`: what a filter makes of a log.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "node/tools/filter_request.h"
#include "node/tools/log_format.h"

namespace breakwater {

struct TestFilterOptions {
  FilterRequest filter;
  std::string log;  // a file, "-", or, where there is no such file, one line
  Timestamp now{};
  LogFormat format = LogFormat::automatic;  // journal_json, asked for or found: the filter is told so
  bool json = false;
  bool print_missed = false;
  bool explain = false;
};

// Results go to `out`, all else to `err`. Returns the exit status: 0 done, 1 the log cannot be read, 78 the filter
// cannot be used. Needs neither root nor configuration; reads files only.
int test_filter(const TestFilterOptions& options, std::ostream& out, std::ostream& err);

}  // namespace breakwater
