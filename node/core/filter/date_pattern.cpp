// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/date_pattern.h"

#include <algorithm>
#include <array>
#include <optional>

#include "common/base/text.h"
#include "node/core/filter/date_tags.h"

namespace breakwater {

namespace {

constexpr std::string_view kLineBegin = "{^LN-BEG}";
constexpr std::string_view kUnbound = "{UNB}";

// Dates that are found without a datepattern, in the order in which they are tried.
constexpr std::array<std::string_view, 17> kDefaults = {
    // ISO 8601 and RFC 3339, with blanks for the T, '/' or '.' in the date: 2026-11-02T03:04:05.123+02:00
    R"((?:%ExY-%m-%d|%ExY/%m/%d|%ExY\.%m\.%d)(?:T|  ?)%H:%M:%S(?:[.,]%f)?(?:\s*%z)?)",
    // syslog and asctime: Nov  2 03:04:05, Mon Nov 02 03:04:05.123 2026
    R"((?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?)",
    // the year before the time: Mon Nov 02 2026 03:04:05
    R"((?:%a )?%b %d %ExY %k:%M:%S(?:\.%f)?)",
    // 02/11/2026 03:04:05, 02-11-26 03:04:05
    R"((?:%d-%m-|%d/%m/)(?:%ExY|%Exy) %k:%M:%S)",
    // web servers and named: 02/Nov/2026:03:04:05 +0000, 02-Nov-2026 03:04:05.123
    R"((?:%d/%b/|%d-%b-)%ExY[ :]?%H:%M:%S(?:\.%f)?(?: %z)?)",
    // 11/02/2026:03:04:05
    R"(%m/%d/%ExY:%H:%M:%S)",
    // 11-02-2026 03:04:05.123
    R"(%m-%d-%ExY %k:%M:%S(?:\.%f)?)",
    // 1793588645, [1793588645.123], audit(1793588645.123:42)
    "EPOCH",
    // 03:04:05 alone
    "{^LN-BEG}%H:%M:%S",
    // <11/02/26@03:04:05>
    "^<%m/%d/%Exy@%H:%M:%S>",
    // 261102 3:04:05
    "%Exy%Exm%Exd  ?%H:%M:%S",
    // Nov 02, 2026 3:04:05 AM
    "%b %d, %ExY %I:%M:%S %p",
    // Nov-02-26 03:04:05
    "^%b-%d-%Exy %k:%M:%S",
    // 20261102T030405.123Z
    R"(%ExY%Exm%Exd(?:T|  ?)%ExH%ExM%ExS(?:[.,]%f)?(?:\s*%z)?)",
    // a zone first: CET Nov  2 03:04:05, +0100 Nov  2 03:04:05
    R"((?:%Z )?(?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?)",
    R"((?:%z )?(?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?)",
    "TAI64N",
};

constexpr std::string_view kEpoch = R"(\d{10,11}\b(?:\.\d{3,6})?)";
constexpr std::string_view kLongEpoch = R"(\d{10,11}(?:\d{3}(?:\.\d{1,6}|\d{3})?)?)";
constexpr std::string_view kWordEnd = R"((?:\b|\W|$))";  // may take a character: only group 1 counts

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

// A plain "(" stands in it, so the author said what is to be cut.
bool has_plain_group(std::string_view regex) {
  for (std::size_t i = 0; i < regex.size(); ++i) {
    if (regex[i] != '(' || (i + 1 < regex.size() && regex[i + 1] == '?')) continue;
    const bool quoted = i > 0 && regex[i - 1] == '\\';
    const bool extension = i > 1 && regex[i - 2] == '(' && regex[i - 1] == '?';
    if (!quoted && !extension) return true;
  }
  return false;
}

// "**" or "^" at the beginning, behind any parentheses: no word boundary is asked for.
bool begins_unbound(std::string_view regex) {
  while (regex.starts_with('(')) {
    regex.remove_prefix(1);
    if (regex.starts_with("?:^")) return true;
  }
  return regex.starts_with('^') || regex.starts_with("**");
}

bool ends_unbound(std::string_view regex) {
  std::string_view core = regex;
  while (core.ends_with(')'))
    core.remove_suffix(1);
  if (core.ends_with("**")) return true;
  const bool one_closed = regex.ends_with("$)") && !regex.ends_with("\\$)");
  if (one_closed || (regex.ends_with('$') && !regex.ends_with("\\$"))) return true;
  const bool boundary = regex.ends_with("\\b") || regex.ends_with("\\s");
  return boundary && !regex.ends_with("\\\\b") && !regex.ends_with("\\\\s");
}

void remove_unbound_marks(std::string& regex) {
  const std::size_t begin = regex.find_first_not_of('(');
  if (begin != std::string::npos && regex.compare(begin, 2, "**") == 0) regex.erase(begin, 2);
  const std::size_t end = regex.find_last_not_of(')');
  if (end != std::string::npos && end >= 1 && regex[end] == '*' && regex[end - 1] == '*' &&
      (end < 2 || regex[end - 2] != '\\')) {
    regex.erase(end - 1, 2);
  }
}

enum class Bounds : std::uint8_t { word, line_begin, none };

// The last character of what `written` matches is always a digit or a letter: it ends in a tag, or in optional groups
// that do, behind one.
bool ends_in_word(std::string_view written) {
  const auto tag_at_end = [](std::string_view text) {
    const std::size_t percent = text.rfind('%');
    if (percent == std::string_view::npos || percent + 1 == text.size()) return false;
    const std::string_view tag = text.substr(percent + 1);
    return tag.size() == (tag.starts_with("Ex") ? 3u : 1u) && tag != "%" && (percent == 0 || text[percent - 1] != '%');
  };
  while (written.ends_with(")?")) {
    const std::size_t open = written.rfind("(?:");
    if (open == std::string_view::npos || !tag_at_end(written.substr(0, written.size() - 2))) return false;
    if (written.substr(open + 3, written.size() - open - 5).find_first_of("()|") != std::string_view::npos)
      return false;
    written = written.substr(0, open);
  }
  return tag_at_end(written);
}

// The regex around an expanded pattern: the group to cut, and its boundaries.
DatePattern bounded(std::string regex, bool words, Bounds bounds, bool word_at_end = false) {
  DatePattern out;
  regex = std::string(trimmed(regex));
  const bool begin = bounds != Bounds::none && !begins_unbound(regex);
  const bool end = bounds != Bounds::none && !ends_unbound(regex);
  const bool wrap = !has_plain_group(regex);
  if (wrap) {
    const std::size_t from = regex.starts_with('^') ? 1 : 0;
    const std::size_t to = regex.size() - (regex.ends_with('$') && !regex.ends_with("\\$") ? 1 : 0);
    regex = regex.substr(0, from) + "(" + regex.substr(from, to - from) + ")" + regex.substr(to);
    out.anchored = from == 1;
  }
  remove_unbound_marks(regex);
  if (begin && bounds == Bounds::line_begin) {
    regex.insert(0, R"(^(?:\W{0,2})?)");
    out.anchored = regex[13] == '(';
  }
  out.word_begin = begin && bounds == Bounds::word;
  out.whole = wrap && out.word_begin && end && word_at_end;
  if (end) regex += out.whole ? std::string_view(R"(\b)") : kWordEnd;
  const std::string_view head = regex;
  const auto line_group = [&](std::string_view opening) {
    return head.starts_with(opening) && !head.substr(opening.size()).starts_with('|');
  };
  out.line_begin = head.starts_with('^') || line_group("(^") || line_group("(?:^");
  if (words) regex.insert(0, "(?i)");
  out.regex = std::move(regex);
  return out;
}

DatePattern epoch_pattern(bool at_line_begin, bool is_long) {
  DatePattern out;
  out.kind = is_long ? DateKind::long_epoch : DateKind::epoch;
  const std::string number(is_long ? kLongEpoch : kEpoch);
  out.regex = (at_line_begin ? R"(^(?:\W{0,2})?()" : R"((?:^|^\[|\baudit\()()") + number + ")" + std::string(kWordEnd);
  out.line_begin = at_line_begin;
  out.anchored = at_line_begin;
  return out;
}

DatePattern tai_pattern(bool at_line_begin) {
  DatePattern out;
  out.kind = DateKind::tai64n;
  out.regex = (at_line_begin ? R"(^(?:\W{0,2})?)" : "") + std::string("(@[0-9a-f]{24})") + std::string(kWordEnd);
  out.line_begin = at_line_begin;
  out.anchored = at_line_begin;
  return out;
}

// "{EPOCH}" stands inside a regex.
DatePattern embedded_epoch(std::string pattern, Bounds bounds) {
  const std::string all = upper(pattern);
  const bool is_long = all.find("{LEPOCH}") != std::string::npos;
  const std::string_view mark = is_long ? "{LEPOCH}" : "{EPOCH}";
  pattern.replace(all.find(mark), mark.size(), "(" + std::string(is_long ? kLongEpoch : kEpoch) + ")");
  DatePattern out = bounded("(" + pattern + ")", false, bounds);
  out.kind = is_long ? DateKind::long_epoch : DateKind::epoch;
  out.value_group = 2;
  return out;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

// As many groups begin in it as end.
bool balanced(std::string_view regex) {
  int depth = 0;
  for (std::size_t i = 0; i < regex.size() && depth >= 0; ++i) {
    if (regex[i] == '\\') {
      ++i;
    } else if (regex[i] == '(') {
      ++depth;
    } else if (regex[i] == ')') {
      --depth;
    }
  }
  return depth == 0;
}

// (?P<_sep>[-/.])%m(?P=_sep) means: the same separator twice. RE2 has no backreference, so each separator becomes an
// alternative of its own. Anything more general stays, and is refused by name.
std::string without_separator_backreference(const std::string& regex) {
  constexpr std::string_view kBegin = "(?P<_sep>[";
  constexpr std::string_view kAgain = "(?P=_sep)";
  const std::size_t begin = regex.find(kBegin);
  const std::size_t end = regex.find("])", begin);
  const std::size_t last = regex.rfind(kAgain);
  if (begin == std::string::npos || end == std::string::npos || last == std::string::npos || last < end) return regex;
  const std::string separators = regex.substr(begin + kBegin.size(), end - begin - kBegin.size());
  if (separators.find_first_not_of("-/.: ") != std::string::npos) return regex;
  const std::string between = regex.substr(end + 2, last - end - 2);
  if (!balanced(between)) return regex;
  std::string out = "(?:";
  for (const char separator : separators) {
    const std::string quoted = std::string("\\") + separator;
    if (out.size() > 3) out += '|';
    out += quoted + replaced(between, kAgain, quoted) + quoted;
  }
  return regex.substr(0, begin) + out + ")" + regex.substr(last + kAgain.size());
}

// One pattern that is not a list of others.
Result<DatePattern> single(std::string_view written) {
  std::string_view rest = written;
  Bounds bounds = Bounds::word;
  if (rest.starts_with(kUnbound)) {
    rest.remove_prefix(kUnbound.size());
    bounds = Bounds::none;
  } else if (rest.starts_with(kLineBegin)) {
    rest.remove_prefix(kLineBegin.size());
    bounds = Bounds::line_begin;
  }
  const std::string all = upper(rest);
  const bool begin = bounds == Bounds::line_begin || rest.starts_with('^');
  const std::string_view word = std::string_view(all).substr(rest.starts_with('^') ? 1 : 0);
  if (bounds != Bounds::none && (word == "EPOCH" || word == "LEPOCH")) return epoch_pattern(begin, word == "LEPOCH");
  if (bounds != Bounds::none && word == "TAI64N") return tai_pattern(begin);
  if (all.find("{EPOCH}") != std::string::npos || all.find("{LEPOCH}") != std::string::npos) {
    return embedded_epoch(std::string(rest), bounds);
  }
  auto expanded = expand_date_tags(rest);
  if (!expanded) return expanded.error();
  return bounded(without_separator_backreference(expanded->regex), expanded->words, bounds, ends_in_word(rest));
}

void add(std::vector<DatePattern>& list, DatePattern pattern) {
  if (std::find(list.begin(), list.end(), pattern) == list.end()) list.push_back(std::move(pattern));
}

// The defaults: each bound to the beginning of the line first, as a date there is nearly always the right one.
Result<std::vector<DatePattern>> default_patterns() {
  std::vector<DatePattern> list;
  for (const bool at_line_begin : {true, false}) {
    for (const std::string_view text : kDefaults) {
      if (at_line_begin && (text.starts_with('^') || text.starts_with(kLineBegin))) continue;
      auto pattern = single(at_line_begin ? std::string(kLineBegin) + std::string(text) : std::string(text));
      if (!pattern) return pattern.error();
      add(list, std::move(*pattern));
    }
  }
  return list;
}

// Where {DATE} stands each of the defaults is tried, without boundaries of its own.
Result<void> add_embedded_defaults(std::string_view written, std::size_t at, std::vector<DatePattern>& list) {
  for (std::string_view text : kDefaults) {
    const std::string_view before = written.substr(0, at), behind = written.substr(at + 6);
    // These two are dates alone and at the beginning of the line only; elsewhere fail2ban takes them for words.
    const bool alone = behind.empty() && (before.empty() || before == "^" || before == kLineBegin);
    if ((text == "EPOCH" || text == "TAI64N") && !alone) continue;
    if (text.starts_with(kLineBegin)) text.remove_prefix(kLineBegin.size());
    const std::string whole = std::string(before) + std::string(text) + std::string(behind);
    auto pattern = single(whole);
    if (!pattern) return pattern.error();
    add(list, std::move(*pattern));
  }
  return {};
}

Result<void> add_written(std::string_view written, std::vector<DatePattern>& list) {
  const std::string all = upper(written);
  if (all == kLineBegin || all == "{DEFAULT}") {
    auto defaults = default_patterns();
    if (!defaults) return defaults.error();
    for (DatePattern& pattern : *defaults) {
      if (all == "{DEFAULT}" || pattern.line_begin) add(list, std::move(pattern));
    }
    return {};
  }
  const std::size_t date = all.find("{DATE}");
  if (date != std::string::npos) return add_embedded_defaults(written, date, list);
  if (all == "{NONE}") {
    add(list, {.regex = "^()", .kind = DateKind::none, .line_begin = true, .anchored = true});
    return {};
  }
  auto pattern = single(written);
  if (!pattern) return pattern.error();
  add(list, std::move(*pattern));
  return {};
}

}  // namespace

Result<std::vector<DatePattern>> date_patterns(std::span<const RegexText> written) {
  if (written.empty()) return default_patterns();
  std::vector<DatePattern> list;
  for (const RegexText& line : written) {
    const std::string_view text = trimmed(line.pattern);
    if (text.empty()) continue;
    const auto added = add_written(text, list);
    if (!added) return added.error().within(line.origin.text());
  }
  if (list.empty()) return default_patterns();
  return list;
}

}  // namespace breakwater
