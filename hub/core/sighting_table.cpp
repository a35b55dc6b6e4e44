// SPDX-License-Identifier: Apache-2.0
#include "hub/core/sighting_table.h"

#include <algorithm>

namespace breakwater {

SightingTable::Entry& SightingTable::entry(const Key& key, Duration findtime) {
  const auto known = index_.find(key);
  if (known != index_.end()) {
    entries_.splice(entries_.end(), entries_, known->second);
    entries_.back().findtime = findtime;
    return entries_.back();
  }
  if (entries_.size() >= capacity_) {
    index_.erase(entries_.front().key);
    entries_.pop_front();
    ++evicted_;
  }
  entries_.push_back({key, findtime, {}, {}});
  index_.emplace(key, std::prev(entries_.end()));
  return entries_.back();
}

Sighting SightingTable::record(std::uint32_t jail, const Address& who, std::uint32_t node, Timestamp at,
                               Duration findtime) {
  Entry& found = entry({jail, who}, findtime);
  Sighting seen;
  seen.late = at <= found.current.window.last() - findtime;
  Count& count = seen.late ? found.late : found.current;
  if (seen.late && at <= count.window.last() - findtime) count = {};  // older still: those between cannot tell
  seen.count = count.window.record(at, findtime);
  seen.last = count.window.last();
  note_node(count, node, at, findtime);
  for (const auto& [number, last] : count.nodes)
    seen.nodes.push_back(number);
  return seen;
}

void SightingTable::note_node(Count& count, std::uint32_t node, Timestamp at, Duration findtime) {
  Timestamp last = at;
  std::erase_if(count.nodes, [&](const auto& seen) {
    if (seen.first == node) last = std::max(last, seen.second);
    return seen.first == node || seen.second <= count.window.last() - findtime;
  });
  if (count.nodes.size() >= kNodes) count.nodes.erase(count.nodes.begin());
  count.nodes.emplace_back(node, last);
}

void SightingTable::clear(std::uint32_t jail, const Address& who, bool late) {
  const auto known = index_.find({jail, who});
  if (known == index_.end()) return;
  Count& count = late ? known->second->late : known->second->current;
  count.window.clear();
  count.nodes.clear();
}

void SightingTable::forget(const Prefix& who) {
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (!who.contains(it->key.who)) {
      ++it;
      continue;
    }
    index_.erase(it->key);
    it = entries_.erase(it);
  }
}

void SightingTable::drop_idle(Timestamp now, std::size_t most) {
  auto it = entries_.begin();
  for (std::size_t i = 0; i < most && it != entries_.end(); ++i) {
    if (!it->current.window.idle(now, it->findtime)) {
      ++it;
      continue;
    }
    index_.erase(it->key);
    it = entries_.erase(it);
  }
}

}  // namespace breakwater
