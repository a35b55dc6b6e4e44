// SPDX-License-Identifier: Apache-2.0
// Which of many regexes can match a text, asked in one pass.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <re2/set.h>

#include "node/core/filter/char_class.h"

namespace breakwater {

// A regex that is no candidate does not match. When the pass runs out of memory (RE2::Set says "no" then, and why) all
// are candidates.
//
// Memory: 4 MiB at most. One thread.
class CandidateSet {
 public:
  // `texts` in RE2's dialect. nullptr: too few to be worth it, or RE2 cannot make one set of them.
  static std::unique_ptr<CandidateSet> make(const std::vector<std::string>& texts, Alphabet alphabet,
                                            re2::RE2::Anchor anchor);

  // Indices into `texts`, in order. Valid until the next call.
  const std::vector<int>& candidates(std::string_view text);

  // Passes that ran out of memory.
  std::uint64_t overflows() const { return overflows_; }

 private:
  CandidateSet(std::unique_ptr<re2::RE2::Set> set, std::size_t count) : set_(std::move(set)), count_(count) {}

  std::unique_ptr<re2::RE2::Set> set_;
  std::size_t count_;
  std::vector<int> found_;
  std::uint64_t overflows_ = 0;
};

}  // namespace breakwater
