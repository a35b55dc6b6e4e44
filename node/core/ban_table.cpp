// SPDX-License-Identifier: Apache-2.0
#include "node/core/ban_table.h"

#include <algorithm>

namespace breakwater {

Timestamp BanTable::Entry::until() const {
  return leading().until;
}

const StoredBan& BanTable::Entry::leading() const {
  assert(local || hub);
  if (!hub) return *local;
  if (!local) return *hub;
  return hub->until >= local->until ? *hub : *local;
}

void BanTable::unindex(const Entries::value_type& item) {
  const auto& [who, entry] = item;
  for (const auto& side : {entry.local, entry.hub}) {
    if (side) deadlines_.erase({side->until, who});
  }
  missing_.erase(who);
  if (entry.in_kernel) --in_kernel_;
}

void BanTable::index(const Entries::value_type& item) {
  const auto& [who, entry] = item;
  for (const auto& side : {entry.local, entry.hub}) {
    if (side) deadlines_.insert({side->until, who});
  }
  if (entry.in_kernel) {
    ++in_kernel_;
  } else if (!entry.refused) {
    missing_.insert(who);
  }
}

bool BanTable::set(const StoredBan& ban) {
  const auto [it, is_new] = entries_.try_emplace(ban.who);
  if (!is_new) unindex(*it);
  Entry& entry = it->second;
  const Timestamp before = is_new ? Timestamp{} : entry.until();
  (ban.by_hub ? entry.hub : entry.local) = ban;
  index(*it);
  return is_new || before != entry.until();
}

bool BanTable::lift(const Prefix& who) {
  const auto it = entries_.find(who);
  if (it == entries_.end()) return false;
  unindex(*it);
  entries_.erase(it);
  return true;
}

bool BanTable::drop_hub(const Prefix& who) {
  const auto it = entries_.find(who);
  if (it == entries_.end()) return false;
  unindex(*it);
  it->second.hub.reset();
  if (it->second.local) {
    index(*it);
    return false;
  }
  entries_.erase(it);
  return true;
}

FirewallChange BanTable::order(const Prefix& who, Timestamp now) {
  Entry& entry = entries_.at(who);
  if (entry.until() == kForever) {
    entry.ordered_until = kForever;
    return {who, std::nullopt, false};
  }
  const Duration remaining = std::clamp(entry.until() - now, Duration(1), kLongestOrder);
  entry.ordered_until = now + remaining;
  return {who, remaining, false};
}

void BanTable::note_result(const FirewallChange& change, bool ok) {
  const auto it = entries_.find(change.who);
  if (it == entries_.end()) return;
  unindex(*it);
  it->second.in_kernel = ok && !change.lift;
  index(*it);
}

void BanTable::note_held(const Prefix& who, bool held, Timestamp until) {
  const auto it = entries_.find(who);
  if (it == entries_.end()) return;
  unindex(*it);
  it->second.in_kernel = held;
  if (held) it->second.ordered_until = until;
  index(*it);
}

void BanTable::set_refused(const Prefix& who, bool refused) {
  const auto it = entries_.find(who);
  if (it == entries_.end()) return;
  unindex(*it);
  it->second.refused = refused;
  index(*it);
}

std::vector<StoredBanKey> BanTable::expire(Timestamp now) {
  std::vector<StoredBanKey> gone;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const auto it = entries_.find(deadlines_.begin()->second);
    unindex(*it);
    for (auto* side : {&it->second.local, &it->second.hub}) {
      if (!*side || (*side)->until > now) continue;
      gone.push_back({it->first, wire::DecisionOp::ban, (*side)->by_hub});
      side->reset();
    }
    if (!it->second.local && !it->second.hub) {
      entries_.erase(it);
    } else {
      index(*it);
    }
  }
  return gone;
}

std::vector<Prefix> BanTable::due_for_renewal(Timestamp now, std::size_t most) const {
  std::vector<Prefix> due;
  for (const auto& [who, entry] : entries_) {
    if (due.size() >= most) break;
    const bool clamped = entry.in_kernel && entry.ordered_until < entry.until();
    if (clamped && entry.ordered_until - now < kLongestOrder / 2) due.push_back(who);
  }
  return due;
}

std::vector<Prefix> BanTable::not_enforced(std::size_t most) const {
  std::vector<Prefix> some;
  for (const Prefix& who : missing_) {
    if (some.size() >= most) break;
    some.push_back(who);
  }
  return some;
}

const BanTable::Entry* BanTable::find(const Prefix& who) const {
  const auto it = entries_.find(who);
  return it == entries_.end() ? nullptr : &it->second;
}

}  // namespace breakwater
