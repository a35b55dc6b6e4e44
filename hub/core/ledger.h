// SPDX-License-Identifier: Apache-2.0
// The hub's durable record: every offence, every decision, who ordered what.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "common/wire/messages.h"

namespace breakwater {

struct OffenceRecord {
  std::uint64_t id = 0;  // given by the ledger, growing; 0 = not stored yet
  Timestamp received_at{};
  std::string node;  // authenticated
  wire::Offence offence;
  bool operator==(const OffenceRecord&) const = default;
};

struct DecisionRecord {
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;  // unique and growing over all epochs of one ledger
  wire::Decision decision;
  std::string by;    // "policy", or the operator's name
  std::string node;  // whose offence was the last straw; empty for an operator's order
  bool operator==(const DecisionRecord&) const = default;
};

// All offences of (node, spool) up to nseq are in the ledger.
struct SpoolMark {
  std::string node;
  std::string spool;
  std::uint64_t nseq = 0;
  bool operator==(const SpoolMark&) const = default;
};

// What an operator asked to change, carried out or refused.
struct AuditRecord {
  Timestamp at{};
  std::string name;  // of the key
  std::string verb;
  std::string arguments;  // JSON
  std::string outcome;    // "200", "403 203.0.113.7 is on the allow list"
  bool operator==(const AuditRecord&) const = default;
};

// Reaches the disk as a whole or not at all.
struct LedgerBatch {
  std::uint64_t epoch = 0;  // of the hub from here on
  std::vector<OffenceRecord> offences;
  std::vector<DecisionRecord> decisions;  // consecutive seq
  std::vector<SpoolMark> marks;           // the last of a spool counts
  std::vector<AuditRecord> audit;
  bool operator==(const LedgerBatch&) const = default;
};

struct BanCount {
  std::string jail;
  Prefix who;
  std::uint32_t bans = 0;
  bool operator==(const BanCount&) const = default;
};

// What a hub starts from. Epoch 0: an empty ledger.
struct LedgerState {
  std::uint64_t epoch = 0;
  std::uint64_t head = 0;                // highest seq ever
  std::vector<DecisionRecord> standing;  // all that may still matter, by seq: applied in order they give who is banned
  std::vector<DecisionRecord> recent;    // newest of this epoch, consecutive, up to head
  std::vector<SpoolMark> marks;          // newest kMarksPerNode of each node
  std::vector<OffenceRecord> offences;   // received since LoadRequest::offences_since, oldest first
  std::vector<BanCount> history;         // earlier bans by policy
};

inline constexpr std::size_t kMarksPerNode = 8;

struct LoadRequest {
  Timestamp now{};
  Timestamp offences_since{};
  std::size_t most_offences = 1'000'000;  // the newest
  std::size_t most_recent = 100'000;      // decisions
  std::size_t most_history = 500'000;     // 0 = not needed
};

// A question about the past. Newest first.
struct LedgerQuery {
  enum class Kind { offences, why, top };
  Kind kind = Kind::offences;
  std::optional<Prefix> who{};                // why: required
  std::string jail{}, node{};                 // empty = any
  std::optional<Timestamp> since{}, until{};  // of received_at
  std::string by{};                           // top: address, jail, node, network, container, image
  std::size_t limit = 100;
  std::uint64_t before_offence = 0;   // only ids below; 0 = from the newest
  std::uint64_t before_decision = 0;  // why: only seqs below
  bool with_summary = false;          // why
  bool operator==(const LedgerQuery&) const = default;
};

struct TopRow {
  std::string key;
  std::uint64_t offences = 0, addresses = 0, nodes = 0;
  Timestamp last{};
  bool operator==(const TopRow&) const = default;
};

struct LedgerAnswer {
  std::vector<OffenceRecord> offences;    // <= limit, newest first
  std::vector<DecisionRecord> decisions;  // why: <= limit, newest first; all that overlap `who`
  std::vector<TopRow> top;
  // Where to go on (before_offence of the next question); 0 = everything was looked at.
  std::uint64_t next_offence = 0;
  bool partial = false;  // top: the limit of time or rows was reached
  // why, with_summary:
  std::uint64_t total_offences = 0, total_nodes = 0, total_decisions = 0;
  Timestamp first{}, last{};
};

// commit(ticket) is on disk, and so is every one before it.
struct Committed {
  std::uint64_t ticket = 0;
};
// It is not, nor any after it; the ledger tries again by itself, in order.
struct CommitFailed {
  std::uint64_t ticket = 0;
  std::string error;
};
struct LookedUp {
  std::uint64_t id = 0;
  Result<LedgerAnswer> answer;
};
using LedgerEvent = std::variant<Committed, CommitFailed, LookedUp>;

struct LedgerStats {
  std::uint64_t commits = 0, failures = 0;
  std::uint64_t p50_us = 0, p99_us = 0;  // of the last thousand commits, from commit() to the disk
};

// Implementations: SqliteLedger (hub/adapters/ledger), FakeLedger (tests/fakes); contract in
// tests/contracts/ledger_contract.h. Called from one thread; never blocks it but for load().
class Ledger {
 public:
  virtual ~Ledger() = default;

  // Once, before anything else. May take seconds.
  virtual Result<LedgerState> load(const LoadRequest& request) = 0;
  // Tickets grow. Unbounded: HubCore bounds what it leaves uncommitted.
  virtual void commit(std::uint64_t ticket, LedgerBatch batch) = 0;
  // Answered by a LookedUp with this id, an Error if too many wait or it takes too long. Sees what is committed.
  virtual void look_up(std::uint64_t id, LedgerQuery query) = 0;

  // Readable when take_events() has something; -1 if the implementation has no descriptor.
  virtual int fd() const = 0;
  virtual std::vector<LedgerEvent> take_events() = 0;
  virtual LedgerStats stats() const = 0;
};

}  // namespace breakwater
