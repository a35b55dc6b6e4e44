// SPDX-License-Identifier: Apache-2.0
// Who offended how often, per jail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

#include "common/base/address.h"
#include "common/policy/offence_window.h"

namespace breakwater {

// One OffenceWindow per (jail, address). Holds at most `capacity`; the one recorded longest ago makes room and is
// counted. Not thread-safe.
class OffenderTable {
 public:
  explicit OffenderTable(std::size_t capacity) : capacity_(capacity) {}

  // Returns the count including this offence.
  std::uint32_t record(std::size_t jail, const Address& who, Timestamp at, Duration findtime);
  // After a ban: the next offence counts as the first.
  void clear(std::size_t jail, const Address& who);
  // Drops entries with nothing in their findtime. Touches at most `most` of the idlest entries.
  void drop_idle(Timestamp now, std::size_t most = 1000);

  // The jails have other numbers: `to` by the old one; nullopt: that jail is gone, and its windows with it.
  struct Place {
    std::size_t jail = 0;
    Duration findtime{};
  };
  void renumber(const std::vector<std::optional<Place>>& to);

  std::size_t size() const { return entries_.size(); }
  std::uint64_t evicted() const { return evicted_; }

 private:
  struct Key {
    std::size_t jail;
    Address who;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept { return std::hash<Address>{}(key.who) * 31 + key.jail; }
  };
  struct Entry {
    Key key;
    OffenceWindow window;
    Duration findtime;
  };

  std::size_t capacity_;
  std::list<Entry> entries_;  // idlest first
  std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> index_;
  std::uint64_t evicted_ = 0;
};

}  // namespace breakwater
