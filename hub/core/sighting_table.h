// SPDX-License-Identifier: Apache-2.0
// Who offended how often, per jail, over all nodes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/address.h"
#include "common/policy/offence_window.h"

namespace breakwater {

struct Sighting {
  std::uint32_t count = 0;           // offences in the window, this one included
  std::vector<std::uint32_t> nodes;  // distinct nodes within findtime, the latest last
  Timestamp last{};                  // the latest offence of the window
  bool late = false;                 // counted in the window for those that come late
};

// One OffenceWindow and the last few nodes per (jail, address). Offences of a node that was cut off arrive late: those
// older than what the window spans are counted in a second window, so that an old burst still makes its ban and does
// not count together with today's.
//
// Holds at most `capacity`, about 250 bytes each; the one recorded longest ago makes room and is counted. Pure, not
// thread-safe.
class SightingTable {
 public:
  static constexpr std::size_t kNodes = 32;  // distinct nodes remembered, hence the largest useful quorum

  explicit SightingTable(std::size_t capacity) : capacity_(capacity) {}

  Sighting record(std::uint32_t jail, const Address& who, std::uint32_t node, Timestamp at, Duration findtime);
  // After a ban: the next offence counts as the first.
  void clear(std::uint32_t jail, const Address& who, bool late);
  // After an unban: in all jails. Touches everything: for operators.
  void forget(const Prefix& who);
  // Drops entries with nothing in their findtime; looks at no more than `most` of the idlest.
  void drop_idle(Timestamp now, std::size_t most = 1000);

  std::size_t size() const { return entries_.size(); }
  std::uint64_t evicted() const { return evicted_; }

 private:
  struct Key {
    std::uint32_t jail;
    Address who;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept { return std::hash<Address>{}(key.who) * 31 + key.jail; }
  };
  struct Count {
    OffenceWindow window;
    std::vector<std::pair<std::uint32_t, Timestamp>> nodes;  // latest last
  };
  struct Entry {
    Key key;
    Duration findtime;
    Count current;
    Count late;
  };

  Entry& entry(const Key& key, Duration findtime);
  static void note_node(Count& count, std::uint32_t node, Timestamp at, Duration findtime);

  std::size_t capacity_;
  std::list<Entry> entries_;  // idlest first
  std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> index_;
  std::uint64_t evicted_ = 0;
};

}  // namespace breakwater
