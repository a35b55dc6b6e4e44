// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>

#include "node/core/node_store.h"

namespace breakwater {

// A NodeStore in memory. Copy it to have "what was on disk" at that moment; set `full` to refuse every save.
class FakeNodeStore final : public NodeStore {
 public:
  explicit FakeNodeStore(std::string fresh_spool = std::string(16, 's'), std::size_t most = 1'000'000) : most_(most) {
    state_.spool = std::move(fresh_spool);
  }

  bool full = false;

  Result<StoredNodeState> load() override {
    StoredNodeState state = state_;
    for (const auto& [key, ban] : bans_)
      state.bans.push_back(ban);
    for (const auto& [source, position] : positions_)
      state.positions.push_back({source, position});
    for (const auto& [key, count] : ban_counts_)
      state.ban_counts.push_back(count);
    std::stable_sort(state.ban_counts.begin(), state.ban_counts.end(),
                     [](const StoredBanCount& a, const StoredBanCount& b) { return a.last < b.last; });
    for (const auto& [nseq, record] : offences_)
      state.recent.push_back(record);
    return state;
  }

  Result<void> save(const NodeChanges& changes) override {
    if (full) return Error("no space left on device");
    if (changes.new_spool) {
      state_.spool = *changes.new_spool;
      state_.last_nseq = state_.acked = 0;
      offences_.clear();
    }
    for (const SpoolRecord& record : changes.offences) {
      offences_[record.offence.nseq] = record;
      state_.last_nseq = std::max(state_.last_nseq, record.offence.nseq);
    }
    while (offences_.size() > most_) {
      const auto oldest = offences_.begin();
      if (!oldest->second.local && oldest->first > state_.acked) ++dropped_;
      offences_.erase(oldest);
    }
    for (const std::string& source : changes.forget_positions)
      positions_.erase(source);
    for (const StoredPosition& stored : changes.positions)
      positions_[stored.source] = stored.position;
    if (changes.forget_hub_bans) std::erase_if(bans_, [](const auto& b) { return b.second.by_hub; });
    for (const StoredBanKey& key : changes.forget_bans)
      bans_.erase(key);
    for (const StoredBan& ban : changes.bans)
      bans_[{ban.who, ban.op, ban.by_hub}] = ban;
    for (const StoredBanCount& more : changes.ban_counts) {
      StoredBanCount& known = ban_counts_[{more.who, more.jail}];
      known = {more.jail, more.who, known.bans + more.bans, more.last};
    }
    if (changes.acked) state_.acked = std::max(state_.acked, *changes.acked);
    if (changes.applied) std::tie(state_.epoch, state_.applied) = *changes.applied;
    return {};
  }

  Result<std::vector<wire::Offence>> spooled(std::uint64_t after, std::size_t limit) override {
    std::vector<wire::Offence> found;
    for (auto it = offences_.upper_bound(after); it != offences_.end() && found.size() < limit; ++it) {
      if (!it->second.local) found.push_back(it->second.offence);
    }
    return found;
  }

  std::uint64_t dropped() const override { return dropped_; }

 private:
  std::size_t most_;
  StoredNodeState state_;
  std::map<std::uint64_t, SpoolRecord> offences_;
  std::map<std::string, LogPosition> positions_;
  std::map<StoredBanKey, StoredBan> bans_;
  std::map<std::pair<Address, std::string>, StoredBanCount> ban_counts_;
  std::uint64_t dropped_ = 0;
};

}  // namespace breakwater
