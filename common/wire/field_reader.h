// SPDX-License-Identifier: Apache-2.0
// Reads the fields of a message (common/wire/shapes.h) from what MessagePack unpacked. Internal to common/wire.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <msgpack.hpp>

#include "common/base/address.h"
#include "common/wire/limits.h"
#include "common/wire/messages.h"
#include "common/wire/shapes.h"

namespace breakwater::wire {

// The first thing that is wrong is kept in `problem` ("jail: longer than 255 bytes"); after it nothing is read. The
// texts of unpacked objects point into the frame, so nothing is copied until it is known to be in bounds.
class FieldReader {
 public:
  // Fields from place `first` of an array.
  FieldReader(const msgpack::object_array& array, std::uint32_t first, std::string& problem)
      : array_(&array), next_(first), problem_(problem) {}
  FieldReader(const msgpack::object_map& map, std::string& problem) : map_(&map), problem_(problem) {}

  template <class T>
  void number(const char* name, T& value, std::uint64_t min, std::uint64_t max) {
    std::uint64_t got = 0;
    if (unsigned_integer(name, got, min, max)) value = static_cast<T>(got);
  }

  void clock(const char* name, std::int64_t& ms);
  void time(const char* name, Timestamp& at);
  void until(const char* name, Timestamp& at);

  template <class E>
  void op(const char* name, E& value, E highest) {
    std::uint64_t got = 0;
    if (unsigned_integer(name, got, 0, static_cast<std::uint64_t>(highest))) value = static_cast<E>(got);
  }

  void id(const char* name, std::string& bytes);
  void text(const char* name, std::string& value, std::size_t min, std::size_t max);
  void address(const char* name, Address& value);
  void range(const char* name, Prefix& value);

  template <class T, class Each>
  void list(const char* name, std::vector<T>& values, std::size_t min, std::size_t max, Each each) {
    const auto* rows = array_of(name, min, max);
    if (rows == nullptr) return;
    values.resize(rows->size);
    for (std::uint32_t i = 0; i < rows->size && problem_.empty(); ++i) {
      const msgpack::object& row = rows->ptr[i];
      if (row.type != msgpack::type::ARRAY) return fail(name, "not a list of lists");
      FieldReader reader(row.via.array, 0, problem_);
      each(reader, values[i]);
    }
  }

  void texts(const char* name, std::vector<std::string>& values, std::size_t max, std::size_t max_bytes);
  // Left alone where the field is not there.
  void optional_text(const char* name, std::string& value, std::size_t max) {
    if (find(name) != nullptr) text(name, value, 0, max);
  }
  void optional_texts(const char* name, std::vector<std::string>& values, std::size_t max, std::size_t max_bytes) {
    if (find(name) != nullptr) texts(name, values, max, max_bytes);
  }
  void counters(const char* name, std::map<std::string, std::uint64_t>& values);
  void args(const char* name, std::map<std::string, std::string>& values);
  void packed_rows(const char* name, std::vector<SnapshotRow>& rows);

 private:
  // Of a map: the field, or nullptr.
  const msgpack::object* find(std::string_view name) const;
  // The field, or nullptr with the problem noted.
  const msgpack::object* field(const char* name);
  bool unsigned_integer(const char* name, std::uint64_t& value, std::uint64_t min, std::uint64_t max);
  const msgpack::object_array* array_of(const char* name, std::size_t min, std::size_t max);
  const msgpack::object_map* map_of(const char* name, std::size_t max);
  bool to_text(const char* name, const msgpack::object& object, std::string& value, std::size_t min, std::size_t max);
  bool to_bytes(const char* name, const msgpack::object& object, std::string_view& value);
  void fail(const char* name, std::string_view what);

  const msgpack::object_array* array_ = nullptr;
  const msgpack::object_map* map_ = nullptr;
  std::uint32_t next_ = 0;
  std::string& problem_;
};

}  // namespace breakwater::wire
