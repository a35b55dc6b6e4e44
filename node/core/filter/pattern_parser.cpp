// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/pattern_parser.h"

#include <algorithm>

namespace breakwater {

namespace {

constexpr int kDeepest = 100;             // nested groups
constexpr int kMostRepeats = 1000;        // RE2's own bound
constexpr int kMostRepeatsPcre2 = 65535;  // PCRE2's

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The number at the start of `digits`, cut off above PCRE2's bound.
int number(std::string_view digits) {
  int value = 0;
  for (const char c : digits)
    value = std::min(value * 10 + (c - '0'), kMostRepeatsPcre2 + 1);
  return value;
}

}  // namespace

Result<TranslatedPattern> PatternParser::run() {
  if (alternation(global_, 0) && !at_end()) fail(pos_, "unbalanced parenthesis");
  if (error_) return *error_;
  if (!keeps_plain_groups() && !options_.multiline) shorten();
  std::string flags;
  if (global_.ignore_case) flags += 'i';
  if (global_.dot_all) flags += 's';
  if (!flags.empty()) out_.text.insert(0, "(?" + flags + ")");
  return std::move(out_);
}

bool PatternParser::alternation(PatternFlags flags, int depth) {
  if (depth > kDeepest) return fail(pos_, "more than 100 nested groups");
  while (true) {
    last_ = Item::none;
    if (!sequence(flags, depth)) return false;
    if (!accept("|")) return true;
    out_.text += '|';
    if (depth == 0) trailing_lookahead_ = false;
  }
}

bool PatternParser::sequence(PatternFlags flags, int depth) {
  while (true) {
    if (depth == 0) flags.verbose = flags.verbose || global_.verbose;
    if (flags.verbose) skip_blanks_and_comments();
    if (at_end() || peek() == '|' || peek() == ')') return true;
    if (trailing_lookahead_ && !inexact(pos_, "lookahead (?=...) before the end")) return false;
    if (!item(flags, depth)) return false;
  }
}

void PatternParser::skip_blanks_and_comments() {
  while (!at_end()) {
    if (peek() == '#') {
      pos_ = std::min(in_.find('\n', pos_), in_.size());
    } else if (std::string_view(" \t\n\r\f\v").find(peek()) == std::string_view::npos) {
      return;
    } else {
      ++pos_;
    }
  }
}

bool PatternParser::item(PatternFlags flags, int depth) {
  const char c = peek();
  switch (c) {
    case '*':
    case '+':
    case '?':
      ++pos_;
      return quantifier(c);
    case '{':
      return braces();
    case '(':
      return group(flags, depth);
    case '[':
      return character_class(flags);
    case '\\':
      return escape(flags);
    case '^':
      ++pos_;
      assertion(flags.multiline ? "(?m:^)" : R"(\A)");
      return true;
    // Before a final newline too; nothing follows it, so taking the newline does no harm.
    case '$':
      ++pos_;
      assertion(flags.multiline ? "(?m:$)" : is(Dialect::pcre2) ? "$" : R"((?:\n?\z))");
      return true;
    case '.':
      ++pos_;
      last_begin_ = out_.text.size();
      last_ = Item::plain;
      out_.text += '.';
      return true;
    default:
      break;
  }
  std::uint32_t character = 0;
  if (!next_character(character)) return false;
  literal(character);
  return true;
}

// The sign was read.
bool PatternParser::quantifier(char kind) {
  const std::size_t at = pos_ - 1;
  if (last_ == Item::none || last_ == Item::assertion) return fail(at, "nothing to repeat");
  if (last_ == Item::repeated) return fail(at, "multiple repeat");
  if (peek() == '+' && !inexact(at, std::string("possessive quantifier ") + kind + "+")) return false;
  out_.text += kind;
  end_quantifier();
  return true;
}

// {2} {2,} {2,5} {,5}; anything else is a literal brace, as in {"log":"
bool PatternParser::braces() {
  const std::size_t at = pos_;
  const auto digits = [&] {
    const std::size_t begin = pos_;
    while (is_digit(peek()))
      ++pos_;
    return in_.substr(begin, pos_ - begin);
  };
  ++pos_;
  const std::string_view low = digits();
  const bool comma = accept(",");
  const std::string_view high = comma ? digits() : low;
  if ((low.empty() && !comma) || !accept("}")) {
    pos_ = at + 1;
    literal('{');
    return true;
  }
  if (last_ == Item::none || last_ == Item::assertion) return fail(at, "nothing to repeat");
  if (last_ == Item::repeated) return fail(at, "multiple repeat");
  const int least = number(low);
  const int bound = is(Dialect::pcre2) ? kMostRepeatsPcre2 : kMostRepeats;
  const int most = high.empty() ? bound : number(high);
  if (least > most) return fail(at, "a repetition whose minimum is above its maximum");
  if (most > kMostRepeatsPcre2) return fail(at, "repetition of more than 65535");
  if (most > kMostRepeats && !is(Dialect::pcre2) && !inexact(at, "repetition of more than 1000")) return false;
  if (peek() == '+' && !inexact(at, "possessive quantifier {...}+")) return false;
  if (low.empty()) {
    out_.warnings.push_back("{,n} at column " + std::to_string(column_[at]) +
                            " is read as {0,n}, as Python does; most other tools take it literally");
  }
  out_.text += "{" + std::to_string(std::min(least, bound));
  if (comma || least > bound) out_.text += ",";
  if (comma && !high.empty() && most <= bound) out_.text += std::to_string(most);
  out_.text += '}';
  end_quantifier();
  return true;
}

void PatternParser::end_quantifier() {
  last_ = Item::repeated;
  if (accept("?")) {
    out_.text += '?';
  } else if (accept("+")) {
    if (is(Dialect::pcre2)) out_.text += '+';
  } else {
    greedy_.push_back({out_.text.size(), outermost_.value_or(last_begin_)});
  }
}

// Behind the last group with a name it does not matter how much is taken, only whether there is a way to the end: what
// comes later in a regex never changes what an earlier part prefers. So a final .* is left out, and other quantifiers
// there are made lazy, which spares RE2 going to the end of the line and back (4.9 us -> 0.5 us for the usual
// `^<HOST> .*POST .*xmlrpc`).
void PatternParser::shorten() {
  if (last_ == Item::repeated && last_begin_ >= last_capture_end_ && out_.text.substr(last_begin_) == ".*") {
    out_.text.resize(last_begin_);
    greedy_.pop_back();
  }
  for (auto it = greedy_.rbegin(); it != greedy_.rend() && it->outermost >= last_capture_end_; ++it) {
    out_.text.insert(it->end, 1, '?');
  }
}

bool PatternParser::escape(PatternFlags flags) {
  const std::size_t at = pos_++;
  if (at_end()) return fail(at, "a backslash at the end");
  const char c = peek();
  if (is_digit(c)) return numeric_escape();
  if (is_letter(c)) {
    ++pos_;
    if (std::string_view("dDsSwW").find(c) != std::string_view::npos) return category(c, flags);
    switch (c) {
      case 'A':
        assertion(R"(\A)");
        return true;
      case 'Z':
        assertion(R"(\z)");
        return true;
      case 'b':
      case 'B':
        return word_boundary(c, flags);
      default:
        break;
    }
    std::uint32_t character = 0;
    if (!character_escape(c, character)) return false;
    literal(character);
    return true;
  }
  std::uint32_t character = 0;
  if (!next_character(character)) return false;
  literal(character);
  return true;
}

// \0 and \012 are characters in octal, \1 is a backreference.
bool PatternParser::numeric_escape() {
  const std::size_t at = pos_ - 1;
  const auto octal = [&](std::size_t i) { return i < in_.size() && in_[i] >= '0' && in_[i] <= '7'; };
  const bool three = peek() <= '3' && octal(pos_) && octal(pos_ + 1) && octal(pos_ + 2);
  if (peek() != '0' && !three) {
    std::size_t group = 0;
    for (int i = 0; i < 2 && is_digit(peek()); ++i)
      group = group * 10 + static_cast<std::size_t>(in_[pos_++] - '0');
    return backreference(at, group);
  }
  std::uint32_t character = 0;
  for (int i = 0; i < 3 && octal(pos_); ++i)
    character = character * 8 + static_cast<std::uint32_t>(in_[pos_++] - '0');
  literal(character);
  return true;
}

// The letter of \n, \x41, \u00e9 was read.
bool PatternParser::character_escape(char letter, std::uint32_t& character) {
  const std::size_t at = pos_ - 2;
  constexpr std::string_view kLetters = "afnrtv";
  constexpr std::string_view kCharacters = "\a\f\n\r\t\v";
  if (const auto i = kLetters.find(letter); i != std::string_view::npos) {
    character = static_cast<unsigned char>(kCharacters[i]);
    return true;
  }
  const std::size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
  if (digits == 0) return fail(at, std::string("an escape that Python does not know, \\") + letter);
  character = 0;
  for (std::size_t i = 0; i < digits; ++i, ++pos_) {
    constexpr std::string_view kHex = "0123456789abcdef";
    const char c = peek();
    const auto value = kHex.find(is_letter(c) ? static_cast<char>(c | 0x20) : c);
    if (at_end() || value == std::string_view::npos) return fail(at, "an incomplete escape");
    character = character * 16 + static_cast<std::uint32_t>(value);
  }
  return character <= 0x10ffff || fail(at, "an escape beyond Unicode");
}

bool PatternParser::category(char letter, PatternFlags flags) {
  CharClass one;
  one.add_category(letter, flags.ascii);
  last_begin_ = out_.text.size();
  last_ = Item::plain;
  const std::string text = one.text(options_.alphabet).value_or("");  // a category alone can always be said
  // Written as ranges it would be folded, and \W hold s and k for the sake of U+017F and U+212A.
  const bool folded = flags.ignore_case && options_.alphabet == Alphabet::unicode;
  out_.text += folded ? "(?-i:" + text + ")" : text;
  return true;
}

void PatternParser::literal(std::uint32_t character) {
  last_begin_ = out_.text.size();
  last_ = Item::plain;
  out_.text += quoted_for_re2(character, options_.alphabet);
}

void PatternParser::assertion(std::string_view text) {
  last_begin_ = out_.text.size();
  last_ = Item::assertion;
  out_.text += text;
}

// Of words in ASCII, RE2 and PCRE2 know the boundaries as Python does; of words in Unicode only PCRE2 does.
bool PatternParser::word_boundary(char letter, PatternFlags flags) {
  const bool beyond_ascii =
      options_.alphabet == Alphabet::unicode && (!options_.for_dates || is(Dialect::re2_superset));
  if (!beyond_ascii || (is(Dialect::pcre2) && !flags.ascii)) {
    assertion(letter == 'b' ? R"(\b)" : R"(\B)");
    return true;
  }
  if (is(Dialect::pcre2)) {
    constexpr std::string_view kEdge = "(?:(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])|(?<![0-9A-Za-z_])(?=[0-9A-Za-z_]))";
    assertion(letter == 'b' ? std::string(kEdge) : "(?!" + std::string(kEdge) + ")");
    return true;
  }
  if (!inexact(pos_ - 2, std::string("word boundary \\") + letter + " beyond ASCII")) return false;
  assertion("(?:)");
  return true;
}

bool PatternParser::accept(std::string_view text) {
  if (!in_.substr(std::min(pos_, in_.size())).starts_with(text)) return false;
  pos_ += text.size();
  return true;
}

bool PatternParser::fail(std::size_t at, std::string_view what) {
  if (error_) return false;
  const std::uint32_t column = column_.empty() ? 1 : column_[std::min(at, column_.size() - 1)];
  error_ = Error(std::string(what) + " at column " + std::to_string(column));
  return false;
}

bool PatternParser::inexact(std::size_t at, std::string_view construct) {
  return !is(Dialect::re2) || fail(at, construct);
}

}  // namespace breakwater
