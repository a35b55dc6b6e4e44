// SPDX-License-Identifier: Apache-2.0
// Writing JSON, key by key, in an order that stays.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace breakwater {

// `text` as a JSON string. Always valid UTF-8: what is not becomes U+FFFD; control characters are escaped.
void append_json_string(std::string& out, std::string_view text);

// Seconds since the epoch: 1124013600, or 1124013600.25 where there is a fraction. kForever is null.
void append_epoch(std::string& out, Timestamp when);

// One object on one line. Values are written in the order of the calls.
class JsonObject {
 public:
  // Writes to the end of `out`, which outlives this.
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
  void end() { out_ += '}'; }

  // What follows is the caller's to write.
  void key(std::string_view name);

  void add(std::string_view name, std::string_view text);
  void add(std::string_view name, const char* text) { add(name, std::string_view(text)); }
  void add(std::string_view name, bool value);
  void add(std::string_view name, std::uint64_t value);
  void add_int(std::string_view name, std::int64_t value);
  void add(std::string_view name, Timestamp when);
  void add_null(std::string_view name);

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace breakwater
