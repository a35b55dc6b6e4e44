// SPDX-License-Identifier: Apache-2.0
// A DateDetector's patterns, compiled for one alphabet; for its own use.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <re2/re2.h>
#include <re2/set.h>

#include "node/core/filter/date_detector.h"
#include "node/core/filter/python_pattern.h"

namespace breakwater {

struct DateDetector::Programs {
  struct One {
    TranslatedPattern pattern;
    std::unique_ptr<re2::RE2> program;
  };

  // A pattern's error has no file name: only the defaults of this project or text already checked come here twice.
  static Result<std::unique_ptr<Programs>> make(const std::vector<DatePattern>& patterns, Alphabet alphabet);

  // Those that can match, in order. One pass over the line decides for all patterns that are bound to its beginning,
  // a second one, only when needed, for the rest. What the sets cannot tell is a candidate.
  const std::vector<int>& candidates(std::string_view line);

  std::vector<One> list;

 private:
  // nullptr: RE2 could not make it; then each is tried.
  std::unique_ptr<re2::RE2::Set> make_set(const std::vector<int>& members, Alphabet alphabet,
                                          re2::RE2::Anchor anchor) const;
  void ask(re2::RE2::Set& set, const std::vector<int>& members, std::string_view line);

  std::unique_ptr<re2::RE2::Set> anchored_, floating_;
  std::vector<int> anchored_members_, floating_members_;  // index in the set -> index in `list`
  std::vector<int> found_, candidates_;
};

}  // namespace breakwater
