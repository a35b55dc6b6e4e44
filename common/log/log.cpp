// SPDX-License-Identifier: Apache-2.0
#include "common/log/log.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <span>

#include <sys/stat.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/log/journal.h"

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

std::string& journal_path() {
  static std::string path = "/run/systemd/journal/socket";
  return path;
}

void write_event(LogLevel level, std::string_view what, std::span<const LogField> fields) {
  // Never destroyed: a thread may have something to say while the process ends.
  static const JournalSocket* const journal = stderr_is_journal() ? new JournalSocket(journal_path()) : nullptr;
  if (journal != nullptr && journal->send(journal_entry(level, what, fields, program_invocation_short_name))) return;
  std::string line =
      journal != nullptr ? "<" + std::to_string(static_cast<int>(level)) + ">" : std::string(name_of(level)) + " ";
  line += what;
  for (const LogField& field : fields)
    line += " " + field.text();
  line += '\n';
  // Nothing sensible can be done where even stderr is gone.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

LogField::LogField(std::string_view key, std::string_view value)
    : key_(key), value_(escaped(value, kLongestValue)), quoted_(needs_quotes(value)) {}

std::string LogField::text() const {
  return key_ + (quoted_ ? "=\"" : "=") + value_ + (quoted_ ? "\"" : "");
}

void log_event(LogLevel level, std::string_view what, const std::vector<std::pair<std::string, std::string>>& fields) {
  if (!log_enabled(level)) return;
  std::vector<LogField> made;
  for (const auto& [key, value] : fields) {
    if (!value.empty()) made.emplace_back(key, value);
  }
  write_event(level, what, made);
}

void log_event(LogLevel level, std::string_view what, LogFields fields) {
  if (log_enabled(level)) write_event(level, what, {fields.begin(), fields.size()});
}

void set_journal_path(std::string path) {
  journal_path() = std::move(path);
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
