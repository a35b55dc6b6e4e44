// SPDX-License-Identifier: Apache-2.0
// A DateDetector's patterns, compiled for one alphabet; for its own use.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <re2/re2.h>

#include "node/core/filter/candidate_set.h"
#include "node/core/filter/date_detector.h"
#include "node/core/filter/python_pattern.h"
#include "node/core/filter/regex_programs.h"

namespace breakwater {

struct DateDetector::Programs {
  // One pattern.
  struct One {
    // The leftmost match at or behind `from`; false: none. `groups` gets as many as it has room for.
    bool search(std::string_view line, std::size_t from, std::vector<std::string_view>& groups);

    std::vector<std::string> names;  // of the groups
    std::string text;                // RE2's dialect, for the set: matches at least where the pattern does
    std::unique_ptr<re2::RE2> program;
    // Made once it is worth it, nullptr too where it would not be faster. Beyond ASCII it is asked first in any case:
    // RE2 does not know the words there, so a date might end in the middle of one.
    std::unique_ptr<Pcre2Program> pcre2;
    Alphabet alphabet = Alphabet::ascii;
    std::string pattern;
    bool pcre2_tried = false;
    int matches = 0;
    std::vector<re2::StringPiece> pieces;

   private:
    std::optional<bool> search_pcre2(std::string_view line, std::size_t from, std::vector<std::string_view>& groups);
    void make_pcre2();
  };

  // A pattern's error has no file name: only the defaults of this project or text already checked come here twice.
  static Result<std::unique_ptr<Programs>> make(const std::vector<DatePattern>& patterns, Alphabet alphabet);

  // Those that can match, in order. One pass over the line decides for all patterns that are bound to its beginning,
  // a second one, only when needed, for the rest.
  const std::vector<int>& candidates(std::string_view line);
  std::uint64_t overflows() const;

  std::vector<One> list;
  std::vector<std::string_view> groups;  // of the last search

 private:
  std::unique_ptr<CandidateSet> set_of(const std::vector<int>& members, Alphabet alphabet,
                                       re2::RE2::Anchor anchor) const;
  void ask(CandidateSet* set, const std::vector<int>& members, std::string_view line);

  std::unique_ptr<CandidateSet> anchored_, floating_;     // nullptr: each member is tried
  std::vector<int> anchored_members_, floating_members_;  // index in the set -> index in `list`
  std::vector<int> candidates_;
  bool exact_ = true;  // a candidate matches, and not only might
};

}  // namespace breakwater
