// SPDX-License-Identifier: Apache-2.0
// The engine that runs filters: RE2 wherever it can say what is meant, PCRE2 behind RE2 for the rest.
#pragma once

#include "node/core/filter/regex_engine.h"

namespace breakwater {

// A regex that RE2 can express exactly is run by RE2 alone: linear in the line whatever a stranger writes. For one with
// a lookaround, a backreference, a conditional and the like RE2 runs a superset of it as a gate, and PCRE2, bounded in
// steps and memory, gives the verdict on the lines that pass: they are near-certain offences already. A line on which
// the bounds bite is SearchOutcome::engine_failed.
//
// Each regex is compiled for ASCII lines at once; for lines with other characters on the first such line (it is checked
// at compile() that this will work). So the common case has the small, fast programs.
//
// Memory: RE2 holds at most 1 MiB a regex (16 MiB for a regex whose program is larger than that allows); when its DFA
// would need more it goes on with the slower NFA, still linear, and the answer is the same.
class FilterEngine final : public RegexEngine {
 public:
  // After so many matches the groups of a regex are taken by PCRE2's machine code, which is faster than RE2 there, and
  // exact too; RE2 goes on if that gives up or is forbidden.
  explicit FilterEngine(int worth_machine_code = 64) : worth_machine_code_(worth_machine_code) {}

  Result<std::unique_ptr<Regex>> compile(const ExpandedPattern& pattern, const RegexFlags& flags) override;

 private:
  int worth_machine_code_;
};

}  // namespace breakwater
