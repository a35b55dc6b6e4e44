// SPDX-License-Identifier: Apache-2.0
// Operators who look on.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/wire/messages.h"
#include "hub/core/peers.h"

namespace breakwater {

// A row, and what filters ask of it.
struct WatchRow {
  std::string json;
  std::string jail, node;
  std::optional<Prefix> who;
  bool offence = false;
};

// Each watcher may be `backlog` rows behind; what comes then is counted and told. Pure, not thread-safe.
class WatchList {
 public:
  static constexpr Duration kHeartbeat = std::chrono::seconds(15);
  static constexpr std::size_t kRowsPerReply = 200;

  struct Filter {
    std::string jail, node;
    std::optional<Prefix> who;
  };

  WatchList(std::size_t most, std::size_t backlog) : most_(most), backlog_(backlog) {}

  // False: too many. The same peer and qid replaces.
  bool add(const PeerId& peer, std::uint32_t qid, Filter filter, Tick now);
  void remove(const PeerId& peer);
  bool empty() const { return watchers_.empty(); }
  std::size_t size() const { return watchers_.size(); }
  bool has(const PeerId& peer) const;

  void push(const WatchRow& row);
  // The replies that are due: rows that wait, or a sign of life.
  std::vector<std::pair<PeerId, wire::Reply>> take(Tick now);
  // The reply could not be sent: its rows are lost and counted.
  void lost(const PeerId& peer, const wire::Reply& reply, Tick now);
  bool waiting() const;
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Watcher {
    PeerId peer;
    std::uint32_t qid;
    Filter filter;
    std::deque<std::string> rows;
    std::uint64_t dropped = 0;
    Tick next_sign;
    Tick not_before{};
  };
  static bool passes(const Filter& filter, const WatchRow& row);

  std::size_t most_;
  std::size_t backlog_;
  std::list<Watcher> watchers_;
  std::uint64_t dropped_ = 0;
};

}  // namespace breakwater
