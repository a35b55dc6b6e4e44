// SPDX-License-Identifier: Apache-2.0
#include "hub/query/row.h"

#include <algorithm>

namespace breakwater {

namespace {

constexpr std::int64_t kLatestMs = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z, the last that can be written

bool too_deep(std::string_view json) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == '{' || c == '[')) {
      if (++depth > Row::kDeepest) return true;
    } else if (!quoted && (c == '}' || c == ']')) {
      --depth;
    }
  }
  return false;
}

std::optional<std::uint64_t> count_of(const nlohmann::ordered_json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (value.is_number_integer())
    return static_cast<std::uint64_t>(std::max<std::int64_t>(value.get<std::int64_t>(), 0));
  return std::nullopt;
}

}  // namespace

Result<Row> Row::parse(std::string_view json) {
  if (too_deep(json)) return Error("a row nests too deep");
  Json parsed = Json::parse(json, nullptr, false);
  if (!parsed.is_object()) return Error("a row is no JSON object");
  return Row(std::move(parsed));
}

const Row::Json* Row::find(const char* key) const {
  const auto it = json_.find(key);
  return it == json_.end() ? nullptr : &*it;
}

std::string Row::text(const char* key) const {
  const Json* value = find(key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

std::optional<std::uint64_t> Row::number_if(const char* key) const {
  const Json* value = find(key);
  return value == nullptr ? std::nullopt : count_of(*value);
}

std::uint64_t Row::number(const char* key) const {
  return number_if(key).value_or(0);
}

bool Row::flag(const char* key) const {
  const Json* value = find(key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

std::optional<Timestamp> Row::time(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_null()) return kForever;
  if (value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(kLatestMs))
    return kForever;
  if (!value->is_number_integer()) return std::nullopt;
  const auto ms = value->get<std::int64_t>();
  return ms == -1 ? kForever : from_unix_ms(std::max<std::int64_t>(ms, 0));
}

std::vector<Row> Row::rows(const char* key) const {
  std::vector<Row> result;
  const Json* value = find(key);
  if (value == nullptr || !value->is_array()) return result;
  for (const Json& item : *value) {
    if (item.is_object()) result.push_back(Row(item));
  }
  return result;
}

std::vector<std::string> Row::texts(const char* key) const {
  std::vector<std::string> result;
  const Json* value = find(key);
  if (value == nullptr || !value->is_array()) return result;
  for (const Json& item : *value) {
    if (item.is_string()) result.push_back(item.get<std::string>());
  }
  return result;
}

std::vector<std::pair<std::string, std::uint64_t>> Row::numbers(const char* key) const {
  std::vector<std::pair<std::string, std::uint64_t>> result;
  const Json* value = find(key);
  if (value == nullptr || !value->is_object()) return result;
  for (const auto& [name, item] : value->items()) {
    if (const auto count = count_of(item)) result.emplace_back(name, *count);
  }
  return result;
}

std::optional<Row> Row::object(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr || !value->is_object()) return std::nullopt;
  return Row(*value);
}

std::string Row::json() const {
  return json_.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace breakwater
