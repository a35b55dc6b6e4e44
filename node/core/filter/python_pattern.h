// SPDX-License-Identifier: Apache-2.0
// Python's regex dialect, translated to RE2's and PCRE2's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "node/core/filter/char_class.h"
#include "node/core/filter/filter_tags.h"

namespace breakwater {

// For RE2 with default options but the encoding (Latin-1 for Alphabet::ascii, UTF-8 for Alphabet::unicode).
struct TranslatedPattern {
  std::string text;
  std::vector<std::string> groups;    // the name of each capturing group in order, "" if it has none
  std::vector<std::string> warnings;  // things that work, but that the author should know
};

enum class Dialect : std::uint8_t {
  re2,           // exactly what Python means, or refused
  re2_superset,  // matches at least wherever Python does; no groups. For a gate
  pcre2,         // exactly what Python means, for PCRE2 10.42 with PCRE2_NEWLINE_LF; unicode: PCRE2_UTF and PCRE2_UCP
};

struct TranslateOptions {
  Alphabet alphabet = Alphabet::ascii;
  Dialect dialect = Dialect::re2;
  // For dates: two groups may bear one name, and groups without a name are kept, for one of them is what is cut. Else a
  // group without a name is for grouping only, since backreferences are refused: that makes smaller programs. And but
  // for Dialect::pcre2 classes and \b are ASCII's.
  bool for_dates = false;
  bool multiline = false;  // re.MULTILINE: ^ and $ at every line
};

// `pattern` as Python 3.11's re.search(pattern, line + "\n") would take it, or why not: either Python refuses it too,
// or the dialect cannot express a construct exactly (Dialect::re2: lookaround, backreference, conditional, atomic
// group, possessive quantifier, \b beyond ASCII). The error names the construct and its column, and never the pattern's
// text as a whole.
//
// The text searched must end in the "\n" that fail2ban adds: `$` is written for it.
Result<TranslatedPattern> translate(const ExpandedPattern& pattern, const TranslateOptions& options);

}  // namespace breakwater
