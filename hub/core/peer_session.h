// SPDX-License-Identifier: Apache-2.0
// One connection, as the hub sees it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/wire/messages.h"
#include "hub/core/peers.h"

namespace breakwater {

// All that stands at one sequence, shared by those who get it at the same time.
struct SnapshotImage {
  std::uint64_t id = 0;
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  std::vector<wire::SnapshotRow> rows;
  Tick made{};
  std::size_t chunks() const {
    return (rows.size() + wire::kMaxSnapshotRowsPerChunk - 1) / wire::kMaxSnapshotRowsPerChunk;
  }
};

// Decisions reach a node by its cursor into the decision log: nothing is queued for it. `cursor` <= what is committed;
// cursor - confirmed <= HubSettings::window.
struct PeerSession {
  PeerIdentity identity;
  bool greeted = false;  // a node after WELCOME
  Tick heard{};
  std::deque<Tick> bad_frames;          // of the last minute
  std::optional<wire::Hello> deferred;  // waits for a new epoch to be durable

  std::uint64_t cursor = 0;     // sent
  std::uint64_t confirmed = 0;  // received by the node, durable there
  bool lagging = false;
  std::optional<Tick> retry_at;  // its pipe was full

  bool wants_snapshot = false;
  std::shared_ptr<const SnapshotImage> image;  // being sent; holds a permit
  std::size_t next_chunk = 0;
};

}  // namespace breakwater
