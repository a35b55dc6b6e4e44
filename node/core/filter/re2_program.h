// SPDX-License-Identifier: Apache-2.0
// Making RE2 objects; for this folder's own use.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <re2/re2.h>

#include "common/base/result.h"
#include "node/core/filter/python_pattern.h"

namespace breakwater {

// Quiet (RE2 would print to stderr), bounded, and in the encoding that the alphabet means.
re2::RE2::Options re2_options(Alphabet alphabet, std::int64_t max_mem);

// `text` is RE2's own dialect.
Result<std::unique_ptr<re2::RE2>> make_re2(const std::string& text, Alphabet alphabet);

struct Re2Program {
  Re2Pattern pattern;
  std::unique_ptr<re2::RE2> program;
};
Result<Re2Program> compile_program(const ExpandedPattern& pattern, Alphabet alphabet);

}  // namespace breakwater
