// SPDX-License-Identifier: Apache-2.0
// What the hub knows of each node, connected or not.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/wire/messages.h"
#include "hub/core/peers.h"

namespace breakwater {

enum class NodeState : std::uint8_t { never, connected, late, lost };
const char* name_of(NodeState state);

struct EnforcedAt {
  bool held = false;
  std::optional<Timestamp> at;  // by the hub's clock; nullopt: before we looked
};

struct NodeView {
  static constexpr std::size_t kHistory = 4096;
  static constexpr std::size_t kSpools = 4;

  NodeState state = NodeState::never;
  PeerId peer;  // of its connection, if connected or late
  std::string instance;
  std::string software;
  Timestamp since{};  // connected or lost since
  Timestamp last_seen{};
  std::uint64_t epoch = 0, received = 0, enforced = 0;
  std::uint32_t failed = 0;
  std::optional<Timestamp> behind_since;
  bool lagging = false;
  std::optional<Duration> clock_skew;  // its clock minus ours
  std::map<std::string, std::uint64_t> counters;
  std::vector<std::string> alarms;
  std::string key;                    // of its connection; ids as of PublicKey::id()
  std::string hub_key;                // of ours that it dialled
  std::vector<std::string> hub_keys;  // of ours that it would accept
  std::uint64_t offences = 0, bans_caused = 0;

  // What it sent of each of its last spools.
  struct Spool {
    std::string id;
    std::uint64_t received = 0;  // taken, perhaps not durable
    std::uint64_t durable = 0;
    bool ack_due = false;
  };
  std::vector<Spool> spools;  // latest last

  // Instances that were replaced lately by another one: a key that two machines hold shows here.
  std::vector<std::pair<std::string, Timestamp>> replaced;

  Spool& spool(const std::string& id);
  // APPLIED or PING said so. `at` by the node's clock.
  void note_enforced(std::uint64_t in_epoch, std::uint64_t seq, Timestamp at);
  void start_history(std::uint64_t in_epoch, std::uint64_t seq);
  EnforcedAt enforced_at(std::uint64_t of_epoch, std::uint64_t seq) const;
  std::uint64_t counter(const std::string& name) const;

 private:
  std::deque<std::pair<std::uint64_t, Timestamp>> history_;  // (enforced up to, when)
  std::uint64_t before_history_ = 0;                         // enforced, nobody knows when
};

// Bounded by `most`: nodes that are neither enrolled nor connected make room. Pure, not thread-safe.
class NodeRoster {
 public:
  explicit NodeRoster(std::size_t most) : most_(most) {}

  // nullptr: full.
  NodeView* add(const std::string& name);
  NodeView* find(const std::string& name);
  const NodeView* find(const std::string& name) const;
  std::map<std::string, NodeView>& all() { return nodes_; }
  const std::map<std::string, NodeView>& all() const { return nodes_; }

  // The names with a valid key. Never called = whoever comes is welcome (the gate let him in).
  void set_enrolled(std::set<std::string> names);
  bool is_enrolled(const std::string& name) const { return !enrolled_ || enrolled_->count(name) > 0; }
  std::size_t enrolled() const;

 private:
  std::size_t most_;
  std::map<std::string, NodeView> nodes_;
  std::optional<std::set<std::string>> enrolled_;
};

}  // namespace breakwater
