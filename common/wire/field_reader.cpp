// SPDX-License-Identifier: Apache-2.0
#include "common/wire/field_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "common/base/text.h"

namespace breakwater::wire {
namespace {

using msgpack::object;
using msgpack::object_array;
using msgpack::object_map;

std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Masks before it normalises: of ::ffff:0:0/96 and longer the IPv4 range remains, wider ones stay IPv6.
std::optional<Prefix> to_prefix(std::string_view bytes, std::uint64_t length) {
  if ((bytes.size() != 4 && bytes.size() != 16) || length > bytes.size() * 8) return std::nullopt;
  std::array<std::uint8_t, 16> masked{};
  std::copy(bytes.begin(), bytes.end(), masked.begin());
  for (std::size_t bit = length; bit < bytes.size() * 8; bit = (bit / 8 + 1) * 8) {
    masked[bit / 8] = static_cast<std::uint8_t>(masked[bit / 8] & ~(0xff >> (bit % 8)));
  }
  const auto address = Address::from_bytes({masked.data(), bytes.size()});
  if (!address) return std::nullopt;
  const bool was_mapped = bytes.size() == 16 && address->is_v4();
  if (was_mapped && length < 96) return std::nullopt;
  return Prefix(*address, static_cast<unsigned>(was_mapped ? length - 96 : length));
}

Timestamp from_seconds(std::uint64_t seconds) {
  return from_unix_seconds(static_cast<std::int64_t>(seconds));
}

// One row from the front of `bytes`, which shrinks; nullopt if it is none.
std::optional<SnapshotRow> take_row(std::string_view& bytes) {
  if (bytes.size() < kPackedRowV4) return std::nullopt;
  const unsigned head = static_cast<unsigned char>(bytes[0]);
  const std::size_t size = (head & kPackedV6) ? kPackedRowV6 : kPackedRowV4;
  if (bytes.size() < size) return std::nullopt;
  const auto op = static_cast<DecisionOp>(head & ~kPackedV6);
  if (op != DecisionOp::ban && op != DecisionOp::allow) return std::nullopt;
  std::uint64_t end = 0;
  for (const char byte : bytes.substr(2, 5))
    end = end << 8 | static_cast<unsigned char>(byte);
  if (end != kPackedForever && end > static_cast<std::uint64_t>(kLatestSeconds)) return std::nullopt;
  const auto who = to_prefix(bytes.substr(kPackedHead, size - kPackedHead), static_cast<unsigned char>(bytes[1]));
  if (!who) return std::nullopt;
  bytes.remove_prefix(size);
  return SnapshotRow{op, *who, end == kPackedForever ? kForever : from_seconds(end)};
}

}  // namespace

void FieldReader::fail(const char* name, std::string_view what) {
  if (problem_.empty()) problem_ = std::string(name) + ": " + std::string(what);
}

const object* FieldReader::find(std::string_view name) const {
  for (std::uint32_t i = 0; map_ != nullptr && i < map_->size; ++i) {
    const object& key = map_->ptr[i].key;  // a key given twice: the first counts
    if (key.type == msgpack::type::STR && std::string_view(key.via.str.ptr, key.via.str.size) == name) {
      return &map_->ptr[i].val;
    }
  }
  return nullptr;
}

const object* FieldReader::field(const char* name) {
  if (!problem_.empty()) return nullptr;
  if (array_ != nullptr) {
    if (next_ < array_->size) return &array_->ptr[next_++];
    fail(name, "missing");
    return nullptr;
  }
  if (const object* found = find(name)) return found;
  fail(name, "missing");
  return nullptr;
}

bool FieldReader::unsigned_integer(const char* name, std::uint64_t& value, std::uint64_t min, std::uint64_t max) {
  const object* got = field(name);
  if (got == nullptr) return false;
  if (got->type != msgpack::type::POSITIVE_INTEGER) {
    fail(name, "not an unsigned number");
    return false;
  }
  value = got->via.u64;
  if (value >= min && value <= max) return true;
  fail(name, "out of range");
  return false;
}

void FieldReader::clock(const char* name, std::int64_t& ms) {
  std::uint64_t got = 0;
  if (unsigned_integer(name, got, 0, static_cast<std::uint64_t>(kLatestMs))) ms = static_cast<std::int64_t>(got);
}

void FieldReader::time(const char* name, Timestamp& at) {
  std::int64_t ms = 0;
  clock(name, ms);
  at = from_unix_ms(ms);
}

void FieldReader::until(const char* name, Timestamp& at) {
  const object* got = field(name);
  if (got == nullptr) return;
  if (got->type == msgpack::type::NIL) {
    at = kForever;
    return;
  }
  if (got->type != msgpack::type::POSITIVE_INTEGER) return fail(name, "neither seconds nor nil");
  if (got->via.u64 > static_cast<std::uint64_t>(kLatestSeconds)) return fail(name, "out of range");
  at = from_seconds(got->via.u64);
}

bool FieldReader::to_bytes(const char* name, const object& object, std::string_view& value) {
  if (object.type != msgpack::type::BIN) {
    fail(name, "not bytes");
    return false;
  }
  value = {object.via.bin.ptr, object.via.bin.size};
  return true;
}

bool FieldReader::to_text(const char* name, const object& object, std::string& value, std::size_t min,
                          std::size_t max) {
  if (object.type != msgpack::type::STR) {
    fail(name, "not a text");
    return false;
  }
  const std::string_view text(object.via.str.ptr, object.via.str.size);
  if (text.size() < min || text.size() > max) {
    fail(name, text.size() < min ? "empty" : "longer than " + std::to_string(max) + " bytes");
    return false;
  }
  value = is_ascii(text) ? std::string(text) : valid_utf8(text, max);
  return true;
}

void FieldReader::id(const char* name, std::string& bytes) {
  const object* got = field(name);
  std::string_view value;
  if (got == nullptr || !to_bytes(name, *got, value)) return;
  if (value.size() != kIdBytes) return fail(name, "not 16 bytes");
  bytes = value;
}

void FieldReader::text(const char* name, std::string& value, std::size_t min, std::size_t max) {
  if (const object* got = field(name)) to_text(name, *got, value, min, max);
}

void FieldReader::address(const char* name, Address& value) {
  const object* got = field(name);
  std::string_view bytes;
  if (got == nullptr || !to_bytes(name, *got, bytes)) return;
  const auto address = Address::from_bytes(as_bytes(bytes));
  if (!address) return fail(name, "neither 4 nor 16 bytes");
  value = *address;
}

void FieldReader::range(const char* name, Prefix& value) {
  const auto* pair = array_of(name, 2, 2);
  std::string_view bytes;
  if (pair == nullptr || !to_bytes(name, pair->ptr[0], bytes)) return;
  if (pair->ptr[1].type != msgpack::type::POSITIVE_INTEGER) return fail(name, "length is not a number");
  const auto prefix = to_prefix(bytes, pair->ptr[1].via.u64);
  if (!prefix) return fail(name, "not an address range");
  value = *prefix;
}

const object_array* FieldReader::array_of(const char* name, std::size_t min, std::size_t max) {
  const object* got = field(name);
  if (got == nullptr) return nullptr;
  if (got->type != msgpack::type::ARRAY) {
    fail(name, "not a list");
    return nullptr;
  }
  if (got->via.array.size >= min && got->via.array.size <= max) return &got->via.array;
  fail(name, "has " + std::to_string(got->via.array.size) + " entries, not " + std::to_string(min) + " to " +
                 std::to_string(max));
  return nullptr;
}

const object_map* FieldReader::map_of(const char* name, std::size_t max) {
  const object* got = field(name);
  if (got == nullptr) return nullptr;
  if (got->type == msgpack::type::MAP && got->via.map.size <= max) return &got->via.map;
  fail(name, got->type == msgpack::type::MAP ? "has too many entries" : "not a map");
  return nullptr;
}

void FieldReader::texts(const char* name, std::vector<std::string>& values, std::size_t max, std::size_t max_bytes) {
  const auto* list = array_of(name, 0, max);
  if (list == nullptr) return;
  values.resize(list->size);
  for (std::uint32_t i = 0; i < list->size; ++i) {
    if (!to_text(name, list->ptr[i], values[i], 0, max_bytes)) return;
  }
}

void FieldReader::counters(const char* name, std::map<std::string, std::uint64_t>& values) {
  const auto* map = map_of(name, kMaxCounters);
  if (map == nullptr) return;
  for (std::uint32_t i = 0; i < map->size; ++i) {
    std::string counter;
    if (!to_text(name, map->ptr[i].key, counter, 1, kMaxName)) return;
    if (map->ptr[i].val.type != msgpack::type::POSITIVE_INTEGER) return fail(name, "not an unsigned number");
    values.emplace(std::move(counter), map->ptr[i].val.via.u64);
  }
}

void FieldReader::args(const char* name, std::map<std::string, std::string>& values) {
  const auto* map = map_of(name, kMaxArgs);
  if (map == nullptr) return;
  for (std::uint32_t i = 0; i < map->size; ++i) {
    std::string argument, value;
    if (!to_text(name, map->ptr[i].key, argument, 1, kMaxName)) return;
    if (!to_text(name, map->ptr[i].val, value, 0, kMaxText)) return;
    values.emplace(std::move(argument), std::move(value));
  }
}

void FieldReader::packed_rows(const char* name, std::vector<SnapshotRow>& rows) {
  const object* got = field(name);
  std::string_view bytes;
  if (got == nullptr || !to_bytes(name, *got, bytes)) return;
  rows.reserve(std::min(bytes.size() / kPackedRowV4, kMaxSnapshotRowsPerChunk));
  while (!bytes.empty()) {
    if (rows.size() == kMaxSnapshotRowsPerChunk) return fail(name, "too many rows");
    const auto row = take_row(bytes);
    if (!row) return fail(name, "row " + std::to_string(rows.size()) + " is malformed");
    rows.push_back(*row);
  }
}

}  // namespace breakwater::wire
