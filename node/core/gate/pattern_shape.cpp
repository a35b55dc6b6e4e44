// SPDX-License-Identifier: Apache-2.0
#include "node/core/gate/pattern_shape.h"

#include <algorithm>

namespace breakwater {

namespace {

constexpr int kDeepest = 100;

std::size_t plus(std::size_t a, std::size_t b) {
  return a > kNoBound - b ? kNoBound : a + b;
}

ShapeSet letters_folded(ShapeSet set) {
  for (std::size_t c = 'a'; c <= 'z'; ++c) {
    if (set.test(c) || set.test(c - 32)) set.set(c).set(c - 32);
  }
  return set;
}

ShapeSet range(unsigned first, unsigned last) {
  ShapeSet set;
  for (unsigned c = first; c <= std::min(last, 127u); ++c)
    set.set(c);
  return set;
}

ShapeSet word_characters() {
  return range('0', '9') | range('a', 'z') | range('A', 'Z') | range('_', '_');
}

PatternShape one_of(const ShapeSet& set, bool beyond_ascii) {
  PatternShape out;
  out.first = out.last = letters_folded(set);
  out.beyond_ascii = beyond_ascii;
  out.empty_from_left = out.empty_from_right = false;
  out.longest = 1;
  return out;
}

// As one_of(), and what else (?i) may make of characters beyond ASCII: s of U+017F, k of U+212A.
PatternShape one_of_folded(ShapeSet set, bool beyond_ascii) {
  if (beyond_ascii) set.set('s').set('k');
  return one_of(set, beyond_ascii);
}

// a, then b.
PatternShape joined(const PatternShape& a, const PatternShape& b) {
  PatternShape out;
  out.first = a.empty_from_left ? a.first | b.first : a.first;
  out.last = b.empty_from_right ? a.last | b.last : b.last;
  out.beyond_ascii = a.beyond_ascii || b.beyond_ascii;
  out.empty_from_left = a.empty_from_left && b.empty_from_left;
  out.empty_from_right = a.empty_from_right && b.empty_from_right;
  out.at_line_begin = a.at_line_begin || (a.longest == 0 && b.at_line_begin);
  out.longest = plus(a.longest, b.longest);
  out.cut = a.cut ? a.cut : b.cut;
  if (a.cut && out.cut->open_behind) {
    out.cut->behind |= b.first;
    out.cut->open_behind = b.empty_from_left;
  }
  if (!a.cut && b.cut) {
    out.cut->most_before = plus(a.longest, out.cut->most_before);
    if (out.cut->open_before) {
      out.cut->before |= a.last;
      out.cut->open_before = a.empty_from_right;
    }
  }
  return out;
}

PatternShape either(const PatternShape& a, const PatternShape& b) {
  PatternShape out;
  out.first = a.first | b.first;
  out.last = a.last | b.last;
  out.beyond_ascii = a.beyond_ascii || b.beyond_ascii;
  out.empty_from_left = a.empty_from_left || b.empty_from_left;
  out.empty_from_right = a.empty_from_right || b.empty_from_right;
  out.at_line_begin = a.at_line_begin && b.at_line_begin;
  out.longest = std::max(a.longest, b.longest);
  out.cut = a.cut ? a.cut : b.cut;
  return out;
}

// What \d \w \s and their opposites hold. Dates are read with Python's flag a, yet \s is taken as wide as Unicode's.
ShapeSet category(char letter) {
  switch (letter) {
    case 'd':
      return range('0', '9');
    case 'D':
      return ~range('0', '9');
    case 'w':
      return word_characters();
    case 'W':
      return ~word_characters();
    case 's':
      return range(9, 13) | range(28, 32);
    default:
      return ~range(9, 13) & ~range(32, 32);
  }
}

class ShapeParser {
 public:
  explicit ShapeParser(std::string_view regex) : in_(regex) {}

  std::optional<PatternShape> run() {
    PatternShape out = alternation(0);
    if (failed_ || pos_ != in_.size()) return std::nullopt;
    return out;
  }

 private:
  PatternShape alternation(int depth) {
    if (depth > kDeepest) return fail();
    PatternShape out = sequence(depth);
    while (!failed_ && accept("|"))
      out = either(out, sequence(depth));
    return out;
  }

  PatternShape sequence(int depth) {
    PatternShape out;
    while (!failed_ && pos_ < in_.size() && in_[pos_] != '|' && in_[pos_] != ')')
      out = joined(out, repeated(item(depth)));
    return out;
  }

  PatternShape item(int depth) {
    const char c = in_[pos_++];
    switch (c) {
      case '^':
        return line_edge(true);
      case '$':
        return line_edge(false);
      case '.':
        return one_of(~ShapeSet(), true);
      case '(':
        return group(depth);
      case '[':
        return char_class();
      case '\\':
        return escape();
      case '*':
      case '+':
      case '?':
        return fail();
      default:
        return literal(c);
    }
  }

  static PatternShape line_edge(bool begin) {
    PatternShape out;
    out.at_line_begin = begin;
    out.empty_from_right = !begin;
    out.empty_from_left = begin;
    return out;
  }

  static PatternShape literal(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return one_of_folded(range(byte, byte), byte >= 128);
  }

  PatternShape escape() {
    unsigned character = 0;
    if (pos_ >= in_.size()) return fail();
    const char c = in_[pos_];
    if (is_category(c)) {
      ++pos_;
      return one_of(category(c), c == 'D' || c == 'W' || c == 'S');
    }
    if (c == 'b' || c == 'B') {
      ++pos_;
      return {};
    }
    if (c == 'A' || c == 'Z') {
      ++pos_;
      return line_edge(c == 'A');
    }
    if (!escaped_character(character)) return fail();
    return one_of(range(character, character), false);
  }

  static bool is_category(char c) { return std::string_view("dDsSwW").find(c) != std::string_view::npos; }

  // At the character behind the backslash.
  bool escaped_character(unsigned& character) {
    const char c = in_[pos_++];
    constexpr std::string_view kLetters = "afnrtv";
    constexpr std::string_view kMeanings = "\a\f\n\r\t\v";
    if (const auto i = kLetters.find(c); i != std::string_view::npos) {
      character = static_cast<unsigned char>(kMeanings[i]);
      return true;
    }
    const bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    character = static_cast<unsigned char>(c);
    return !word && character < 128;
  }

  PatternShape group(int depth) {
    const bool first_of_all = pos_ == 1;
    bool captures = true;
    if (accept("?")) {
      captures = accept("P<");
      if (captures) {
        const std::size_t end = in_.find('>', pos_);
        if (end == std::string_view::npos) return fail();
        pos_ = end + 1;
      } else if (!accept(":") && !accept("i:")) {
        return flags(first_of_all);
      }
    }
    const bool is_first = captures && !found_;
    found_ = found_ || captures;
    PatternShape out = alternation(depth + 1);
    if (!accept(")")) return fail();
    if (!is_first) return out;
    out.cut = GroupShape{.first = out.first,
                         .last = out.last,
                         .beyond_ascii = out.beyond_ascii,
                         .before = {},
                         .behind = {},
                         .open_before = !out.at_line_begin,
                         .open_behind = true,
                         .most_before = 0};
    return out;
  }

  // (?i) at the beginning; the sets hold both cases anyway. Lookarounds and other flags are not understood.
  PatternShape flags(bool first_of_all) {
    if (!first_of_all || !accept("i)")) return fail();
    return {};
  }

  PatternShape char_class() {
    const bool negated = accept("^");
    ShapeSet set;
    bool beyond = negated;
    for (bool first = true; first || !accept("]"); first = false) {
      unsigned from = 0, to = 0;
      char named = 0;
      if (!member(from, named, beyond)) return fail();
      if (named != 0) {
        set |= category(named);
        continue;
      }
      to = from;
      if (pos_ + 1 < in_.size() && in_[pos_] == '-' && in_[pos_ + 1] != ']') {
        ++pos_;
        if (!member(to, named, beyond) || named != 0) return fail();
      }
      set |= range(from, to);
    }
    // Folding brings back letters that were taken out, in (?i)[^a]: more than it matches, which is safe.
    return one_of_folded(negated ? ~set : set, beyond);
  }

  bool member(unsigned& character, char& named, bool& beyond) {
    if (pos_ >= in_.size()) return false;
    character = static_cast<unsigned char>(in_[pos_++]);
    if (character >= 128) beyond = true;
    if (character != '\\') return true;
    if (pos_ >= in_.size()) return false;
    if (is_category(in_[pos_])) {
      named = in_[pos_++];
      beyond = beyond || named == 'D' || named == 'W' || named == 'S';
      return true;
    }
    return escaped_character(character);
  }

  // `one` and the quantifier behind it.
  PatternShape repeated(PatternShape one) {
    bool may_lack = false;
    bool many = true;
    if (accept("*")) {
      may_lack = true;
    } else if (accept("?")) {
      may_lack = true;
      many = false;
    } else if (!accept("+")) {
      std::size_t high = 0;
      if (!braces(may_lack, high)) return one;
      accept("?");
      return repeated_shape(std::move(one), may_lack, high);
    }
    if (accept("+")) return fail();  // possessive
    accept("?");
    return repeated_shape(std::move(one), may_lack, many ? kNoBound : 1);
  }

  PatternShape repeated_shape(PatternShape one, bool may_lack, std::size_t most) {
    if (one.cut && most > 1) return fail();  // the cut is that of the last round
    if (may_lack) {
      one.empty_from_left = one.empty_from_right = true;
      one.at_line_begin = false;
    }
    one.longest = one.longest == 0 || most == 0                       ? 0
                  : most == kNoBound || one.longest > kNoBound / most ? kNoBound
                                                                      : one.longest * most;
    return one;
  }

  bool braces(bool& may_lack, std::size_t& high) {
    const std::size_t at = pos_;
    const auto number = [&](std::size_t& value) {
      const std::size_t begin = pos_;
      for (value = 0; pos_ < in_.size() && in_[pos_] >= '0' && in_[pos_] <= '9'; ++pos_)
        value = std::min<std::size_t>(value * 10 + static_cast<std::size_t>(in_[pos_] - '0'), 1'000'000);
      return pos_ > begin;
    };
    if (!accept("{")) return false;
    std::size_t low = 0;
    const bool has_low = number(low);
    const bool comma = accept(",");
    const bool has_high = comma ? number(high) : (high = low, has_low);
    if ((!has_low && !comma) || !accept("}")) {
      pos_ = at;
      return false;
    }
    if (!has_high) high = kNoBound;
    may_lack = low == 0;
    return true;
  }

  bool accept(std::string_view text) {
    if (!in_.substr(pos_).starts_with(text)) return false;
    pos_ += text.size();
    return true;
  }

  PatternShape fail() {
    failed_ = true;
    pos_ = in_.size();
    return {};
  }

  std::string_view in_;
  std::size_t pos_ = 0;
  bool failed_ = false;
  bool found_ = false;
};

}  // namespace

std::optional<PatternShape> shape_of(std::string_view regex) {
  return ShapeParser(regex).run();
}

}  // namespace breakwater
