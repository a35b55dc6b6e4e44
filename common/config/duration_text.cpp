// SPDX-License-Identifier: Apache-2.0
#include "common/config/duration_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "common/base/text.h"
#include "common/config/problem.h"

namespace breakwater {

namespace {

constexpr std::int64_t kDay = 24 * 60 * 60;

struct Unit {
  std::string_view word;  // may be shortened, down to `shortest` letters, and may take an 's' when whole
  std::size_t shortest;
  std::string_view doubled;  // "mm"; also fine
  double seconds;
};

// Order settles what "m" is: minutes; a month needs "mo".
constexpr std::array<Unit, 7> kUnits{{
    {"second", 1, "ss", 1},
    {"minute", 1, "mm", 60},
    {"hour", 1, "hh", 60 * 60},
    {"day", 1, "dd", static_cast<double>(kDay)},
    {"week", 1, "ww", static_cast<double>(7 * kDay)},
    {"month", 2, "", 30.4375 * static_cast<double>(kDay)},
    {"year", 1, "yy", 365.25 * static_cast<double>(kDay)},
}};

// fail2ban knows the first one to three letters and the whole word.
std::optional<double> unit_seconds(std::string_view word) {
  for (const Unit& unit : kUnits) {
    const bool shortened = word.size() >= unit.shortest && word.size() <= 3 && unit.word.starts_with(word);
    const bool whole = word == unit.word ||
                       (word.size() == unit.word.size() + 1 && word.ends_with('s') && word.starts_with(unit.word));
    if (shortened || whole || (!unit.doubled.empty() && word == unit.doubled)) return unit.seconds;
  }
  return std::nullopt;
}

Error not_a_duration(std::string_view text, std::string_view hint) {
  return Error(in_quotes(std::string(text)) + " is not a duration (" + std::string(hint) + ")");
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

// The sum of "number unit" pairs in seconds; nullopt where it is not of that form.
std::optional<double> sum_of_terms(std::string_view text) {
  double sum = 0;
  while (!text.empty()) {
    std::size_t length = 0;
    while (length < text.size() && (is_digit(text[length]) || text[length] == '.'))
      ++length;
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + length, number, std::chars_format::fixed);
    if (length == 0 || error != std::errc{} || end != text.data() + length) return std::nullopt;
    text = trimmed(text.substr(length));
    length = 0;
    while (length < text.size() && is_letter(text[length]))
      ++length;
    const auto seconds = length == 0 ? std::optional<double>(1.0) : unit_seconds(text.substr(0, length));
    if (!seconds) return std::nullopt;
    sum += number * *seconds;
    text = trimmed(text.substr(length));
  }
  return sum;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto length = parse_ban_duration(text);
  if (!length) return length.error();
  if (!*length) return not_a_duration(trimmed(text), "negative; try 10m");
  return **length;
}

Result<std::optional<Duration>> parse_ban_duration(std::string_view text) {
  const std::string_view whole = trimmed(text);
  std::string lower(whole);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool negative = lower.starts_with('-');
  const auto seconds = sum_of_terms(trimmed(std::string_view(lower).substr(negative ? 1 : 0)));
  if (whole.empty()) return Error("a duration is missing (try 10m)");
  if (!seconds && whole.find_first_of("+*/()-", 1) != std::string_view::npos) {
    return not_a_duration(whole, "arithmetic is not evaluated; try 10m");
  }
  if (!seconds) return not_a_duration(whole, "try 10m");
  if (negative && *seconds > 0) return std::optional<Duration>();
  if (*seconds * 1000 > static_cast<double>(kLongest.count())) {
    return not_a_duration(whole, "longer than a thousand years; a ban without end is bantime -1");
  }
  return std::optional<Duration>(Duration(static_cast<std::int64_t>(*seconds * 1000 + 0.5)));
}

std::string duration_text(std::optional<Duration> length) {
  if (!length) return "for ever";
  std::int64_t left = length->count();
  if (left < 0) return "-" + duration_text(Duration(-left));
  static constexpr std::array<std::pair<const char*, std::int64_t>, 6> kSteps{
      {{"w", 7 * kDay * 1000}, {"d", kDay * 1000}, {"h", 3600 * 1000}, {"m", 60 * 1000}, {"s", 1000}, {"ms", 1}}};
  std::string out;
  for (const auto& [name, size] : kSteps) {
    if (left >= size) out += std::to_string(left / size) + name;
    left %= size;
  }
  return out.empty() ? "0s" : out;
}

}  // namespace breakwater
