// SPDX-License-Identifier: Apache-2.0
// One row of a hub's reply.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace breakwater {

// A JSON object, read with forbearance: a field that is missing or of another type reads as empty, so that a tool and a
// hub of neighbouring versions understand each other. Text comes as it was sent: whoever prints it asks shown() first.
class Row {
 public:
  // Deepest nesting that is read; a hub's rows have three. Without a limit, printing could exhaust the stack.
  static constexpr int kDeepest = 16;

  // Fails on what is not one JSON object.
  static Result<Row> parse(std::string_view json);

  std::string text(const char* key) const;
  std::uint64_t number(const char* key) const;  // 0 if missing or negative
  std::optional<std::uint64_t> number_if(const char* key) const;
  bool flag(const char* key) const;
  // Milliseconds since 1970; null, -1 and anything past the year 9999 are kForever; nullopt if missing.
  std::optional<Timestamp> time(const char* key) const;
  std::vector<Row> rows(const char* key) const;
  std::vector<std::string> texts(const char* key) const;
  std::vector<std::pair<std::string, std::uint64_t>> numbers(const char* key) const;  // of an object in this one
  std::optional<Row> object(const char* key) const;
  bool has(const char* key) const { return json_.contains(key); }

  // One line, pure ASCII (everything else as \uXXXX): safe to print anywhere, fields in the hub's order.
  std::string json() const;

 private:
  using Json = nlohmann::ordered_json;
  explicit Row(Json json) : json_(std::move(json)) {}
  const Json* find(const char* key) const;

  Json json_;
};

}  // namespace breakwater
