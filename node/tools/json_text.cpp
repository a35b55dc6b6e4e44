// SPDX-License-Identifier: Apache-2.0
#include "node/tools/json_text.h"

#include "node/core/filter/subject_text.h"

namespace breakwater {

namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

void append_character(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20 && byte != 0x7f) {
    out += c;
    return;
  }
  out += "\\u00";
  out += kHexDigits[byte >> 4];
  out += kHexDigits[byte & 15];
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  std::string clean;
  if (!is_utf8(text)) {
    clean = replace_ill_formed(text);
    text = clean;
  }
  out += '"';
  for (const char c : text)
    append_character(out, c);
  out += '"';
}

void append_epoch(std::string& out, Timestamp when) {
  if (when == kForever) {
    out += "null";
    return;
  }
  const std::int64_t ms = to_unix_ms(when);
  if (ms < 0) out += '-';
  const std::uint64_t size = ms < 0 ? 0 - static_cast<std::uint64_t>(ms) : static_cast<std::uint64_t>(ms);
  out += std::to_string(size / 1000);
  if (size % 1000 == 0) return;
  std::string fraction = std::to_string(1000 + size % 1000).substr(1);
  while (fraction.ends_with('0'))
    fraction.pop_back();
  out += '.' + fraction;
}

void JsonObject::key(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  append_json_string(out_, name);
  out_ += ':';
}

void JsonObject::add(std::string_view name, std::string_view text) {
  key(name);
  append_json_string(out_, text);
}

void JsonObject::add(std::string_view name, bool value) {
  key(name);
  out_ += value ? "true" : "false";
}

void JsonObject::add(std::string_view name, std::uint64_t value) {
  key(name);
  out_ += std::to_string(value);
}

void JsonObject::add_int(std::string_view name, std::int64_t value) {
  key(name);
  out_ += std::to_string(value);
}

void JsonObject::add(std::string_view name, Timestamp when) {
  key(name);
  append_epoch(out_, when);
}

void JsonObject::add_null(std::string_view name) {
  key(name);
  out_ += "null";
}

}  // namespace breakwater
