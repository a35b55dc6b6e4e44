// SPDX-License-Identifier: Apache-2.0
// Where text can come together when a date is cut out of a line.
#pragma once

#include <bitset>
#include <cstddef>
#include <limits>
#include <string_view>
#include <vector>

#include "node/core/filter/date_pattern.h"

namespace breakwater {

// What one date pattern leaves behind: `left` are the characters that can stand just before the cut, `right` those just
// behind it, as far as they are ASCII. Too many are safe, too few are not.
struct DateSeam {
  std::bitset<128> left, right;
  std::size_t most_left = std::numeric_limits<std::size_t>::max();  // characters of the line before the cut, at most

  // True if the cut can have brought text[at - 1] and text[at] together; `text` is lower case.
  bool possible(std::string_view text, std::size_t at) const;
  bool operator==(const DateSeam&) const = default;
};

class DateSeams {
 public:
  explicit DateSeams(const std::vector<DatePattern>& patterns);
  bool possible(std::string_view text, std::size_t at) const;

 private:
  std::vector<DateSeam> seams_;  // each once
};

}  // namespace breakwater
