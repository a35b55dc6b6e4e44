// SPDX-License-Identifier: Apache-2.0
// The parts of PatternParser that read groups and classes.
#include <algorithm>
#include <array>
#include <utility>

#include "node/core/filter/pattern_parser.h"
#include "node/core/filter/subject_text.h"

namespace breakwater {

namespace {

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

bool PatternParser::group(PatternFlags flags, int depth) {
  const std::size_t at = pos_++;
  // fail2ban turns ((?i)x) and (?:(?i)x) into (?i:x).
  const std::size_t inner = in_.substr(pos_).starts_with("?:") ? pos_ + 2 : pos_;
  if (in_.substr(inner).starts_with("(?")) {
    std::size_t end = inner + 2;
    while (end < in_.size() && in_[end] >= 'a' && in_[end] <= 'z')
      ++end;
    if (end > inner + 2 && end < in_.size() && in_[end] == ')') {
      pos_ = inner + 2;
      const auto local = local_flags(flags);
      if (!local) return false;
      ++pos_;
      const char* opening =
          local->ignore_case ? (local->dot_all ? "(?is:" : "(?i:") : (local->dot_all ? "(?s:" : "(?:");
      return body(opening, *local, depth);
    }
  }
  if (accept("?")) {
    pos_ = at;
    return extension(flags, depth);
  }
  if (!keeps_plain_groups()) return body("(?:", flags, depth);
  out_.groups.emplace_back();
  return body("(", flags, depth);
}

// At "(?".
bool PatternParser::extension(PatternFlags flags, int depth) {
  const std::size_t at = pos_;
  if (accept("(?:")) return body("(?:", flags, depth);
  if (accept("(?P<")) return named_group(flags, depth);
  if (accept("(?#")) {
    const std::size_t end = in_.find(')', pos_);
    if (end == std::string_view::npos) return fail(at, "an unfinished comment");
    pos_ = end + 1;
    return true;
  }
  if (accept("(?P=")) return named_backreference();
  if (accept("(?(")) return conditional(flags, depth);
  if (accept("(?>")) {
    if (!inexact(at, "atomic group (?>...)")) return false;
    return body(is(Dialect::pcre2) ? "(?>" : "(?:", flags, depth);
  }
  const std::string_view rest = in_.substr(at);
  if (rest.starts_with("(?=") || rest.starts_with("(?!") || rest.starts_with("(?<")) {
    return assertion_group(flags, depth);
  }
  return flag_group(flags, depth);
}

bool PatternParser::assertion_group(PatternFlags flags, int depth) {
  const std::size_t at = pos_;
  // The end of an address as fail2ban writes it: each of the groups before it ends in ':', so it always holds.
  constexpr std::string_view kAfterColon = "(?<=:):";
  if (in_.substr(at).starts_with(kAfterColon) && in_.substr(0, at).ends_with("{1,7}(?:[0-9a-fA-F]{1,4}|")) {
    pos_ += kAfterColon.size();
    literal(':');
    return true;
  }
  if (accept("(?=")) {
    if (!is(Dialect::re2)) return lookaround("(?=", flags, depth);
    // As the last thing of all a lookahead is the same as matching it: no group sees the difference.
    if (depth != 0) return inexact(at, "lookahead (?=...)");
    if (!body("(?:", flags, depth)) return false;
    trailing_lookahead_ = true;
    return true;
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kKinds = {{
      {"(?!", "negative lookahead (?!...)"},
      {"(?<=", "lookbehind (?<=...)"},
      {"(?<!", "negative lookbehind (?<!...)"},
  }};
  for (const auto& [opening, name] : kKinds) {
    if (accept(opening)) return inexact(at, name) && lookaround(opening, flags, depth);
  }
  return fail(at, "an extension that Python does not know, (?<");
}

// Its beginning was read. The superset does without the condition.
bool PatternParser::lookaround(std::string_view opening, PatternFlags flags, int depth) {
  const std::size_t begin = out_.text.size();
  if (!body(opening, flags, depth)) return false;
  if (is(Dialect::re2_superset)) {
    out_.text.resize(begin);
    std::erase_if(greedy_, [&](const Greedy& one) { return one.end > begin; });
    out_.text += "(?:)";
  }
  return true;
}

std::size_t PatternParser::group_number(std::string_view name) const {
  if (!name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos && name.size() <= 2) {
    const auto number = static_cast<std::size_t>(std::stoi(std::string(name)));
    return number <= out_.groups.size() ? number : 0;
  }
  const auto found = std::find(out_.groups.begin(), out_.groups.end(), name);
  return found == out_.groups.end() ? 0 : static_cast<std::size_t>(found - out_.groups.begin()) + 1;
}

bool PatternParser::backreference(std::size_t at, std::size_t group) {
  if (!inexact(at, "backreference")) return false;
  last_begin_ = out_.text.size();
  last_ = Item::plain;
  if (is(Dialect::re2_superset)) {
    out_.text += "(?s:.*)";
    return true;
  }
  if (group == 0 || group > out_.groups.size()) return fail(at, "a backreference to no group");
  out_.text += "\\g{" + std::to_string(group) + "}";
  return true;
}

bool PatternParser::named_backreference() {
  const std::size_t at = pos_ - 4;
  const std::size_t end = in_.find(')', pos_);
  if (end == std::string_view::npos) return fail(at, "an unfinished backreference");
  const std::size_t group = group_number(in_.substr(pos_, end - pos_));
  pos_ = end + 1;
  return backreference(at, group);
}

bool PatternParser::conditional(PatternFlags flags, int depth) {
  const std::size_t at = pos_ - 3;
  if (!inexact(at, "conditional (?(...)...)")) return false;
  const std::size_t end = in_.find(')', pos_);
  if (end == std::string_view::npos) return fail(at, "an unfinished conditional");
  const std::size_t group = group_number(in_.substr(pos_, end - pos_));
  pos_ = end + 1;
  if (is(Dialect::pcre2)) {
    if (group == 0) return fail(at, "a conditional on no group");
    return body("(?(" + std::to_string(group) + ")", flags, depth);
  }
  // Either branch; the second may be missing.
  const std::size_t begin = out_.text.size();
  if (!body("(?:", flags, depth)) return false;
  out_.text.insert(begin, "(?:");
  for (Greedy& one : greedy_) {
    if (one.end > begin) one.end += 3;
    if (one.outermost > begin) one.outermost += 3;
  }
  out_.text += "|)";
  last_begin_ = begin;
  return true;
}

bool PatternParser::named_group(PatternFlags flags, int depth) {
  const std::size_t begin = pos_;
  while (is_name_char(peek()))
    ++pos_;
  const std::string name(in_.substr(begin, pos_ - begin));
  if (name.empty() || (name[0] >= '0' && name[0] <= '9') || !accept(">")) return fail(begin, "a bad name of a group");
  if (!options_.for_dates && std::find(out_.groups.begin(), out_.groups.end(), name) != out_.groups.end()) {
    return fail(begin, "a second group named \"" + name + "\"");
  }
  out_.groups.push_back(name);
  return body(is(Dialect::re2_superset) ? "(?:" : "(", flags, depth);
}

// (?i) or (?i-s:...)
bool PatternParser::flag_group(PatternFlags flags, int depth) {
  const std::size_t at = pos_;
  pos_ += 2;
  if (peek() == '-' || (peek() >= 'a' && peek() <= 'z') || peek() == 'L') {
    const bool first = at == 0;
    const auto local = local_flags(flags);
    if (!local) return false;
    if (accept(")")) {
      if (!first && depth > 0) return fail(at, "flags that begin inside a group, (?i) (write (?i:...))");
      if (!first) {
        out_.warnings.push_back("the flag at column " + std::to_string(column_[at]) +
                                " counts for the whole expression; write it at the beginning");
      }
      global_ = *local;
      return true;
    }
    if (accept(":")) {
      std::string opening = "(?";
      if (local->ignore_case && !flags.ignore_case) opening += 'i';
      if (local->dot_all && !flags.dot_all) opening += 's';
      std::string off;
      if (!local->ignore_case && flags.ignore_case) off += 'i';
      if (!local->dot_all && flags.dot_all) off += 's';
      if (!off.empty()) opening += "-" + off;
      return body(opening + ":", *local, depth);
    }
  }
  return fail(at, "an extension that Python does not know, (?");
}

std::optional<PatternFlags> PatternParser::local_flags(PatternFlags flags) {
  bool on = true;
  for (; peek() != ')' && peek() != ':'; ++pos_) {
    switch (peek()) {
      case 'i':
        flags.ignore_case = on;
        break;
      case 'm':
        flags.multiline = on;
        break;
      case 's':
        flags.dot_all = on;
        break;
      case 'a':
        flags.ascii = on;
        break;
      case 'u':
        flags.ascii = false;
        break;
      case '-':
        on = false;
        break;
      case 'x':
        flags.verbose = on;
        break;
      default:
        fail(pos_, "an unknown flag");
        return std::nullopt;
    }
  }
  return flags;
}

bool PatternParser::body(std::string_view opening, PatternFlags flags, int depth) {
  const std::size_t at = pos_;
  const std::size_t begin = out_.text.size();
  out_.text += opening;
  if (depth == 0) outermost_ = begin;
  if (!alternation(flags, depth + 1)) return false;
  if (!accept(")")) return fail(at == 0 ? 0 : at - 1, "missing ), group");
  out_.text += ')';
  if (opening == "(") last_capture_end_ = out_.text.size();
  if (depth == 0) outermost_.reset();
  last_begin_ = begin;
  last_ = Item::plain;
  return true;
}

bool PatternParser::character_class(PatternFlags flags) {
  const std::size_t at = pos_++;
  CharClass members;
  if (accept("^")) members.negate();
  bool first_member = true;
  while (first_member || peek() != ']') {
    if (at_end()) return fail(at, "an unfinished class [");
    first_member = false;
    const std::size_t member = pos_;
    std::uint32_t first = 0;
    char category = 0;
    if (!class_member(first, category)) return false;
    const bool range = peek() == '-' && pos_ + 1 < in_.size() && in_[pos_ + 1] != ']';
    if (category != 0) {
      if (range) return fail(member, "a range that begins with a class");
      members.add_category(category, flags.ascii);
      continue;
    }
    std::uint32_t last = first;
    if (range) {
      ++pos_;
      if (!class_member(last, category)) return false;
      if (category != 0 || last < first) return fail(member, "a bad range in a class");
    }
    members.add(first, last);
  }
  ++pos_;
  const auto text = members.text(options_.alphabet, is(Dialect::pcre2));
  if (!text && !inexact(at, "\\W inside a negated class")) return false;
  last_begin_ = out_.text.size();
  last_ = Item::plain;
  out_.text += text.value_or("(?s:.)");
  return true;
}

bool PatternParser::class_member(std::uint32_t& character, char& category) {
  if (!accept("\\")) return next_character(character);
  const char c = peek();
  if (at_end()) return fail(pos_ - 1, "a backslash at the end");
  if (c >= '0' && c <= '7') {
    character = 0;
    for (int i = 0; i < 3 && peek() >= '0' && peek() <= '7'; ++i) {
      character = character * 8 + static_cast<std::uint32_t>(in_[pos_++] - '0');
    }
    return character <= 0377 || fail(pos_, "an octal escape above \\377");
  }
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
    ++pos_;
    if (std::string_view("dDsSwW").find(c) != std::string_view::npos) {
      category = c;
      return true;
    }
    if (c == 'b') {
      character = '\b';
      return true;
    }
    return character_escape(c, character);
  }
  if (c == '8' || c == '9') return fail(pos_, "an escape that Python does not know");
  return next_character(character);
}

bool PatternParser::next_character(std::uint32_t& character) {
  const std::size_t length = decode_utf8(in_.substr(pos_), character);
  if (length == 0) return fail(pos_, "a character that is not valid UTF-8");
  pos_ += length;
  return true;
}

}  // namespace breakwater
