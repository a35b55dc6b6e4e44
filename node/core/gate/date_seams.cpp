// SPDX-License-Identifier: Apache-2.0
#include "node/core/gate/date_seams.h"

#include <algorithm>

#include "node/core/gate/pattern_shape.h"

namespace breakwater {

namespace {

constexpr std::string_view kWordEnd = R"((?:\b|\W|$))";  // date_pattern.cpp puts it behind most patterns
constexpr std::string_view kBoundary = R"(\b)";

std::bitset<128> word_characters() {
  std::bitset<128> set;
  set.set('_');
  for (std::size_t c = '0'; c <= '9'; ++c)
    set.set(c);
  for (std::size_t c = 'a'; c <= 'z'; ++c)
    set.set(c).set(c - 32);
  return set;
}

// True if `regex` ends in a boundary that asks for a change between word and non-word, which is then removed.
bool take_boundary(std::string_view& regex) {
  for (const std::string_view end : {kWordEnd, kBoundary}) {
    if (!regex.ends_with(end)) continue;
    const std::string_view rest = regex.substr(0, regex.size() - end.size());
    if (rest.ends_with('\\')) return false;  // "\\b" is a backslash and a b
    regex = rest;
    return true;
  }
  return false;
}

DateSeam anything() {
  DateSeam seam;
  seam.left.set();
  seam.right.set();
  return seam;
}

// What the regex itself says of the characters around its first group, and where it leaves them open:
//   before a match that is bound to the beginning of a word and begins with a word character: a non-word character.
//     Not so if it begins with another, as some of fail2ban's defaults can: a zone ("for+0100 Nov  2 03:04:05 root"), a
//     day of one digit ("for 2/11/2026 03:04:05 root"); nor if it is not bound, as TAI64N ("for@4000000052da...")
//   behind a match that is bound to the end of a word and ends with a word character: a non-word character
// A character beyond ASCII may stand in either place; literals have none (raw_literal.h).
DateSeam seam_of(const DatePattern& pattern) {
  const std::bitset<128> word = word_characters();
  std::string_view regex = pattern.regex;
  const bool bound_behind = take_boundary(regex);
  const auto shape = shape_of(regex);
  if (!shape || !shape->cut) return anything();
  const GroupShape& cut = *shape->cut;
  DateSeam seam;
  seam.left = cut.before;
  seam.right = cut.behind;
  if (shape->at_line_begin) seam.most_left = cut.most_before;
  const bool begins_in_word = !cut.beyond_ascii && (cut.first & ~word).none();
  const bool ends_in_word = !cut.beyond_ascii && (cut.last & ~word).none();
  if (cut.open_before) seam.left |= pattern.word_begin && begins_in_word ? ~word : anything().left;
  if (cut.open_behind) seam.right |= bound_behind && ends_in_word ? ~word : anything().right;
  return seam;
}

}  // namespace

bool DateSeam::possible(std::string_view text, std::size_t at) const {
  if (at == 0 || at >= text.size() || at > most_left) return false;
  const auto before = static_cast<unsigned char>(text[at - 1]);
  const auto behind = static_cast<unsigned char>(text[at]);
  return before >= 128 || behind >= 128 || (left.test(before) && right.test(behind));
}

DateSeams::DateSeams(const std::vector<DatePattern>& patterns) {
  for (const DatePattern& pattern : patterns) {
    if (pattern.kind == DateKind::none) continue;  // nothing is cut
    const DateSeam seam = seam_of(pattern);
    if (std::find(seams_.begin(), seams_.end(), seam) == seams_.end()) seams_.push_back(seam);
  }
}

bool DateSeams::possible(std::string_view text, std::size_t at) const {
  return std::any_of(seams_.begin(), seams_.end(), [&](const DateSeam& seam) { return seam.possible(text, at); });
}

}  // namespace breakwater
