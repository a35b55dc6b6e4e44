// SPDX-License-Identifier: Apache-2.0
// Python's regex dialect, translated to RE2's.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "node/core/filter/char_class.h"
#include "node/core/filter/filter_tags.h"

namespace breakwater {

// A regex for RE2, with default options but the encoding (Latin-1 for Alphabet::ascii, UTF-8 for Alphabet::unicode).
struct Re2Pattern {
  std::string text;
  std::vector<std::string> groups;    // the name of each capturing group in order, "" if it has none
  std::vector<std::string> warnings;  // things that work, but that the author should know
};

struct TranslateOptions {
  Alphabet alphabet = Alphabet::ascii;
  // For dates: two groups may bear one name, and groups without a name are kept, for one of them is what is cut. Else a
  // group without a name is for grouping only, since backreferences are refused: that makes smaller programs.
  bool for_dates = false;
};

// `pattern` as Python 3.11's re.search(pattern, line + "\n") would take it, or why not: either Python refuses it too,
// or it holds a construct that RE2 cannot express exactly (lookaround, backreference, conditional, atomic group,
// possessive quantifier). The error names the construct and its column, and never the pattern's text as a whole.
//
// The text searched must end in the "\n" that fail2ban adds: `$` is written for it.
// Known difference: \b and \B know ASCII words only, which shows beside letters beyond ASCII.
Result<Re2Pattern> to_re2(const ExpandedPattern& pattern, const TranslateOptions& options);

}  // namespace breakwater
