// SPDX-License-Identifier: Apache-2.0
// Walkers over the fields of messages (common/wire/shapes.h), for tests: one fills them at random, one prints them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "common/wire/limits.h"
#include "common/wire/shapes.h"

namespace breakwater::wire {

// Any value that a field may have, its limits more often than chance would.
class Filler {
 public:
  explicit Filler(std::mt19937_64& random) : random_(random) {}

  template <class T>
  void number(const char*, T& value, std::uint64_t min, std::uint64_t max) {
    value = static_cast<T>(pick(min, max));
  }
  void clock(const char*, std::int64_t& ms) {
    ms = static_cast<std::int64_t>(pick(0, static_cast<std::uint64_t>(kLatestMs)));
  }
  void time(const char* name, Timestamp& at) {
    std::int64_t ms = 0;
    clock(name, ms);
    at = from_unix_ms(ms);
  }
  void until(const char*, Timestamp& at) {
    const auto seconds = pick(0, static_cast<std::uint64_t>(kLatestSeconds));
    at = one_in(4) ? kForever : from_unix_seconds(static_cast<std::int64_t>(seconds));
  }
  template <class E>
  void op(const char*, E& value, E highest) {
    value = static_cast<E>(pick(0, static_cast<std::uint64_t>(highest)));
  }
  void id(const char*, std::string& bytes) { bytes = some_bytes(kIdBytes); }
  void text(const char*, std::string& value, std::size_t min, std::size_t max) {
    const auto size = static_cast<std::size_t>(pick(min, one_in(3) ? max : std::min<std::size_t>(max, 20)));
    // A character of two bytes here and there, never half of one.
    value.clear();
    while (value.size() + 2 <= size)
      value += one_in(5) ? "\xc3\xbc" : "a\n";
    value.resize(size, 'z');
  }
  void address(const char*, Address& value) { value = some_address(); }
  void range(const char*, Prefix& value) {
    const Address address = some_address();
    value = Prefix(address, static_cast<unsigned>(pick(0, address.bits())));
  }
  template <class T, class Each>
  void list(const char*, std::vector<T>& values, std::size_t min, std::size_t max, Each each) {
    values.resize(static_cast<std::size_t>(pick(min, one_in(5) ? max : std::min<std::size_t>(max, 5))));
    for (T& value : values)
      each(*this, value);
  }
  void texts(const char* name, std::vector<std::string>& values, std::size_t max, std::size_t max_bytes) {
    values.resize(static_cast<std::size_t>(pick(0, one_in(5) ? std::min<std::size_t>(max, 200) : 5)));
    for (auto& value : values)
      text(name, value, 0, max_bytes);
  }
  void optional_text(const char* name, std::string& value, std::size_t max) { text(name, value, 0, max); }
  void optional_texts(const char* name, std::vector<std::string>& values, std::size_t max, std::size_t max_bytes) {
    values.resize(static_cast<std::size_t>(pick(0, max)));
    for (auto& value : values)
      text(name, value, 0, max_bytes);
  }
  void counters(const char*, std::map<std::string, std::uint64_t>& values) {
    for (auto left = pick(0, kMaxCounters); left > 0; --left)
      values["c" + std::to_string(left)] = pick(0, kAny64);
  }
  void args(const char* name, std::map<std::string, std::string>& values) {
    for (auto left = pick(0, kMaxArgs); left > 0; --left)
      text(name, values["a" + std::to_string(left)], 0, kMaxText);
  }
  void packed_rows(const char* name, std::vector<SnapshotRow>& rows) {
    rows.resize(static_cast<std::size_t>(pick(0, one_in(5) ? kMaxSnapshotRowsPerChunk : 5)));
    for (auto& row : rows) {
      row.op = one_in(2) ? DecisionOp::ban : DecisionOp::allow;
      range(name, row.who);
      until(name, row.until);
    }
  }

  bool one_in(std::uint64_t n) { return random_() % n == 0; }
  std::uint64_t pick(std::uint64_t min, std::uint64_t max) {
    if (one_in(8)) return min;
    if (one_in(8)) return max;
    const std::uint64_t span = max - min;
    const std::uint64_t offset = span == kAny64 ? random_() : random_() % (span + 1);
    return min + (one_in(2) ? offset : std::min<std::uint64_t>(offset, 1000));
  }
  std::string some_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes)
      byte = static_cast<char>(random_());
    return bytes;
  }

 private:
  Address some_address() {
    const std::string bytes = some_bytes(one_in(2) ? 4 : 16);
    return Address::from_bytes({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}).value();
  }
  std::mt19937_64& random_;
};

// For people: {n: 1, who: 203.0.113.7, ...}
class Printer {
 public:
  template <class T>
  void number(const char* name, const T& value, std::uint64_t, std::uint64_t) {
    put(name, std::to_string(value));
  }
  void clock(const char* name, std::int64_t ms) { put(name, std::to_string(ms)); }
  void time(const char* name, Timestamp at) { clock(name, to_unix_ms(at)); }
  void until(const char* name, Timestamp at) { put(name, seconds(at)); }
  template <class E>
  void op(const char* name, E value, E) {
    put(name, std::to_string(static_cast<int>(value)));
  }
  void id(const char* name, const std::string& bytes) { put(name, to_hex(bytes)); }
  void text(const char* name, const std::string& value, std::size_t, std::size_t) { put(name, quoted(value)); }
  void address(const char* name, const Address& value) { put(name, value.text()); }
  void range(const char* name, const Prefix& value) { put(name, full(value)); }
  template <class T, class Each>
  void list(const char* name, const std::vector<T>& values, std::size_t, std::size_t, Each each) {
    std::string all;
    for (const T& value : values) {
      Printer row;
      each(row, value);
      append(all, row.text());
    }
    put(name, "[" + all + "]");
  }
  void texts(const char* name, const std::vector<std::string>& values, std::size_t, std::size_t) {
    std::string all;
    for (const auto& value : values)
      append(all, quoted(value));
    put(name, "[" + all + "]");
  }
  void optional_text(const char* name, const std::string& value, std::size_t max) {
    if (!value.empty()) text(name, value, 0, max);
  }
  void optional_texts(const char* name, const std::vector<std::string>& values, std::size_t max, std::size_t bytes) {
    if (!values.empty()) texts(name, values, max, bytes);
  }
  template <class Map>
  void map_of(const char* name, const Map& values) {
    std::string all;
    for (const auto& [key, value] : values) {
      if constexpr (std::is_arithmetic_v<typename Map::mapped_type>) append(all, key + ": " + std::to_string(value));
      if constexpr (!std::is_arithmetic_v<typename Map::mapped_type>) append(all, key + ": " + quoted(value));
    }
    put(name, "{" + all + "}");
  }
  void counters(const char* name, const std::map<std::string, std::uint64_t>& values) { map_of(name, values); }
  void args(const char* name, const std::map<std::string, std::string>& values) { map_of(name, values); }
  void packed_rows(const char* name, const std::vector<SnapshotRow>& rows) {
    std::string all;
    for (const auto& row : rows) {
      append(all, "{op: " + std::to_string(static_cast<int>(row.op)) + ", who: " + full(row.who) +
                      ", until: " + seconds(row.until) + "}");
    }
    put(name, "[" + all + "]");
  }
  std::string text() const { return "{" + out_ + "}"; }

 private:
  static std::string quoted(const std::string& value) { return "\"" + escaped(value, 10'000) + "\""; }
  static std::string full(const Prefix& p) { return p.address().text() + "/" + std::to_string(p.length()); }
  static std::string seconds(Timestamp at) { return at == kForever ? "nil" : std::to_string(to_unix_ms(at) / 1000); }
  static void append(std::string& all, const std::string& one) { all += (all.empty() ? "" : ", ") + one; }
  void put(const char* name, const std::string& value) { append(out_, std::string(name) + ": " + value); }
  std::string out_;
};

inline std::string printed(const Message& message) {
  return std::visit(
      [](const auto& m) {
        Printer printer;
        Shape<std::decay_t<decltype(m)>>::fields(printer, m);
        return printer.text();
      },
      message);
}

// A message of alternative `index` of Message, with fields at random that do not contradict each other.
Message random_message(std::size_t index, std::mt19937_64& random);

}  // namespace breakwater::wire
