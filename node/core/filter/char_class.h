// SPDX-License-Identifier: Apache-2.0
// Python's character classes, written for RE2 and PCRE2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace breakwater {

// A regex is compiled for one of two kinds of line, so that both get exactly Python's meaning at the least cost:
//   ascii    the line is pure ASCII: RE2 works on bytes (Latin-1), classes are ASCII, programs are small
//   unicode  the line has other characters: UTF-8, and \w \s \d know Unicode as Python's do
enum class Alphabet : std::uint8_t { ascii, unicode };

// One `[...]`, or a lone \d \D \s \S \w \W.
class CharClass {
 public:
  void negate() { negated_ = true; }
  // first <= last.
  void add(std::uint32_t first, std::uint32_t last) { ranges_.emplace_back(first, last); }
  // One of d D s S w W. With `ascii_only` (Python's flag a) they mean ASCII in either alphabet.
  void add_category(char category, bool ascii_only);
  // Nothing was added yet: a `]` here is a literal.
  bool empty() const { return ranges_.empty() && categories_.empty(); }

  // For RE2 and PCRE2 alike. nullopt: RE2 cannot say it (\W inside a negated class that must know Unicode).
  std::optional<std::string> text(Alphabet alphabet, bool for_pcre2 = false) const;

 private:
  std::string ascii_text() const;
  std::optional<std::string> unicode_text(bool for_pcre2) const;

  bool negated_ = false;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges_;
  std::string categories_;  // Unicode-aware ones
};

// One character, quoted. In the ascii alphabet a character beyond ASCII becomes one that no such line holds.
std::string quoted_for_re2(std::uint32_t character, Alphabet alphabet);

}  // namespace breakwater
