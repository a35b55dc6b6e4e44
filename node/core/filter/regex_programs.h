// SPDX-License-Identifier: Apache-2.0
// Making RE2 and PCRE2 objects; for this folder's own use.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <re2/re2.h>

#include "common/base/result.h"
#include "node/core/filter/char_class.h"
#include "node/core/filter/regex_engine.h"

namespace breakwater {

// Quiet (RE2 would print to stderr), bounded, and in the encoding that the alphabet means.
re2::RE2::Options re2_options(Alphabet alphabet, std::int64_t max_mem);

// `text` is RE2's own dialect.
Result<std::unique_ptr<re2::RE2>> make_re2(const std::string& text, Alphabet alphabet);

// A backtracking regex with bounds on steps and memory, and no stack that a line could grow. With machine code where
// the process may make some (a unit with MemoryDenyWriteExecute may not), else interpreted.
//
// Memory: 1 MiB a regex; 64 MiB for as long as a thorough search takes. One thread.
class Pcre2Program {
 public:
  enum class Use : std::uint8_t {
    groups,  // RE2 can tell as well: gives up soon
    // Nobody else can tell. Some 200,000 steps are many times what an honest line takes. One that needs more was made
    // to, and may be an attack all the same: up to two million steps are then spent on it, but on one line in a hundred
    // only (and on twenty in a row), so that whoever sends nothing but such lines does not keep us from our work.
    verdict,
  };

  struct Range {
    std::size_t begin = std::string_view::npos;  // npos: the group took no part
    std::size_t end = 0;
  };

  // `text` as translate() writes it for Dialect::pcre2.
  static Result<std::unique_ptr<Pcre2Program>> make(const std::string& text, Alphabet alphabet, Use use);
  virtual ~Pcre2Program() = default;

  // The leftmost match that begins at or behind `from`. `subject` is valid UTF-8 for Alphabet::unicode.
  virtual SearchOutcome search(std::string_view subject, std::size_t from = 0) = 0;
  // Of the last search that found a match; group 0 is all of it.
  virtual Range range(std::size_t group) const = 0;
  // Whether it runs as machine code: then it gives groups faster than RE2 does.
  virtual bool is_fast() const = 0;
  // Searches for a verdict that reached the usual bound on steps or memory.
  virtual std::uint64_t limits_reached() const = 0;
};

}  // namespace breakwater
