// SPDX-License-Identifier: Apache-2.0
// A whole fleet in one test: the cores of nodes and hub, as they ship, in a world of fakes that a seed drives.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "hub/core/hub_core.h"
#include "tests/fakes/fake_node_store.h"
#include "tests/fakes/node_harness.h"
#include "tests/scenarios/event_queue.h"

namespace breakwater {

// How unkind the network is. ZeroMQ's connections are FIFO and lose nothing while they live; shares above 0 do worse
// than it can, on purpose.
struct Weather {
  Duration slowest{20};   // a message takes up to this long
  double loss = 0;        // share of messages that vanish
  double twice = 0;       // share that arrive twice
  double overtaking = 0;  // share that may overtake those before them
  double refusal = 0;     // share of sends that say "full"
};

// The hub's disk: what was committed. Copying it is a backup.
struct SimulatedLedger {
  std::uint64_t epoch = 0;
  std::vector<OffenceRecord> offences;
  std::vector<DecisionRecord> decisions;
  std::map<std::pair<std::string, std::string>, SpoolMark> marks;
  void append(const LedgerBatch& batch);
  LedgerState state() const;
};

class FleetSimulation {
 public:
  FleetSimulation(std::size_t nodes, JailConfig jail, std::uint64_t seed = 1, Weather weather = {});
  ~FleetSimulation();

  // --- what happens
  // The log of that node's container gets a line.
  void offence(std::size_t node, const std::string& who, int times = 1);
  // A partition: what is on its way waits; a connection may or may not outlive it.
  void cut_off(std::size_t node);
  void reconnect(std::size_t node);
  void kill_node(std::size_t node);  // kill -9: disk and kernel stay
  void start_node(std::size_t node);
  void power_cycle(std::size_t node);  // the disk alone stays
  void kill_hub();
  void start_hub();
  // An order over the local socket. Lost if the hub is not there.
  void order(const std::string& verb, const std::string& who, const std::string& for_how_long = "");
  void never_ban(std::size_t node, const std::string& who);
  void run_for(Duration time);
  // Everybody alive and connected, the weather fine, and time to agree.
  void calm_down();

  // --- what is true
  bool banned_on(std::size_t node, const std::string& who) const;
  bool banned_everywhere(const std::string& who) const;
  bool banned_anywhere(const std::string& who) const;
  std::size_t size() const { return nodes_.size(); }
  const SimulatedLedger& ledger() const { return ledger_; }
  HubCore& hub() { return *hub_; }
  NodeCore& node(std::size_t index) { return *nodes_[index]->core; }
  bool hub_alive() const { return hub_ != nullptr; }
  bool node_alive(std::size_t index) const { return nodes_[index]->core != nullptr; }
  EventQueue& time() { return time_; }
  std::mt19937_64& dice() { return dice_; }
  // What must be true at every moment and was not.
  const std::vector<std::string>& violations() const { return violations_; }
  // What must be true after calm_down() and is not; empty if all is well.
  std::vector<std::string> disagreements() const;

 private:
  struct Link;
  struct Connection;
  struct Node {
    std::string name;
    FakeNodeStore disk;
    KernelInMemory kernel;
    NeverBan never;
    std::vector<wire::Offence> log;  // the container's log: `sample` is unique
    std::size_t read = 0;
    bool cut = false;
    std::unique_ptr<Link> link;
    std::unique_ptr<NodeCore> core;
    std::unique_ptr<EffectRunner> runner;
    std::uint64_t life = 0;  // events of an earlier life find nobody
    std::vector<std::pair<std::shared_ptr<Connection>, std::function<void()>>> held;  // by a partition
  };

  bool chance(double share);
  Duration random_up_to(Duration most);
  void settle(Node& node);
  void poll_log(std::size_t index);
  void tick_node(std::size_t index, std::uint64_t life);
  void tick_hub(std::uint64_t life);
  void dial(std::size_t index);
  void close(const std::shared_ptr<Connection>& connection, bool tell_node);
  bool to_hub(std::size_t index, const wire::Message& message);
  SendOutcome to_node(const PeerId& peer, const wire::Message& message);
  void deliver(std::shared_ptr<Connection> connection, bool to_hub, wire::Message message, Duration delay);
  void settle_hub();
  void carry_out(HubEffect& effect);
  void check(const Node& node);
  void check_ack(const Connection& connection, const wire::Message& message);

  EventQueue time_{from_unix_ms(1'790'000'000'000)};
  std::mt19937_64 dice_;
  Weather weather_;
  JailConfig jail_;
  std::vector<std::unique_ptr<Node>> nodes_;
  SimulatedLedger ledger_;
  std::unique_ptr<HubCore> hub_;
  std::uint64_t hub_life_ = 0;
  std::map<PeerId, std::shared_ptr<Connection>> connections_;
  std::uint64_t next_peer_ = 0;
  std::uint64_t next_sample_ = 0;
  std::uint32_t next_query_ = 0;
  Tick ledger_free_{};
  std::set<std::string> ever_allowed_;  // nodes do not record what such addresses do
  std::vector<std::string> violations_;
};

}  // namespace breakwater
