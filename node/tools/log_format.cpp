// SPDX-License-Identifier: Apache-2.0
#include "node/tools/log_format.h"

#include <array>

#include "common/base/text.h"
#include "node/core/framing/docker_record.h"
#include "node/tools/journal_entry.h"

namespace breakwater {

namespace {

constexpr std::array kNames{"auto", "file", "docker", "journal-json"};
constexpr int kLines = 10;

LogFormat format_of_line(std::string_view line) {
  if (!line.starts_with('{')) return LogFormat::file;
  if (parse_docker_record(line)) return LogFormat::docker;
  const auto entry = parse_journal_entry(line);
  return entry && entry->time ? LogFormat::journal_json : LogFormat::file;
}

}  // namespace

std::optional<LogFormat> parse_log_format(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<LogFormat>(i);
  }
  return std::nullopt;
}

const char* name_of(LogFormat format) {
  return kNames[static_cast<std::size_t>(format)];
}

LogFormat detect_format(std::string_view beginning) {
  std::array<int, kNames.size()> votes{};
  for (int seen = 0; seen < kLines && !beginning.empty();) {
    const std::size_t end = beginning.find('\n');
    const std::string_view line = trimmed(beginning.substr(0, end));
    beginning.remove_prefix(end == std::string_view::npos ? beginning.size() : end + 1);
    if (line.empty()) continue;
    ++seen;
    ++votes[static_cast<std::size_t>(format_of_line(line))];
  }
  LogFormat best = LogFormat::file;
  for (const LogFormat format : {LogFormat::docker, LogFormat::journal_json}) {
    const int count = votes[static_cast<std::size_t>(format)];
    if (count > 0 && count >= votes[static_cast<std::size_t>(best)]) best = format;
  }
  return best;
}

}  // namespace breakwater
