// SPDX-License-Identifier: Apache-2.0
// What a date pattern can match, as far as its edges tell; for date_seams.cpp.
#pragma once

#include <bitset>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>

namespace breakwater {

inline constexpr std::size_t kNoBound = std::numeric_limits<std::size_t>::max();

// Characters beyond ASCII are in no set: nobody asks for them.
using ShapeSet = std::bitset<128>;

// The first group of the regex, and what the regex says of its surroundings.
struct GroupShape {
  ShapeSet first, last;         // of what the group matches
  bool beyond_ascii = false;    // it can hold other characters
  ShapeSet before, behind;      // characters of the match next to the group
  bool open_before = true;      // the match can begin with the group, in the middle of a line
  bool open_behind = true;      // the match can end with the group, before the end of the line
  std::size_t most_before = 0;  // characters of the match before the group
};

struct PatternShape {
  ShapeSet first, last;
  bool beyond_ascii = false;
  bool empty_from_left = true;   // it can match nothing without asking for the end of the line
  bool empty_from_right = true;  // ... without asking for the beginning
  bool at_line_begin = false;    // it matches at the beginning of a line only
  std::size_t longest = 0;
  std::optional<GroupShape> cut;  // the first group, if it is in here
};

// `regex`: Python's dialect. nullopt: there is something in it that this does not understand; anything may be cut.
std::optional<PatternShape> shape_of(std::string_view regex);

}  // namespace breakwater
