// SPDX-License-Identifier: Apache-2.0
// Which literals the raw bytes of a line must hold before a filter can take any notice of it.
#pragma once

#include <string>
#include <vector>

#include "node/core/filter/line_filter.h"
#include "node/core/gate/raw_literal.h"

namespace breakwater {

// At least one of them stands in the raw bytes, whatever the case of its ASCII letters.
using LiteralClause = std::vector<std::string>;

// What one regex needs. It can match only if, for one of `ways` (its ASCII form, its Unicode form), each of the clauses
// holds. Always at least one way; a way without clauses: it can match anything, as far as literals tell.
struct RegexLiterals {
  std::vector<std::vector<LiteralClause>> ways;
  bool anything() const;
};

// What a filter needs: prefregex (if there is one) and any of failregex.
struct FilterLiterals {
  bool every_line = false;
  std::string why;                       // it must see every line: "failregex 2 has no literal"
  std::vector<RegexLiterals> prefregex;  // one or none
  std::vector<RegexLiterals> failregex;
  std::vector<std::string> strays;  // regexes for Hyperscan; a line with one of them must be seen
};

// For the gate, and for people who want to know what the gate looks for. Milliseconds a filter.
FilterLiterals literals_of(const LineRequirement& requirement, LogForm form);

}  // namespace breakwater
