// SPDX-License-Identifier: Apache-2.0
#include "node/tools/journal_entry.h"

#include <charconv>
#include <cstdint>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "node/core/filter/subject_text.h"

namespace breakwater {

namespace {

using nlohmann::json;

// Bytes that are no text stand as a list of numbers.
std::optional<std::string> bytes_of(const json& list) {
  std::string bytes;
  for (const json& item : list) {
    if (!item.is_number_unsigned() || item.get<std::uint64_t>() > 255) return std::nullopt;
    bytes += static_cast<char>(item.get<std::uint64_t>());
  }
  return bytes;
}

// A field that was given several times is a list of its values.
std::string text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return "";
  if (const auto bytes = bytes_of(value)) return *bytes;
  std::string joined;
  for (const json& item : value) {
    if (!joined.empty()) joined += ' ';
    if (item.is_string()) joined += item.get<std::string>();
    if (item.is_array()) joined += bytes_of(item).value_or("");
  }
  return joined;
}

std::string field(const json& entry, const char* name) {
  const auto found = entry.find(name);
  return found == entry.end() ? "" : text_of(*found);
}

std::string first_field(const json& entry, const char* name, const char* otherwise) {
  std::string text = field(entry, name);
  return text.empty() ? field(entry, otherwise) : text;
}

std::optional<std::int64_t> microseconds(const json& entry, const char* name, const char* otherwise) {
  const std::string text = first_field(entry, name, otherwise);
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || problem != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::string since_boot(std::int64_t value) {
  char text[64];
  std::snprintf(text, sizeof text, "[%12.6f]", static_cast<double>(value) / 1e6);
  return text;
}

void add_word(std::string& line, std::string_view word) {
  if (!line.empty()) line += ' ';
  line += word;
}

void add_sender(std::string& line, const json& entry) {
  std::string sender = first_field(entry, "SYSLOG_IDENTIFIER", "_COMM");
  if (sender.empty()) return;
  if (const std::string pid = first_field(entry, "SYSLOG_PID", "_PID"); !pid.empty()) sender += '[' + pid + ']';
  add_word(line, sender + ':');
  if (sender != "kernel") return;
  if (const auto boot = microseconds(entry, "_SOURCE_MONOTONIC_TIMESTAMP", "__MONOTONIC_TIMESTAMP")) {
    add_word(line, since_boot(*boot));
  }
}

std::string without_line_ends(std::string_view line) {
  std::string out;
  for (const char c : line)
    c == '\n' ? out += "\\n" : out += c;
  return out;
}

}  // namespace

std::optional<JournalEntry> parse_journal_entry(std::string_view text) {
  if (!text.starts_with('{')) return std::nullopt;
  const json entry =
      is_utf8(text) ? json::parse(text, nullptr, false) : json::parse(replace_ill_formed(text), nullptr, false);
  if (!entry.is_object()) return std::nullopt;
  if (!entry.contains("MESSAGE") && !entry.contains("__REALTIME_TIMESTAMP")) return std::nullopt;
  JournalEntry out;
  std::string line = field(entry, "_HOSTNAME");
  add_sender(line, entry);
  const std::string message = field(entry, "MESSAGE");
  line.empty() ? line = message : line += ' ' + message;
  out.line = without_line_ends(line);
  if (const auto at = microseconds(entry, "_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP")) {
    out.time = from_unix_ms(*at / 1000);
  }
  return out;
}

}  // namespace breakwater
