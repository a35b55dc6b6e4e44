// SPDX-License-Identifier: Apache-2.0
// Which literals the raw bytes of a line must hold before a filter can take any notice of it.
#pragma once

#include <string>
#include <vector>

#include "node/core/filter/line_filter.h"
#include "node/core/gate/raw_literals.h"

namespace breakwater {

// All of them stand in the raw bytes, whatever the case of their ASCII letters.
using LiteralSet = std::vector<std::string>;
// At least one of the sets does.
using LiteralClause = std::vector<LiteralSet>;

// What one regex needs. It can match only if, for one of `ways` (its ASCII form, its Unicode form), each of the clauses
// holds. Always at least one way; a way without clauses: it can match anything, as far as literals tell.
struct RegexLiterals {
  std::vector<std::vector<LiteralClause>> ways;
  bool anything() const;
};

// What a filter needs: prefregex (if there is one) and any of failregex.
struct FilterLiterals {
  bool every_line = false;
  std::string why;                       // it must see every line: "failregex 2 has no literal ..."
  std::vector<RegexLiterals> prefregex;  // one or none
  std::vector<RegexLiterals> failregex;
};

// For the gate, and for people who want to know what the gate looks for. Milliseconds a filter.
FilterLiterals literals_of(const LineRequirement& requirement, LogForm form);

}  // namespace breakwater
