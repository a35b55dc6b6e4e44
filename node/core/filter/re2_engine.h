// SPDX-License-Identifier: Apache-2.0
// Regexes by RE2: linear in the line whatever a stranger writes.
#pragma once

#include "node/core/filter/regex_engine.h"

namespace breakwater {

// Each regex is compiled for ASCII lines at once; for lines with other characters on the first such line (it is checked
// at compile() that this will work). So the common case has the small, fast programs.
//
// Memory: RE2 holds at most 1 MiB a regex (16 MiB for a regex whose program is larger than that allows); when its DFA
// would need more it goes on with the slower NFA, still linear, and the answer is the same.
class Re2Engine final : public RegexEngine {
 public:
  Result<std::unique_ptr<Regex>> compile(const ExpandedPattern& pattern) override;
};

}  // namespace breakwater
