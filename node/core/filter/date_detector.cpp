// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/date_detector.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

#include "node/core/filter/date_programs.h"

namespace breakwater {

namespace {

constexpr std::size_t kHead = 160;        // of a line, in bytes
constexpr std::size_t kLongestDate = 96;  // more than any default pattern needs

std::unique_ptr<re2::RE2> word_program() {
  ExpandedPattern pattern;
  pattern.append("\\w", 1, true);
  const auto text = translate(pattern, {.alphabet = Alphabet::unicode});
  if (!text) return nullptr;
  auto program = make_re2(text->text, Alphabet::unicode);
  return program ? std::move(*program) : nullptr;
}

// Whether a character is one of a word: Python's \w.
bool is_word(std::string_view character) {
  const auto c = static_cast<unsigned char>(character.empty() ? 0 : character.front());
  if (c < 128) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  thread_local const std::unique_ptr<re2::RE2> word = word_program();
  return word && re2::RE2::FullMatch(re2::StringPiece(character.data(), character.size()), *word);
}

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// The characters before and at `at`, in valid UTF-8.
std::string_view character_before(std::string_view line, std::size_t at) {
  std::size_t begin = at == 0 ? 0 : at - 1;
  while (begin > 0 && continues_character(line[begin]))
    --begin;
  return line.substr(begin, at - begin);
}

std::size_t next_character(std::string_view line, std::size_t at) {
  ++at;
  while (at < line.size() && continues_character(line[at]))
    ++at;
  return at;
}

bool is_inside_word(std::string_view line, std::size_t at) {
  if (at >= line.size()) return false;
  return is_word(character_before(line, at)) && is_word(line.substr(at, next_character(line, at) - at));
}

// The leftmost match that does not begin inside a word. The choice at a given place does not depend on that condition,
// so going on one character behind a bad one is exact.
template <class Program>
std::optional<FoundDate> match(const DatePattern& pattern, Program& program, const SubjectText& line,
                               std::vector<std::string_view>& groups) {
  groups.resize(pattern.whole ? 1 : 2);
  for (std::size_t from = 0; from <= line.text.size();) {
    if (!program.search(line.text, from, groups)) return {};
    const auto offset = [&](const char* p) { return static_cast<std::size_t>(p - line.text.data()); };
    const std::size_t begin = offset(groups.front().data());
    if (!pattern.word_begin || !is_inside_word(line.text, begin)) {
      const std::string_view group = groups.back();
      if (group.data() == nullptr) return {};
      const std::size_t cut = offset(group.data());
      return FoundDate{.begin = cut, .end = cut + group.size(), .match_begin = begin};
    }
    from = next_character(line.text, begin);
  }
  return {};
}

int integer(std::string_view text) {
  while (text.starts_with(' '))
    text.remove_prefix(1);
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Its number from 1 by its first three letters, in either case; 0: none.
int month_number(std::string_view name) {
  constexpr std::string_view kMonths = "janfebmaraprmayjunjulaugsepoctnovdec";
  std::string head(name.substr(0, 3));
  for (char& c : head)
    c = static_cast<char>(c | 0x20);
  const auto at = kMonths.find(head);
  return at == std::string_view::npos ? 0 : static_cast<int>(at / 3) + 1;
}

// 12 AM is 0, 12 PM is 12; without AM or PM it is AM.
int hour_of_day(int hour, bool pm) {
  if (hour == 12) hour = 0;
  return pm ? hour + 12 : hour;
}

struct RawDate {
  DateFields fields;
  std::optional<int> hour12;
  bool pm = false;
  bool good = true;
};

void set_field(RawDate& date, char name, std::string_view text) {
  DateFields& f = date.fields;
  switch (name) {
    case 'Y':
      f.year = integer(text);
      return;
    case 'y':
      f.year = 2000 + integer(text);
      return;
    case 'm':
      f.month = integer(text);
      return;
    case 'b':
    case 'B':
      f.month = month_number(text);
      return;
    case 'd':
      f.day = integer(text);
      return;
    case 'j':
      f.day_of_year = integer(text);
      return;
    case 'H':
      f.hour = integer(text);
      return;
    case 'I':
      date.hour12 = integer(text);
      return;
    case 'p':
      date.pm = text.starts_with('p') || text.starts_with('P');
      return;
    case 'M':
      f.minute = integer(text);
      return;
    case 'S':
      f.second = integer(text);
      return;
    case 'z':
    case 'Z':
      if (const auto zone = parse_zone(text)) {
        f.zone = *zone;
      } else {
        date.good = false;
      }
      return;
    default:
      return;  // the day of the week and fractions say nothing new
  }
}

constexpr std::int64_t kLastSecond = 253402300799;  // 9999-12-31T23:59:59Z

// "1793588645.123"; of a long one the length tells whether it is milli- or microseconds.
std::optional<Timestamp> epoch_value(std::string_view text, bool is_long) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (is_long && text.size() >= 16 && text.find('.') == std::string_view::npos) {
    value /= 1e6;
  } else if (is_long && text.size() >= 13) {
    value /= 1e3;
  }
  if (value > static_cast<double>(kLastSecond)) return std::nullopt;
  return from_unix_ms(static_cast<std::int64_t>(std::floor(value * 1000)));
}

// "@4000000052da...": TAI64 seconds since 2^62; fail2ban takes them for UTC, and so do we.
std::optional<Timestamp> tai_value(std::string_view text) {
  std::int64_t seconds = 0;
  if (text.size() < 17) return std::nullopt;
  std::from_chars(text.data() + 2, text.data() + 17, seconds, 16);
  if (seconds > kLastSecond) return std::nullopt;
  return from_unix_seconds(seconds);
}

}  // namespace

DateDetector::DateDetector(std::vector<DatePattern> patterns) : patterns_(std::move(patterns)) {}
DateDetector::~DateDetector() = default;

Result<std::unique_ptr<DateDetector>> DateDetector::make(std::span<const RegexText> patterns) {
  auto list = date_patterns(patterns);
  if (!list) return list.error();
  std::unique_ptr<DateDetector> out(new DateDetector(std::move(*list)));
  out->only_defaults_ = patterns.empty();
  auto programs = Programs::make(out->patterns_, Alphabet::ascii);
  const std::string where = patterns.empty() ? "" : patterns.front().origin.text();
  if (!programs) return programs.error().within(where);
  out->ascii_ = std::move(*programs);
  return out;
}

DateDetector::Programs* DateDetector::programs(bool ascii) {
  if (ascii) return ascii_.get();
  if (!unicode_ && !unicode_failed_) {
    auto made = Programs::make(patterns_, Alphabet::unicode);
    unicode_failed_ = !made;
    if (made) unicode_ = std::move(*made);
  }
  return unicode_.get();
}

std::uint64_t DateDetector::overflows() const {
  return (ascii_ ? ascii_->overflows() : 0) + (unicode_ ? unicode_->overflows() : 0);
}

// The default dates are short, and stand near the beginning: the candidates of the line's head are all that could begin
// where one was found, or before. But the last pattern of all wins wherever it stands, see choose(); it begins with
// '@'.
std::optional<FoundDate> DateDetector::find(const SubjectText& line) {
  Programs* const compiled = programs(line.ascii);
  if (compiled == nullptr) return std::nullopt;
  if (only_defaults_ && line.text.size() > kHead && line.text.find('@') == std::string_view::npos) {
    const auto found = choose(*compiled, compiled->candidates(line.text.substr(0, kHead)), line);
    if (found && found->match_begin + kLongestDate <= kHead) return found;
  }
  return choose(*compiled, compiled->candidates(line.text), line);
}

std::optional<FoundDate> DateDetector::choose(Programs& compiled, const std::vector<int>& candidates,
                                              const SubjectText& line) const {
  std::optional<FoundDate> best;
  std::size_t best_begin = 0;
  for (const int candidate : candidates) {
    const auto index = static_cast<std::size_t>(candidate);
    auto found = match(patterns_[index], compiled.list[index], line, compiled.groups);
    if (!found) continue;
    found->pattern = index;
    // An epoch behind "audit(" begins at its number.
    const std::size_t begin = patterns_[index].value_group == 1 && patterns_[index].kind == DateKind::epoch
                                  ? found->begin
                                  : found->match_begin;
    if (patterns_[index].line_begin || begin <= 1 || index + 1 == patterns_.size()) return found;
    if (best && begin >= best_begin) continue;
    best = found;
    best_begin = begin;
  }
  return best;
}

std::optional<Timestamp> DateDetector::value(const SubjectText& line, const FoundDate& found, Timestamp now,
                                             const ZoneRule& zone) {
  Programs* const compiled = programs(line.ascii);
  const DatePattern& pattern = patterns_[found.pattern];
  const std::string_view cut = line.text.substr(found.begin, found.end - found.begin);
  if (compiled == nullptr || cut.empty() || pattern.kind == DateKind::none) return std::nullopt;
  if (pattern.kind == DateKind::tai64n) return tai_value(cut);
  auto& program = compiled->list[found.pattern];
  std::vector<std::string_view>& groups = compiled->groups;
  groups.resize(program.names.size() + 1);
  if (!program.search(line.text, found.match_begin, groups)) return std::nullopt;
  if (pattern.kind != DateKind::fields) {
    return epoch_value(groups[static_cast<std::size_t>(pattern.value_group)], pattern.kind == DateKind::long_epoch);
  }
  RawDate date;
  for (std::size_t i = 1; i < groups.size(); ++i) {
    const std::string& name = program.names[i - 1];
    if (name.size() == 1 && groups[i].data() != nullptr) set_field(date, name[0], groups[i]);
  }
  if (!date.good) return std::nullopt;
  if (date.hour12) date.fields.hour = hour_of_day(*date.hour12, date.pm);
  return resolve_date(date.fields, now, zone);
}

}  // namespace breakwater
