// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/python_pattern.h"

#include "node/core/filter/pattern_parser.h"

namespace breakwater {

Result<TranslatedPattern> translate(const ExpandedPattern& pattern, const TranslateOptions& options) {
  PatternFlags flags;
  flags.ascii = options.for_dates && options.dialect != Dialect::pcre2;
  flags.multiline = options.multiline;
  // A global flag in the middle counts for all of the expression, so what stands before it is parsed again.
  for (int round = 0; round < 3; ++round) {
    PatternParser parser(pattern, options, flags);
    auto result = parser.run();
    if (!result) return result.error();
    if (parser.global_flags() == flags) return result;
    flags = parser.global_flags();
  }
  return Error("its global flags contradict each other");
}

}  // namespace breakwater
