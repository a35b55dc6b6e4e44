// SPDX-License-Identifier: Apache-2.0
// The %-tags of a datepattern.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace breakwater {

struct ExpandedDate {
  std::string regex;   // Python's dialect; %Y became a group named Y
  bool words = false;  // names of months and the like stand in it: letters match in either case
};

// %% becomes %. Error: a tag that fail2ban does not know either, or one that is not supported.
Result<ExpandedDate> expand_date_tags(std::string_view pattern);

}  // namespace breakwater
