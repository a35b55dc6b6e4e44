// SPDX-License-Identifier: Apache-2.0
// Where text can come together when a date is cut out of a line.
#pragma once

#include <bitset>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "node/core/filter/date_pattern.h"

namespace breakwater {

// ASCII characters; letters are lower case and stand for both cases.
using CharSet = std::bitset<128>;

// What one date pattern leaves behind: `left` are the characters that can stand just before the cut, `right` those just
// behind it. Too large is safe, too small is not.
struct DateSeam {
  CharSet left;
  CharSet right;
  std::size_t most_left = std::numeric_limits<std::size_t>::max();  // characters of the line before the cut, at most

  // True if the cut can have brought text[at - 1] and text[at] together; `text` is lower case ASCII.
  bool possible(std::string_view text, std::size_t at) const;
};

struct DateSeams {
  std::vector<DateSeam> seams;
  // Regexes for Hyperscan, caseless: a line in which text can come together in a way that is not in `seams` has a match
  // of one of them. Ordinary lines have none.
  std::vector<std::string> strays;

  bool possible(std::string_view text, std::size_t at) const;
};

DateSeams seams_of(const std::vector<DatePattern>& patterns);

}  // namespace breakwater
