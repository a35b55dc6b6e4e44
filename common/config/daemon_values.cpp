// SPDX-License-Identifier: Apache-2.0
#include "common/config/daemon_values.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include <unistd.h>

#include "common/base/text.h"
#include "common/config/config_reader.h"
#include "common/config/option_list.h"
#include "common/config/small_file.h"

namespace breakwater {

namespace {

constexpr std::size_t kKeyHexDigits = 64;
constexpr std::size_t kMaxKeyFile = 4096;
constexpr std::size_t kMaxName = 64;

bool is_name(const std::string& name) {
  const auto good = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; };
  return !name.empty() && name.size() <= kMaxName && std::all_of(name.begin(), name.end(), good);
}

std::string host_name() {
  char buffer[256] = {};
  if (::gethostname(buffer, sizeof buffer - 1) != 0) return {};
  const std::string name(buffer);
  return name.substr(0, name.find('.'));
}

std::optional<std::string> parse_key(std::string_view text) {
  if (text.size() != kKeyHexDigits) return std::nullopt;
  const auto key = from_hex(text);
  if (!key) return std::nullopt;
  return *key;
}

Result<std::vector<std::string>> read_key_file(const std::string& path) {
  const auto bytes = read_small_file(path, kMaxKeyFile);
  if (!bytes) return bytes.error();
  std::vector<std::string> keys;
  for (const std::string_view line : split(*bytes, '\n')) {
    if (trimmed(line).empty() || trimmed(line).starts_with('#')) continue;
    const auto key = parse_key(trimmed(line));
    if (!key) return Error(escaped(path) + " holds no key");
    keys.push_back(*key);
  }
  if (keys.empty()) return Error(escaped(path) + " holds no key");
  return keys;
}

void report_unknown_sections(const Config& config, const std::string& section, Problems& problems) {
  for (const std::string& name : config.sections()) {
    if (name == section) continue;
    problems.error(config.section_origin(name), {}, "unknown section [" + escaped(name, 120) + "]",
                   "[" + section + "]");
  }
}

}  // namespace

bool read_daemon_config(const std::string& file, const std::string& section, const std::vector<std::string>& options,
                        Problems& problems, const std::function<void(OptionValues&)>& take) {
  ConfigReader reader({}, problems);
  const auto config = reader.read_file(file);
  if (!config) {
    problems.error({file, 0}, {}, "there is no such file");
    return false;
  }
  report_unknown_sections(*config, section, problems);
  if (!config->has_section(section)) problems.error({file, 0}, {}, "has no section [" + section + "]");
  report_unknown_options(*config, section, {}, options, problems);
  const Interpolator interpolator(*config);
  OptionValues values(interpolator, section, {}, problems);
  take(values);
  return !problems.has_errors();
}

void read_name(OptionValues& values, std::string& into) {
  into = host_name();
  values.read_text("name", into);
  if (is_name(into)) return;
  values.error("name", "name " + in_quotes(into) + " is not a name",
               "letters, digits, - _ and ., at most " + std::to_string(kMaxName));
}

void read_log_level(OptionValues& values, LogLevel& into) {
  std::string level;
  values.read_text("log_level", level);
  if (level.empty()) return;
  static const std::vector<std::string> kLevels{"error", "warning", "info", "debug"};
  static constexpr LogLevel kValues[] = {LogLevel::error, LogLevel::warning, LogLevel::info, LogLevel::debug};
  std::transform(level.begin(), level.end(), level.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto it = std::find(kLevels.begin(), kLevels.end(), level);
  if (it == kLevels.end())
    return values.error("log_level", "log_level " + in_quotes(level) + " is unknown", suggestion("", kLevels));
  into = kValues[it - kLevels.begin()];
}

void read_paths(OptionValues& values, const std::string& key, std::vector<std::string>& into) {
  const auto text = values.text(key);
  if (!text) return;
  std::vector<std::string> paths;
  for (const SourcedLine& word : split_words(*text)) {
    if (!word.text.starts_with('/'))
      return values.error_at(word.origin, key + ' ' + in_quotes(word.text) + " is not an absolute path");
    paths.push_back(word.text);
  }
  into = std::move(paths);
}

bool is_tcp_endpoint(const std::string& text, bool any_host) {
  static constexpr std::string_view kScheme = "tcp://";
  const auto colon = text.rfind(':');
  if (!text.starts_with(kScheme) || colon == std::string::npos || colon <= kScheme.size()) return false;
  const std::string host = text.substr(kScheme.size(), colon - kScheme.size());
  const std::string port = text.substr(colon + 1);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size() || number < 1 || number > 65535) return false;
  if (host == "*") return any_host;
  if (host.starts_with('[')) {
    const auto address = Address::parse(host.substr(1, host.size() - 2));
    return host.ends_with(']') && address && address->is_v6();
  }
  const auto good = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; };
  return host.size() <= 253 && std::all_of(host.begin(), host.end(), good);
}

void read_public_keys(OptionValues& values, const std::string& key, std::size_t most, std::vector<std::string>& into) {
  const auto text = values.text(key);
  if (!text) return;
  std::vector<std::string> keys;
  const auto add = [&keys](const std::string& one) {
    if (std::find(keys.begin(), keys.end(), one) == keys.end()) keys.push_back(one);
  };
  for (const SourcedLine& word : split_words(*text)) {
    if (const auto literal = parse_key(word.text)) {
      add(*literal);
      continue;
    }
    if (!word.text.starts_with('/')) {
      return values.error_at(word.origin, key + " is neither 64 hex digits nor the path of a file with them");
    }
    const auto in_file = read_key_file(word.text);
    if (!in_file)
      return values.error_at(word.origin, key + ": " + in_file.error().message(), "a line of 64 hex digits");
    for (const std::string& one : *in_file)
      add(one);
  }
  if (keys.size() > most) {
    return values.error(key, key + " has " + std::to_string(keys.size()) + " keys", "at most " + std::to_string(most));
  }
  into = std::move(keys);
}

}  // namespace breakwater
