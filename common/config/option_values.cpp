// SPDX-License-Identifier: Apache-2.0
#include "common/config/option_values.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <utility>

#include "common/base/text.h"
#include "common/config/duration_text.h"

namespace breakwater {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_bytes(const std::string& text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_number<std::uint64_t>(std::string_view(text).substr(0, digits));
  if (!number) return std::nullopt;
  std::string unit = lower(trimmed(std::string_view(text).substr(digits)));
  if (unit.ends_with("ib")) unit.resize(unit.size() - 2);
  if (unit.ends_with('b')) unit.pop_back();
  static constexpr std::array<std::pair<std::string_view, int>, 5> kUnits{
      {{"", 0}, {"k", 10}, {"m", 20}, {"g", 30}, {"t", 40}}};
  for (const auto& [name, shift] : kUnits) {
    if (unit != name) continue;
    if (*number > std::numeric_limits<std::uint64_t>::max() >> shift) return std::nullopt;
    return *number << shift;
  }
  return std::nullopt;
}

}  // namespace

std::optional<bool> parse_flag(std::string_view text) {
  const std::string word = lower(trimmed(text));
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  return std::nullopt;
}

std::string suggestion(const std::string& word, const std::vector<std::string>& known) {
  if (const auto near = nearest(word, known)) return "did you mean " + *near + "?";
  if (known.size() > 12) return {};
  std::string out = "one of";
  for (const std::string& name : known)
    out += ' ' + name;
  return out;
}

void report_unknown_options(const Config& config, const std::string& section, const Subject& subject,
                            const std::vector<std::string>& known, Problems& problems) {
  for (const auto& [key, option] : config.options(section)) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    problems.error(option->origin, subject, "unknown option " + in_quotes(key), suggestion(key, known));
  }
}

OptionValues::OptionValues(const Interpolator& values, std::string section, Subject subject, Problems& problems)
    : values_(values), section_(std::move(section)), subject_(std::move(subject)), problems_(problems) {}

bool OptionValues::is_set(const std::string& key) const {
  const Config::Option* option = values_.config().find_or_default(section_, key);
  return option != nullptr && !option->value.blank();
}

Origin OptionValues::origin(const std::string& key) const {
  const Config::Option* option = values_.config().find_or_default(section_, key);
  return option != nullptr ? option->origin : values_.config().section_origin(section_);
}

void OptionValues::error_at(const Origin& at, std::string what, std::string right) {
  failed_ = true;
  problems_.error(at, subject_, std::move(what), std::move(right));
}

void OptionValues::error(const std::string& key, std::string what, std::string right) {
  error_at(origin(key), std::move(what), std::move(right));
}

void OptionValues::warning(const std::string& key, std::string what, std::string right) {
  problems_.warning(origin(key), subject_, std::move(what), std::move(right));
}

std::optional<SourcedText> OptionValues::text(const std::string& key) {
  Expanded found = values_.get(section_, key);
  if (found.fault) {
    error_at(found.fault->origin, key + ": " + found.fault->what, found.fault->right);
    return std::nullopt;
  }
  if (!found.value || found.value->blank()) return std::nullopt;
  return std::move(found.value);
}

void OptionValues::read_text(const std::string& key, std::string& into) {
  if (const auto value = text(key)) into = trimmed(value->text());
}

void OptionValues::read_flag(const std::string& key, bool& into) {
  std::string value;
  read_text(key, value);
  if (value.empty()) return;
  const auto flag = parse_flag(value);
  if (!flag) return error(key, key + ' ' + in_quotes(value) + " is neither true nor false");
  into = *flag;
}

void OptionValues::read_number(const std::string& key, int& into, int least, int most) {
  std::string value;
  read_text(key, value);
  if (value.empty()) return;
  const auto number = parse_number<int>(value);
  if (!number || *number < least || *number > most) {
    return error(key, key + ' ' + in_quotes(value) + " is not a whole number from " + std::to_string(least) + " to " +
                          std::to_string(most));
  }
  into = *number;
}

void OptionValues::read_duration(const std::string& key, Duration& into) {
  std::string value;
  read_text(key, value);
  if (value.empty()) return;
  const auto length = parse_duration(value);
  if (!length) return error(key, key + ' ' + length.error().message());
  if (length->count() == 0) return error(key, key + " is zero", "try 10m");
  into = *length;
}

void OptionValues::read_ban_duration(const std::string& key, std::optional<Duration>& into) {
  std::string value;
  read_text(key, value);
  if (value.empty()) return;
  const auto length = parse_ban_duration(value);
  if (!length) return error(key, key + ' ' + length.error().message());
  if (*length && (*length)->count() == 0) return error(key, key + " is zero", "-1 for no end");
  into = *length;
}

void OptionValues::read_factor(const std::string& key, double& into) {
  std::string value;
  read_text(key, value);
  if (value.empty()) return;
  const auto number = parse_number<double>(value);
  if (!number || !(*number > 0) || *number > 1e6) {
    return error(key, key + ' ' + in_quotes(value) + " is not a positive number",
                 "Python expressions are not evaluated; try 1.5");
  }
  into = *number;
}

void OptionValues::read_bytes(const std::string& key, std::uint64_t& into, std::uint64_t least) {
  std::string value;
  read_text(key, value);
  if (value.empty()) return;
  const auto bytes = parse_bytes(value);
  if (!bytes) return error(key, key + ' ' + in_quotes(value) + " is not a size", "try 256 MB");
  if (*bytes < least)
    return error(key, key + ' ' + in_quotes(value) + " is too small", "at least " + std::to_string(least) + " bytes");
  into = *bytes;
}

void OptionValues::read_path(const std::string& key, std::string& into) {
  std::string value;
  read_text(key, value);
  if (value.empty()) return;
  if (!value.starts_with('/') || value.find('\n') != std::string::npos) {
    return error(key, key + ' ' + in_quotes(value) + " is not an absolute path");
  }
  into = value;
}

}  // namespace breakwater
