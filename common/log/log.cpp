// SPDX-License-Identifier: Apache-2.0
#include "common/log/log.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include <sys/stat.h>
#include <unistd.h>

#include "common/base/text.h"

namespace breakwater {

namespace {

constexpr std::size_t kLongestValue = 2048;  // bytes; a longer value is cut

std::atomic<LogLevel> g_level{LogLevel::info};

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return "error";
    case LogLevel::warning:
      return "warning";
    case LogLevel::info:
      return "info";
    case LogLevel::debug:
      return "debug";
  }
  return "error";
}

// The service manager says in JOURNAL_STREAM ("device:inode") that stderr is the journal: systemd.exec(5).
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) return false;
  return std::string(stream) == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

bool needs_quotes(std::string_view value) {
  return value.empty() || value.find_first_of(" =\"\\") != std::string_view::npos;
}

}  // namespace

LogField::LogField(std::string_view key, std::string_view value) : text_(key) {
  text_ += '=';
  const std::string safe = escaped(value, kLongestValue);
  if (needs_quotes(value)) {
    text_ += '"' + safe + '"';
  } else {
    text_ += safe;
  }
}

void log_event(LogLevel level, std::string_view what, const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string text(what);
  for (const auto& [key, value] : fields) {
    if (!value.empty()) text += " " + LogField(key, value).text();
  }
  log_event(level, text);
}

void log_event(LogLevel level, std::string_view what, LogFields fields) {
  if (!log_enabled(level)) return;
  static const bool journal = stderr_is_journal();
  std::string line;
  if (journal) {
    line = "<" + std::to_string(static_cast<int>(level)) + ">";
  } else {
    line = std::string(name_of(level)) + " ";
  }
  line += what;
  for (const LogField& field : fields) {
    line += ' ';
    line += field.text();
  }
  line += '\n';
  // Nothing sensible can be done where even stderr is gone.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

void set_log_level(LogLevel level) {
  g_level = level;
}

bool log_enabled(LogLevel level) {
  return level <= g_level.load(std::memory_order_relaxed);
}

bool LogRateLimit::allows(Tick now) {
  if (!first_ && now < next_) {
    ++waiting_;
    return false;
  }
  first_ = false;
  next_ = now + interval_;
  reported_ = waiting_;
  waiting_ = 0;
  return true;
}

}  // namespace breakwater
