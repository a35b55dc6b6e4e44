// SPDX-License-Identifier: Apache-2.0
// What a node keeps on disk, so that kill -9 loses nothing and counts nothing twice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/address.h"
#include "common/base/result.h"
#include "common/wire/messages.h"
#include "node/core/framing/log_line.h"

namespace breakwater {

// One ban or allow as the node remembers it.
struct StoredBan {
  Prefix who;
  wire::DecisionOp op = wire::DecisionOp::ban;  // ban or allow
  Timestamp until{};
  Timestamp decided_at{};
  bool by_hub = false;  // else decided here
  std::string jail;
  bool operator==(const StoredBan&) const = default;
};

// How often this node banned an address in a jail, for bantime.increment.
struct StoredBanCount {
  std::string jail;
  Address who;
  std::uint32_t bans = 0;
  Timestamp last{};
  bool operator==(const StoredBanCount&) const = default;
};

struct StoredPosition {
  std::string source;  // LogSource::id
  LogPosition position;
  bool operator==(const StoredPosition&) const = default;
};

// What identifies a StoredBan: the hub's and the node's own ban of one range stand side by side.
struct StoredBanKey {
  Prefix who;
  wire::DecisionOp op = wire::DecisionOp::ban;
  bool by_hub = false;
  auto operator<=>(const StoredBanKey&) const = default;
};

struct SpoolRecord {
  wire::Offence offence;
  bool local = false;  // counted here, never sent (fleet.scope = node, or no hub)
  bool operator==(const SpoolRecord&) const = default;
};

// Changes that must reach the disk together or not at all.
struct NodeChanges {
  std::vector<SpoolRecord> offences;      // appended to the spool
  std::vector<StoredPosition> positions;  // replaced by source
  std::vector<std::string> forget_positions;
  std::vector<StoredBan> bans;             // replaced by StoredBanKey
  std::vector<StoredBanKey> forget_bans;   // applied before `bans`
  std::vector<StoredBanCount> ban_counts;  // added to what is known of (jail, who)
  bool forget_hub_bans = false;            // before `bans` is applied: a snapshot replaces all that came from the hub
  std::optional<std::uint64_t> acked;      // offences up to here are the hub's now
  std::optional<std::pair<std::uint64_t, std::uint64_t>> applied;  // (epoch, seq)
  std::optional<std::string> new_spool;                            // 16 bytes; empties the spool's numbering
  bool empty() const {
    return offences.empty() && positions.empty() && forget_positions.empty() && bans.empty() && forget_bans.empty() &&
           ban_counts.empty() && !forget_hub_bans && !acked && !applied && !new_spool;
  }
};

struct StoredNodeState {
  std::string spool;            // 16 bytes
  std::uint64_t last_nseq = 0;  // highest ever given out in this spool
  std::uint64_t acked = 0;
  std::uint64_t epoch = 0, applied = 0;
  std::vector<StoredBan> bans;
  std::vector<StoredPosition> positions;
  std::vector<StoredBanCount> ban_counts;  // of the addresses banned last, the newest at the end
  // The newest offences still on disk, in order, acknowledged or not: the windows are counted again from them.
  std::vector<SpoolRecord> recent;
};

// Implementations: SqliteNodeStore (node/adapters), FakeNodeStore (tests/fakes); contract in
// tests/contracts/node_store_contract.h. Synchronous, used by one thread.
class NodeStore {
 public:
  virtual ~NodeStore() = default;
  virtual Result<StoredNodeState> load() = 0;
  // All or nothing. A failure (disk full) leaves the store as it was.
  virtual Result<void> save(const NodeChanges& changes) = 0;
  // Spooled offences that are not local, with nseq > after, in order, at most `limit`.
  virtual Result<std::vector<wire::Offence>> spooled(std::uint64_t after, std::size_t limit) = 0;
  // Spooled offences that were dropped, oldest first, because the spool was full. Since the start of the process.
  virtual std::uint64_t dropped() const = 0;
};

}  // namespace breakwater
