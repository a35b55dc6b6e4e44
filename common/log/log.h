// SPDX-License-Identifier: Apache-2.0
// One line an event, key=value, to stderr. Where stderr is the journal, the line goes there with its priority and its
// fields (BREAKWATER_WHO=..., see journal.h), or, if that socket takes nothing, by stderr with sd-daemon(3)'s prefix.
// error: someone must act. warning: degraded, carrying on. info: the state changed. debug: each thing seen.
//
//   log_info("ban", {{"who", prefix.text()}, {"jail", jail}, {"offences", count}});
//   -> info ban who=203.0.113.7 jail=sshd offences=5
//
// Values are escaped here, so text from outside can be passed as it is. Keys and secrets never go in.
// Thread-safe: a line is one write(2).
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"

namespace breakwater {

enum class LogLevel { error = 3, warning = 4, info = 6, debug = 7 };  // syslog(3) severities

class LogField {
 public:
  LogField(std::string_view key, std::string_view value);
  LogField(std::string_view key, const char* value) : LogField(key, std::string_view(value)) {}
  LogField(std::string_view key, const std::string& value) : LogField(key, std::string_view(value)) {}
  template <std::integral T>
  LogField(std::string_view key, T value) : key_(key), value_(std::to_string(value)) {}
  // key=value, with quotes where it could be misread without.
  std::string text() const;
  const std::string& key() const { return key_; }
  const std::string& value() const { return value_; }  // escaped

 private:
  std::string key_;
  std::string value_;
  bool quoted_ = false;
};

using LogFields = std::initializer_list<LogField>;

void log_event(LogLevel level, std::string_view what, LogFields fields = {});
// The same for fields that were made elsewhere; empty ones are left out.
void log_event(LogLevel level, std::string_view what, const std::vector<std::pair<std::string, std::string>>& fields);

inline void log_error(std::string_view what, LogFields fields = {}) {
  log_event(LogLevel::error, what, fields);
}
inline void log_warning(std::string_view what, LogFields fields = {}) {
  log_event(LogLevel::warning, what, fields);
}
inline void log_info(std::string_view what, LogFields fields = {}) {
  log_event(LogLevel::info, what, fields);
}
inline void log_debug(std::string_view what, LogFields fields = {}) {
  log_event(LogLevel::debug, what, fields);
}

// Events below this level are dropped; info at start. Thread-safe.
void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);

// Lets one event through per `interval` and says how many it held back: "and 412 more". Not thread-safe.
class LogRateLimit {
 public:
  explicit LogRateLimit(Duration interval = std::chrono::minutes(1)) : interval_(interval) {}
  // True if the event may be logged now; `held_back()` is then the number of those that were not.
  bool allows(Tick now);
  std::uint64_t held_back() const { return reported_; }

 private:
  Duration interval_;
  Tick next_{};
  bool first_ = true;
  std::uint64_t waiting_ = 0;
  std::uint64_t reported_ = 0;
};

}  // namespace breakwater
