// SPDX-License-Identifier: Apache-2.0
// The fleet's decisions in their order, and what stands because of them.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/prefix_map.h"
#include "common/wire/messages.h"
#include "hub/core/ledger.h"

namespace breakwater {

// A ban or an allow that stands.
struct StandingEntry {
  Timestamp until{};
  Timestamp decided_at{};
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  std::string jail, by, node, reason;
};

// A decision is first proposed (it has its number; the policy must know of it; nobody is told) and, when the ledger
// holds it, committed: then it changes what stands and can be read by delta() and snapshot().
//
// Bounded: `ring` recent decisions, `max_bans` bans (asked by the caller: full()), a handful of proposals. A ban ends
// by time alone, without a decision. Pure, not thread-safe.
class DecisionLog {
 public:
  DecisionLog(std::size_t ring, std::size_t max_bans) : ring_limit_(ring), max_bans_(max_bans) {}

  void restore(const LedgerState& state, Timestamp now);

  // Gives the next sequence.
  DecisionRecord propose(wire::Decision decision, std::string by, std::string node);
  // Proposals up to `seq` are durable.
  void commit(std::uint64_t seq);
  // Proposals from here on belong to `epoch`...
  void begin_epoch(std::uint64_t epoch) { proposal_epoch_ = epoch; }
  // ...which is durable now. Sequences go on, but nobody's delta may start in the past.
  void start_epoch(std::uint64_t epoch);
  void expire(Timestamp now);

  std::uint64_t epoch() const { return epoch_; }
  std::uint64_t head() const { return head_; }          // committed
  std::uint64_t proposed() const { return proposed_; }  // >= head()
  std::uint64_t log_from() const { return ring_.empty() ? head_ + 1 : ring_.front().seq; }
  bool full() const { return bans_.size() + proposals_.size() >= max_bans_; }

  // Until when `who` (all of it) is banned, proposals included. nullopt: it is not. May be in the past.
  std::optional<Timestamp> banned_until(const Prefix& who) const;
  // The range on the allow list that overlaps `who`, proposals included.
  std::optional<Prefix> allowed(const Prefix& who, Timestamp now) const;

  // What stands by committed decisions. An entry may be past its end until expire().
  const PrefixMap<StandingEntry>& bans() const { return bans_; }
  const PrefixMap<StandingEntry>& allows() const { return allows_; }

  // Committed decisions from..from+most-1, as far as there are; `from` >= log_from().
  std::vector<wire::Decision> delta(std::uint64_t from, std::size_t most) const;
  // nullptr if it is not (or no longer) in the ring.
  const DecisionRecord* find(std::uint64_t seq) const;
  // All that stands after head().
  std::vector<wire::SnapshotRow> snapshot(Timestamp now) const;

 private:
  struct Proposed {
    wire::DecisionOp op;
    Timestamp until;
    std::uint64_t seq;
  };

  void apply(const DecisionRecord& record);
  void remember_end(const Prefix& who, Timestamp until);

  std::size_t ring_limit_;
  std::size_t max_bans_;
  std::uint64_t epoch_ = 0;
  std::uint64_t proposal_epoch_ = 0;
  std::uint64_t head_ = 0;
  std::uint64_t proposed_ = 0;
  std::deque<DecisionRecord> proposals_;
  PrefixMap<Proposed> proposed_bans_;    // the last proposal of a range: ban or unban
  PrefixMap<Proposed> proposed_allows_;  // allow or disallow
  std::deque<DecisionRecord> ring_;
  PrefixMap<StandingEntry> bans_;
  PrefixMap<StandingEntry> allows_;
  std::vector<std::pair<Timestamp, Prefix>> ends_;  // a heap; an entry may be outdated
};

}  // namespace breakwater
