// SPDX-License-Identifier: Apache-2.0
// What node, hub and operator's tool say to each other, as values. docs/wire.md is the byte-level contract;
// common/wire/codec.h turns these into frames and back. Everything here came through the codec's limits.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "common/base/address.h"
#include "common/base/clock.h"

namespace breakwater::wire {

// Versions of the protocol that this build speaks. A hub speaks N and N-1.
inline constexpr std::uint8_t kProtocolMin = 1;
inline constexpr std::uint8_t kProtocolMax = 1;

// Limits that both sides enforce; a message beyond them is refused and counted.
inline constexpr std::size_t kMaxMessageBytes = 256 * 1024;
inline constexpr std::size_t kMaxOffencesPerBatch = 100;
inline constexpr std::size_t kMaxDecisionsPerMessage = 256;
inline constexpr std::size_t kMaxSnapshotRowsPerChunk = 4096;
inline constexpr std::size_t kMaxName = 255;       // bytes: node, jail, container, image, reason
inline constexpr std::size_t kMaxText = 1024;      // bytes: an alarm, an error, a cursor, an argument of a query
inline constexpr std::size_t kMaxRow = 16 * 1024;  // bytes: one row of a REPLY
inline constexpr std::size_t kMaxReplyBytes = 4 * 1024 * 1024;  // REPLY goes to the operator's tool alone
inline constexpr std::size_t kMaxSample = 1024;                 // bytes of UTF-8: the log line that was the offence

// node > hub, first message on a connection. `node` must equal the key's enrolled name; it grants nothing.
struct Hello {
  std::uint8_t proto_min = kProtocolMin;
  std::uint8_t proto_max = kProtocolMax;
  std::string node;
  std::string instance;       // 16 random bytes, new at each start of the process
  std::string software;       // "breakwater-node 0.1.0"
  std::uint64_t epoch = 0;    // of the decisions below; 0 = none yet
  std::uint64_t applied = 0;  // highest decision sequence that the node holds durably
  std::string spool;          // 16 random bytes, new whenever the spool was lost
  // Sequence numbers it still holds. 0, 0: empty since ever; last + 1, last: all up to `last` was acknowledged.
  std::uint64_t spool_first = 0, spool_last = 0;
  std::uint32_t bans = 0;     // active in its table
  std::int64_t clock_ms = 0;  // its wall clock
  bool operator==(const Hello&) const = default;
};

enum class CatchUpMode : std::uint8_t { current = 0, delta = 1, snapshot = 2 };

// hub > node, the answer to HELLO. Decisions (or a snapshot, then decisions) follow by themselves.
struct Welcome {
  std::uint8_t proto = kProtocolMax;
  std::string hub;             // its name, for people
  std::string hub_instance;    // 16 random bytes
  std::uint64_t epoch = 0;     // of the hub's decisions
  std::uint64_t head = 0;      // newest sequence
  std::uint64_t log_from = 0;  // oldest sequence that a delta can start at
  CatchUpMode mode = CatchUpMode::current;
  std::uint64_t spool_acked = 0;  // all offences of HELLO.spool up to here are durable at the hub
  std::uint16_t credit = 16;      // offence batches that may be unacknowledged
  std::uint16_t batch_max = kMaxOffencesPerBatch;
  std::uint32_t ping_ms = 5000;   // the node pings at least this often
  std::uint32_t dead_ms = 15000;  // silent longer than this = gone, for both sides
  std::int64_t clock_ms = 0;
  bool operator==(const Welcome&) const = default;
};

// hub > node: not admitted. 403 name and key differ, 409 another instance of this key, 426 no common version,
// 429 too many bad messages, 503 try later. The node goes on banning alone and tries again after retry_ms.
struct Reject {
  std::uint16_t code = 0;
  std::string reason;
  std::uint32_t retry_ms = 0;
  bool operator==(const Reject&) const = default;
};

// One match of a filter.
struct Offence {
  std::uint64_t nseq = 0;  // of this spool, from 1, without reuse; gaps mean that the spool dropped some
  Timestamp at{};          // the log's time
  Address who;
  std::string jail;
  std::string container;  // its name, or the file's path where there is no container
  std::string image;      // may be empty
  std::string sample;     // the line, valid UTF-8, cut to kMaxSample
  bool operator==(const Offence&) const = default;
};

// node > hub, in nseq order. `after`: the offence that was sent before these (WELCOME.spool_acked at first). A hub that
// has not received that far missed a batch: it takes nothing, and the node sends again from what is acknowledged.
// (nseq itself may have gaps: what the spool dropped, what never leaves the node.)
struct OffenceBatch {
  std::string spool;
  std::uint64_t after = 0;        // < offences[0].nseq
  std::vector<Offence> offences;  // 1..kMaxOffencesPerBatch
  bool operator==(const OffenceBatch&) const = default;
};

// hub > node: every offence of `spool` up to and including nseq is durable.
struct OffenceAck {
  std::string spool;
  std::uint64_t nseq = 0;
  std::uint16_t credit = 16;
  bool operator==(const OffenceAck&) const = default;
};

enum class DecisionOp : std::uint8_t { ban = 0, unban = 1, allow = 2, disallow = 3 };

// What the fleet shall do about a range. Absolute and idempotent: `ban` means "banned until `until`", whatever was
// before. allow = never ban it (lifts bans it overlaps); disallow ends an allow.
struct Decision {
  DecisionOp op = DecisionOp::ban;
  Prefix who;
  Timestamp until{};  // ban, allow: kForever = no end; unban, disallow: ignored. Whole seconds on the wire.
  Timestamp decided_at{};
  std::string jail;    // of the ban; empty for an operator's order
  std::string reason;  // for people: "6 offences on 3 nodes", "by operator root: scanner"
  bool operator==(const Decision&) const = default;
};

// hub > node. decisions[i] has the sequence first + i. A node that holds received < first - 1 asks CATCHUP.
struct Decisions {
  std::uint64_t epoch = 0;
  std::uint64_t first = 0;
  std::int64_t sent_ms = 0;
  std::vector<Decision> decisions;  // 1..kMaxDecisionsPerMessage
  bool operator==(const Decisions&) const = default;
};

// node > hub: what it holds (received, durable) and what its kernel holds (enforced).
struct Applied {
  std::uint64_t epoch = 0;
  std::uint64_t received = 0;
  std::uint64_t enforced = 0;
  std::uint32_t failed = 0;      // bans the kernel does not hold though it should, now
  std::int64_t enforced_ms = 0;  // node's wall clock when `enforced` was reached
  bool operator==(const Applied&) const = default;
};

// node > hub: there is a hole; send again from here.
struct CatchUp {
  std::uint64_t epoch = 0;
  std::uint64_t from = 0;
  bool operator==(const CatchUp&) const = default;
};

// node > hub: give me all that is active (after an epoch change, or when the delta is too old).
struct SnapshotRequest {
  std::uint64_t epoch = 0;
  bool operator==(const SnapshotRequest&) const = default;
};

// One active ban or allow, in the compact form of a snapshot.
struct SnapshotRow {
  DecisionOp op = DecisionOp::ban;  // ban or allow
  Prefix who;
  Timestamp until{};
  bool operator==(const SnapshotRow&) const = default;
};

// hub > node, index 0..total-1 in order, then SnapshotEnd. All chunks of one snapshot have the same `snapshot`.
struct SnapshotChunk {
  std::uint64_t snapshot = 0;
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;  // the snapshot is the state after this sequence
  std::uint32_t index = 0;
  std::uint32_t total = 0;
  std::vector<SnapshotRow> rows;  // <= kMaxSnapshotRowsPerChunk
  bool operator==(const SnapshotChunk&) const = default;
};

struct SnapshotEnd {
  std::uint64_t snapshot = 0;
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  std::uint64_t rows = 0;  // total sent, a check
  bool operator==(const SnapshotEnd&) const = default;
};

// node > hub: alive, and how it is doing. `counters` are cumulative since the node's start, except the gauges
// (spool_depth, bans_in_kernel, containers, files): names in docs/wire.md; an unknown name is shown as it is.
struct Ping {
  std::uint32_t n = 0;
  std::int64_t clock_ms = 0;
  std::uint64_t epoch = 0;
  std::uint64_t received = 0;
  std::uint64_t enforced = 0;
  std::map<std::string, std::uint64_t> counters;  // <= 64 entries
  std::vector<std::string> alarms;                // <= 16: "source IP lost: container web logs 172.17.0.1"
  // Since 0.1.0; a node of before sends neither. Both are PublicKey::id().
  std::string hub_key;                // of the hub, as this connection was made
  std::vector<std::string> hub_keys;  // <= 4: those that the node would accept
  bool operator==(const Ping&) const = default;
};

struct Pong {
  std::uint32_t n = 0;
  std::int64_t clock_ms = 0;  // as in the Ping
  std::int64_t hub_clock_ms = 0;
  std::uint64_t epoch = 0;
  std::uint64_t head = 0;
  bool operator==(const Pong&) const = default;
};

// hub > node: this key is no longer welcome.
struct Revoked {
  std::string reason;
  bool operator==(const Revoked&) const = default;
};

// tool > hub. Verbs and their arguments: docs/wire.md.
struct Query {
  std::uint32_t qid = 0;
  std::string verb;
  std::map<std::string, std::string> args;  // <= 32
  std::string cursor;                       // empty = from the start
  std::uint16_t limit = 100;                // rows wanted, <= 1000
  bool operator==(const Query&) const = default;
};

// hub > tool. For `watch` several replies have the same qid, until the tool goes away.
struct Reply {
  std::uint32_t qid = 0;
  std::uint16_t status = 200;     // 200, 400 bad argument, 403 not allowed, 404 nothing known, 503 hub cannot now
  std::string error;              // for people; empty on success
  std::vector<std::string> rows;  // each one JSON object, <= 1000
  std::string next;               // cursor of the next page; empty = that was all
  bool operator==(const Reply&) const = default;
};

using Message = std::variant<Hello, Welcome, Reject, OffenceBatch, OffenceAck, Decisions, Applied, CatchUp,
                             SnapshotRequest, SnapshotChunk, SnapshotEnd, Ping, Pong, Revoked, Query, Reply>;

}  // namespace breakwater::wire
