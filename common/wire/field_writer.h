// SPDX-License-Identifier: Apache-2.0
// Writes the fields of a message (common/wire/shapes.h) as MessagePack. Internal to common/wire.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <msgpack.hpp>

#include "common/base/text.h"
#include "common/wire/limits.h"
#include "common/wire/messages.h"
#include "common/wire/shapes.h"

namespace breakwater::wire {

// What msgpack::packer writes to.
struct ByteSink {
  std::string& bytes;
  void write(const char* data, std::size_t size) { bytes.append(data, size); }
};

// How many fields a message has.
class FieldCounter {
 public:
  std::uint32_t count = 0;
  template <class... Ignored>
  void number(Ignored&&...) {
    ++count;
  }
  template <class... Ignored>
  void clock(Ignored&&...) {
    ++count;
  }
  template <class... Ignored>
  void time(Ignored&&...) {
    ++count;
  }
  template <class... Ignored>
  void until(Ignored&&...) {
    ++count;
  }
  template <class... Ignored>
  void op(Ignored&&...) {
    ++count;
  }
  template <class... Ignored>
  void id(Ignored&&...) {
    ++count;
  }
  template <class... Ignored>
  void text(Ignored&&...) {
    ++count;
  }
  template <class... Ignored>
  void address(Ignored&&...) {
    ++count;
  }
  template <class... Ignored>
  void range(Ignored&&...) {
    ++count;
  }
  template <class... Ignored>
  void list(Ignored&&...) {
    ++count;
  }
  template <class... Ignored>
  void texts(Ignored&&...) {
    ++count;
  }
  template <class... Ignored>
  void counters(Ignored&&...) {
    ++count;
  }
  template <class... Ignored>
  void args(Ignored&&...) {
    ++count;
  }
  template <class... Ignored>
  void packed_rows(Ignored&&...) {
    ++count;
  }
  template <class Value, class... Ignored>
  void optional_text(const char*, const Value& value, Ignored&&...) {
    if (!value.empty()) ++count;
  }
  template <class Values, class... Ignored>
  void optional_texts(const char*, const Values& values, Ignored&&...) {
    if (!values.empty()) ++count;
  }
};

// Keeps the encoder's promise that what it writes can be read: see codec.h.
class FieldWriter {
 public:
  FieldWriter(std::string& out, Layout layout) : sink_{out}, packer_(sink_), layout_(layout) {}

  msgpack::packer<ByteSink>& packer() { return packer_; }

  template <class T>
  void number(const char* name, const T& value, std::uint64_t min, std::uint64_t max) {
    static_assert(std::is_unsigned_v<T>);
    key(name);
    packer_.pack_uint64(std::clamp<std::uint64_t>(value, min, max));
  }

  void clock(const char* name, std::int64_t ms) {
    key(name);
    packer_.pack_uint64(static_cast<std::uint64_t>(std::clamp<std::int64_t>(ms, 0, kLatestMs)));
  }

  void time(const char* name, Timestamp at) { clock(name, to_unix_ms(at)); }

  void until(const char* name, Timestamp at) {
    key(name);
    if (at == kForever) {
      packer_.pack_nil();
    } else {
      packer_.pack_uint64(until_seconds(at));
    }
  }

  template <class E>
  void op(const char* name, E value, E highest) {
    assert(value <= highest);
    key(name);
    packer_.pack_uint64(static_cast<std::uint64_t>(value));
  }

  void id(const char* name, const std::string& bytes) {
    assert(bytes.size() == kIdBytes);
    key(name);
    bin(bytes);
  }

  void text(const char* name, std::string_view value, std::size_t min, std::size_t max) {
    assert(value.size() >= min);
    key(name);
    str(value, max);
  }

  void address(const char* name, const Address& value) {
    key(name);
    bin(as_text(value.bytes()));
  }

  // [bytes, length]
  void range(const char* name, const Prefix& value) {
    key(name);
    packer_.pack_array(2);
    bin(as_text(value.address().bytes()));
    packer_.pack_uint64(value.length());
  }

  template <class T, class Each>
  void list(const char* name, const std::vector<T>& values, std::size_t min, std::size_t max, Each each) {
    assert(values.size() >= min && values.size() <= max);
    key(name);
    packer_.pack_array(static_cast<std::uint32_t>(values.size()));
    for (const T& value : values) {
      FieldCounter counter;
      each(counter, value);
      packer_.pack_array(counter.count);
      FieldWriter row(sink_.bytes, Layout::array);
      each(row, value);
    }
  }

  void texts(const char* name, const std::vector<std::string>& values, std::size_t max, std::size_t max_bytes) {
    key(name);
    const std::size_t count = std::min(values.size(), max);
    packer_.pack_array(static_cast<std::uint32_t>(count));
    for (std::size_t i = 0; i < count; ++i)
      str(values[i], max_bytes);
  }

  void optional_text(const char* name, std::string_view value, std::size_t max) {
    if (!value.empty()) text(name, value, 0, max);
  }

  void optional_texts(const char* name, const std::vector<std::string>& values, std::size_t max,
                      std::size_t max_bytes) {
    if (!values.empty()) texts(name, values, max, max_bytes);
  }

  void counters(const char* name, const std::map<std::string, std::uint64_t>& values) {
    key(name);
    std::size_t left = std::min(values.size(), kMaxCounters);
    packer_.pack_map(static_cast<std::uint32_t>(left));
    for (auto it = values.begin(); left > 0; ++it, --left) {
      str(it->first, kMaxName);
      packer_.pack_uint64(it->second);
    }
  }

  void args(const char* name, const std::map<std::string, std::string>& values) {
    assert(values.size() <= kMaxArgs);
    key(name);
    packer_.pack_map(static_cast<std::uint32_t>(values.size()));
    for (const auto& [argument, value] : values) {
      str(argument, kMaxName);
      str(value, kMaxText);
    }
  }

  void packed_rows(const char* name, const std::vector<SnapshotRow>& rows) {
    assert(rows.size() <= kMaxSnapshotRowsPerChunk);
    std::string packed;
    packed.reserve(rows.size() * kPackedRowV4);
    for (const SnapshotRow& row : rows)
      pack_row(row, packed);
    key(name);
    bin(packed);
  }

 private:
  static std::string_view as_text(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  static void pack_row(const SnapshotRow& row, std::string& out) {
    assert(row.op == DecisionOp::ban || row.op == DecisionOp::allow);
    const unsigned family = row.who.is_v4() ? 0 : kPackedV6;
    out += static_cast<char>(family | static_cast<unsigned>(row.op));
    out += static_cast<char>(row.who.length());
    const std::uint64_t end = row.until == kForever ? kPackedForever : until_seconds(row.until);
    for (int shift = 32; shift >= 0; shift -= 8)
      out += static_cast<char>((end >> shift) & 0xff);
    out += as_text(row.who.address().bytes());
  }

  void key(const char* name) {
    if (layout_ == Layout::map) str(name, kMaxName);
  }

  void str(std::string_view value, std::size_t max) {
    if (value.size() <= max && is_ascii(value)) return str_as_is(value);
    str_as_is(valid_utf8(value, max));
  }

  void str_as_is(std::string_view value) {
    packer_.pack_str(static_cast<std::uint32_t>(value.size()));
    packer_.pack_str_body(value.data(), static_cast<std::uint32_t>(value.size()));
  }

  void bin(std::string_view value) {
    packer_.pack_bin(static_cast<std::uint32_t>(value.size()));
    packer_.pack_bin_body(value.data(), static_cast<std::uint32_t>(value.size()));
  }

  ByteSink sink_;
  msgpack::packer<ByteSink> packer_;
  Layout layout_;
};

}  // namespace breakwater::wire
