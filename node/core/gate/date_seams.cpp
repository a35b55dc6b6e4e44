// SPDX-License-Identifier: Apache-2.0
#include "node/core/gate/date_seams.h"

#include <algorithm>
#include <optional>

#include "node/core/gate/pattern_shape.h"

namespace breakwater {

namespace {

constexpr std::string_view kWordEnd = R"((?:\b|\W|$))";  // date_pattern.cpp puts it behind most patterns
constexpr std::string_view kBoundary = R"(\b)";

CharSet word_characters() {
  CharSet set;
  set.set('_');
  for (std::size_t c = '0'; c <= '9'; ++c)
    set.set(c);
  for (std::size_t c = 'a'; c <= 'z'; ++c)
    set.set(c).set(c - 32);
  return set;
}

// What dockerd escapes, so that a regex over the raw record would not find it.
bool stands_as_it_is(const GroupShape& cut) {
  CharSet escaped;
  for (std::size_t c = 0; c < 32; ++c)
    escaped.set(c);
  for (const char c : std::string_view("\"\\<>&"))
    escaped.set(static_cast<std::size_t>(c));
  return !cut.beyond_ascii && (cut.all & escaped).none();
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

// The left side of a cut whose match can begin with it anywhere in a line.
//   bound to a word's beginning, begins with a word character:  a non-word character stands before it
//   bound, but begins with another ("+0100 Nov  2 ..."):        anything can: "for+0100 Nov  2 03:04:05 root"
//   TAI64N, "@4000000052da...":                                 anything can
// The last two are rare in that place, so lines where it is so are told by a regex of their own, if there is one.
void open_left(const DatePattern& pattern, const GroupShape& cut, DateSeam& seam, std::vector<std::string>& strays) {
  const CharSet word = word_characters();
  const bool odd_begin = cut.beyond_ascii || (cut.first & ~word).any();
  if (pattern.word_begin && !odd_begin) {
    seam.left |= ~word;
  } else if (pattern.word_begin && stands_as_it_is(cut)) {
    seam.left |= ~word;
    strays.push_back("[0-9a-z_]" + cut.odd);
  } else if (pattern.kind == DateKind::tai64n && stands_as_it_is(cut)) {
    strays.push_back(cut.text);
  } else {
    seam.left.set();
  }
}

void add_seam(const DatePattern& pattern, DateSeams& out) {
  std::string_view regex = pattern.regex;
  const bool bound_behind = take_boundary(regex);
  const auto shape = shape_of(regex);
  if (!shape || !shape->cut) return out.seams.push_back(anything());
  const GroupShape& cut = *shape->cut;
  DateSeam seam;
  seam.left = cut.before;
  seam.right = cut.behind;
  if (shape->at_line_begin) seam.most_left = cut.most_before;
  if (cut.open_before) open_left(pattern, cut, seam, out.strays);
  if (cut.open_behind) {
    const CharSet word = word_characters();
    const bool ends_in_word = !cut.beyond_ascii && (cut.last & ~word).none();
    // Behind a word character the boundary is one before a non-word character or the end of the line.
    if (bound_behind && ends_in_word) {
      seam.right |= ~word;
    } else {
      seam.right.set();
    }
  }
  if (seam.most_left > 0) out.seams.push_back(seam);
}

}  // namespace

bool DateSeam::possible(std::string_view text, std::size_t at) const {
  if (at == 0 || at >= text.size() || at > most_left) return false;
  const auto before = static_cast<unsigned char>(text[at - 1]);
  const auto behind = static_cast<unsigned char>(text[at]);
  return before >= 128 || behind >= 128 || (left.test(before) && right.test(behind));
}

bool DateSeams::possible(std::string_view text, std::size_t at) const {
  return std::any_of(seams.begin(), seams.end(), [&](const DateSeam& seam) { return seam.possible(text, at); });
}

DateSeams seams_of(const std::vector<DatePattern>& patterns) {
  DateSeams out;
  for (const DatePattern& pattern : patterns) {
    if (pattern.kind != DateKind::none) add_seam(pattern, out);
  }
  return out;
}

}  // namespace breakwater
