// SPDX-License-Identifier: Apache-2.0
#include "node/core/offender_table.h"

namespace breakwater {

std::uint32_t OffenderTable::record(std::size_t jail, const Address& who, Timestamp at, Duration findtime) {
  const Key key{jail, who};
  const auto found = index_.find(key);
  if (found != index_.end()) {
    entries_.splice(entries_.end(), entries_, found->second);
    return found->second->window.record(at, findtime);
  }
  if (entries_.size() >= capacity_) {
    index_.erase(entries_.front().key);
    entries_.pop_front();
    ++evicted_;
  }
  entries_.push_back({key, {}, findtime});
  index_.emplace(key, std::prev(entries_.end()));
  return entries_.back().window.record(at, findtime);
}

void OffenderTable::clear(std::size_t jail, const Address& who) {
  const auto found = index_.find(Key{jail, who});
  if (found == index_.end()) return;
  entries_.erase(found->second);
  index_.erase(found);
}

void OffenderTable::drop_idle(Timestamp now, std::size_t most) {
  while (most-- > 0 && !entries_.empty() && entries_.front().window.idle(now, entries_.front().findtime)) {
    index_.erase(entries_.front().key);
    entries_.pop_front();
  }
}

void OffenderTable::renumber(const std::vector<std::optional<Place>>& to) {
  index_.clear();
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const std::optional<Place>& place = to.at(entry->key.jail);
    if (!place) {
      entry = entries_.erase(entry);
      continue;
    }
    entry->key.jail = place->jail;
    entry->findtime = place->findtime;
    index_.emplace(entry->key, entry);
    ++entry;
  }
}

}  // namespace breakwater
