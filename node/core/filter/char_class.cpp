// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/char_class.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdio>
#include <span>
#include <string_view>

namespace breakwater {

namespace {

using Range = std::pair<std::uint32_t, std::uint32_t>;

constexpr std::uint32_t kLast = 0x10ffff;

constexpr std::array<Range, 1> kDigit = {{{'0', '9'}}};
constexpr std::array<Range, 4> kWord = {{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}};
// Python's flag a.
constexpr std::array<Range, 2> kAsciiSpace = {{{9, 13}, {32, 32}}};
// str.isspace() of Python 3: wider than RE2's \s even in ASCII (\v, and the separators 0x1c to 0x1f).
constexpr std::array<Range, 10> kSpace = {{{0x9, 0xd},
                                           {0x1c, 0x20},
                                           {0x85, 0x85},
                                           {0xa0, 0xa0},
                                           {0x1680, 0x1680},
                                           {0x2000, 0x200a},
                                           {0x2028, 0x2029},
                                           {0x202f, 0x202f},
                                           {0x205f, 0x205f},
                                           {0x3000, 0x3000}}};

std::string hex_escape(std::uint32_t c) {
  char text[16];
  std::snprintf(text, sizeof text, "\\x{%x}", c);
  return text;
}

std::string range_text(const Range& range) {
  std::string text = hex_escape(range.first);
  if (range.second > range.first) text += "-" + hex_escape(range.second);
  return text;
}

std::vector<Range> complement(std::span<const Range> ranges) {
  std::vector<Range> out;
  std::uint32_t next = 0;
  for (const auto& [first, last] : ranges) {
    if (first > next) out.emplace_back(next, first - 1);
    next = last + 1;
  }
  out.emplace_back(next, kLast);
  return out;
}

// The ranges of a category that mean the same in ASCII lines whatever the flag; for the flag a in all lines.
std::vector<Range> ascii_ranges(char category, bool ascii_only) {
  const auto with = [&](std::span<const Range> positive) {
    const bool upper = category >= 'A' && category <= 'Z';
    return upper ? complement(positive) : std::vector<Range>(positive.begin(), positive.end());
  };
  switch (category) {
    case 'd':
    case 'D':
      return with(kDigit);
    case 'w':
    case 'W':
      return with(kWord);
    default:
      return ascii_only ? with(kAsciiSpace) : with(kSpace);
  }
}

// Items of a class for a Unicode category but \W, which is no union of what RE2 has.
std::string unicode_items(char category) {
  switch (category) {
    case 'd':
      return R"(\p{Nd})";
    case 'D':
      return R"(\P{Nd})";
    case 'w':
      return R"(\pL\pN_)";  // isalnum() or '_'
    default:
      break;
  }
  std::string text;
  for (const Range& range : ascii_ranges(category, false))
    text += range_text(range);
  return text;
}

constexpr std::string_view kNonWord = R"([^\pL\pN_])";

}  // namespace

void CharClass::add_category(char category, bool ascii_only) {
  // Blanks are a plain list in Unicode too.
  if (ascii_only || category == 's' || category == 'S') {
    for (const auto& [first, last] : ascii_ranges(category, ascii_only))
      add(first, last);
  } else {
    categories_ += category;
  }
}

std::optional<std::string> CharClass::text(Alphabet alphabet, bool for_pcre2) const {
  return alphabet == Alphabet::ascii ? ascii_text() : unicode_text(for_pcre2);
}

std::string CharClass::ascii_text() const {
  std::bitset<128> members;
  const auto include = [&](const Range& range) {
    for (std::uint32_t c = range.first; c <= std::min(range.second, 127u); ++c)
      members.set(c);
  };
  for (const Range& range : ranges_)
    include(range);
  for (const char category : categories_) {
    for (const Range& range : ascii_ranges(category, false))
      include(range);
  }
  if (members.none()) return negated_ ? R"([\x00-\x{ff}])" : R"([^\x00-\x{ff}])";
  std::string text = negated_ ? "[^" : "[";
  for (std::uint32_t c = 0; c < 128; ++c) {
    if (!members.test(c)) continue;
    const std::uint32_t first = c;
    while (c + 1 < 128 && members.test(c + 1))
      ++c;
    text += range_text({first, c});
  }
  return text + "]";
}

std::optional<std::string> CharClass::unicode_text(bool for_pcre2) const {
  const bool non_word = categories_.find('W') != std::string::npos;
  std::string items;
  for (const Range& range : ranges_)
    items += range_text(range);
  for (const char category : categories_) {
    if (category != 'W') items += unicode_items(category);
  }
  if (non_word && for_pcre2) items += R"(\W)";
  if (!non_word || for_pcre2) return (negated_ ? "[^" : "[") + items + "]";
  if (items.empty()) return negated_ ? R"([\pL\pN_])" : std::string(kNonWord);
  if (negated_) return std::nullopt;
  return "(?:[" + items + "]|" + std::string(kNonWord) + ")";
}

std::string quoted_for_re2(std::uint32_t character, Alphabet alphabet) {
  const bool plain = (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
                     (character >= 'A' && character <= 'Z') || character == '_' || character == ' ';
  if (plain) return std::string(1, static_cast<char>(character));
  if (character > 127 && alphabet == Alphabet::ascii) return R"(\x{ff})";
  return hex_escape(character);
}

}  // namespace breakwater
