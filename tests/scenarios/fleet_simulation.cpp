// SPDX-License-Identifier: Apache-2.0
#include "tests/scenarios/fleet_simulation.h"

#include <algorithm>

namespace breakwater {

namespace {

using namespace std::chrono_literals;

constexpr Duration kTick = 1s;
constexpr const char* kSource = "docker:web";

}  // namespace

// --- the hub's disk

void SimulatedLedger::append(const LedgerBatch& batch) {
  epoch = std::max(epoch, batch.epoch);
  for (OffenceRecord record : batch.offences) {
    record.id = offences.size() + 1;
    offences.push_back(std::move(record));
  }
  decisions.insert(decisions.end(), batch.decisions.begin(), batch.decisions.end());
  for (const SpoolMark& mark : batch.marks)
    marks[{mark.node, mark.spool}] = mark;
}

LedgerState SimulatedLedger::state() const {
  LedgerState state;
  state.epoch = epoch;
  state.standing = decisions;
  for (const DecisionRecord& record : decisions) {
    state.head = std::max(state.head, record.seq);
    if (record.epoch == epoch) state.recent.push_back(record);
  }
  for (const auto& [key, mark] : marks)
    state.marks.push_back(mark);
  state.offences = offences;
  return state;
}

// --- a connection, and the node's end of it

struct FleetSimulation::Connection {
  PeerId peer;
  std::size_t node = 0;
  bool node_side = true, hub_side = true;  // who still holds it
  Tick last_arrival[2]{};                  // per direction, for FIFO
};

struct FleetSimulation::Link final : HubLink {
  Link(FleetSimulation& owner, std::size_t index) : fleet(owner), node(index) {}
  void on_message(std::function<void(wire::Message)>) override {}
  void on_state(std::function<void(LinkState, std::string)>) override {}
  bool send(const wire::Message& message) override { return fleet.to_hub(node, message); }
  void reconnect(Duration after) override {
    if (connection) fleet.close(std::exchange(connection, nullptr), false);
    const std::uint64_t life = fleet.nodes_[node]->life;
    fleet.time_.in(after, [this, life] {
      if (fleet.nodes_[node]->life == life && !connection) fleet.dial(node);
    });
  }
  FleetSimulation& fleet;
  std::size_t node;
  std::shared_ptr<Connection> connection;
};

FleetSimulation::FleetSimulation(std::size_t nodes, JailConfig jail, std::uint64_t seed, Weather weather)
    : dice_(seed), weather_(weather), jail_(std::move(jail)) {
  for (std::size_t i = 0; i < nodes; ++i) {
    auto node = std::make_unique<Node>();
    node->name = "host" + std::to_string(i + 1);
    node->disk = FakeNodeStore("spool of " + node->name + std::string(16, ' '));
    node->link = std::make_unique<Link>(*this, i);
    nodes_.push_back(std::move(node));
  }
  start_hub();
  for (std::size_t i = 0; i < nodes; ++i)
    start_node(i);
}

FleetSimulation::~FleetSimulation() = default;

bool FleetSimulation::chance(double share) {
  return share > 0 && std::uniform_real_distribution<double>(0, 1)(dice_) < share;
}

Duration FleetSimulation::random_up_to(Duration most) {
  return Duration(std::uniform_int_distribution<Duration::rep>(0, most.count())(dice_));
}

// --- nodes

void FleetSimulation::start_node(std::size_t index) {
  Node& node = *nodes_[index];
  if (node.core) return;
  StoredNodeState state = node.disk.load().value();
  node.read = 0;
  for (const StoredPosition& stored : state.positions) {
    if (stored.source == kSource) node.read = stored.position.resume;
  }
  NodeSettings settings;
  settings.name = node.name;
  settings.instance = node.name + " life " + std::to_string(++node.life);
  settings.instance.resize(16);
  std::vector<ActiveJail> jails;
  jails.push_back({jail_, nullptr});
  node.core = std::make_unique<NodeCore>(settings, std::move(jails), std::move(state), time_.wall());
  node.runner =
      std::make_unique<EffectRunner>(*node.core, node.kernel, node.disk, node.link.get(), [](const Announce&) {});
  node.kernel.now = time_.wall();
  node.core->on_never_ban(node.never, time_.wall());
  node.core->on_kernel_list(node.kernel.list().value(), time_.wall());
  settle(node);
  dial(index);
  const std::uint64_t life = node.life;
  time_.in(random_up_to(kTick), [this, index, life] { tick_node(index, life); });
}

void FleetSimulation::kill_node(std::size_t index) {
  Node& node = *nodes_[index];
  if (!node.core) return;
  ++node.life;
  node.core.reset();
  node.runner.reset();
  if (auto connection = std::exchange(node.link->connection, nullptr)) close(connection, false);
}

void FleetSimulation::power_cycle(std::size_t index) {
  kill_node(index);
  nodes_[index]->kernel.lose_everything();
  start_node(index);
}

void FleetSimulation::settle(Node& node) {
  if (!node.core) return;
  node.kernel.now = time_.wall();
  node.runner->settle(time_.wall(), time_.tick());
  check(node);
}

void FleetSimulation::offence(std::size_t index, const std::string& who, int times) {
  Node& node = *nodes_[index];
  for (int i = 0; i < times; ++i) {
    wire::Offence offence;
    offence.at = time_.wall();
    offence.who = Address::parse(who).value();
    offence.jail = jail_.name;
    offence.container = "web";
    offence.sample = std::to_string(++next_sample_);
    node.log.push_back(offence);
  }
  poll_log(index);
}

// Reads what is new in the log, in pieces, as the follower does: with each offence the position behind it.
void FleetSimulation::poll_log(std::size_t index) {
  Node& node = *nodes_[index];
  if (!node.core) return;
  while (node.read < node.log.size()) {
    const wire::Offence offence = node.log[node.read++];
    const StoredPosition position{kSource, {node.read, node.read, 0, 0}};
    node.core->on_offence(0, offence, &position, time_.wall());
    if (chance(0.5)) settle(node);
  }
  settle(node);
}

void FleetSimulation::tick_node(std::size_t index, std::uint64_t life) {
  Node& node = *nodes_[index];
  if (node.life != life || !node.core) return;
  poll_log(index);
  node.core->on_tick(time_.wall(), time_.tick());
  settle(node);
  time_.in(kTick, [this, index, life] { tick_node(index, life); });
}

void FleetSimulation::never_ban(std::size_t index, const std::string& who) {
  Node& node = *nodes_[index];
  node.never.add(Prefix::parse(who).value(), "own address of eth0");
  if (!node.core) return;
  node.core->on_never_ban(node.never, time_.wall());
  settle(node);
}

// --- the network

void FleetSimulation::dial(std::size_t index) {
  Node& node = *nodes_[index];
  const std::uint64_t life = node.life;
  if (!hub_ || node.cut) {
    time_.in(500ms + random_up_to(1500ms), [this, index, life] {
      if (nodes_[index]->life == life && !nodes_[index]->link->connection) dial(index);
    });
    return;
  }
  auto connection = std::make_shared<Connection>();
  connection->peer = "peer" + std::to_string(++next_peer_);
  connection->node = index;
  connections_[connection->peer] = connection;
  node.link->connection = connection;
  time_.in(1ms + random_up_to(weather_.slowest), [this, connection, life] {
    Node& then = *nodes_[connection->node];
    if (then.life != life || !connection->node_side || then.link->connection != connection) return;
    then.core->on_link(LinkState::up, "", time_.wall(), time_.tick());
    settle(then);
  });
}

// One side lets go. The other learns of it a moment later, if the network carries the word; else by silence.
void FleetSimulation::close(const std::shared_ptr<Connection>& connection, bool tell_node) {
  const bool by_hub = tell_node;
  (by_hub ? connection->hub_side : connection->node_side) = false;
  if (nodes_[connection->node]->cut) return;
  time_.in(1ms + random_up_to(weather_.slowest), [this, connection, by_hub] {
    if (!by_hub) {
      connection->hub_side = false;
      connections_.erase(connection->peer);
      return;
    }
    if (!connection->node_side) return;
    connection->node_side = false;
    Node& node = *nodes_[connection->node];
    if (node.link->connection != connection) return;
    node.link->connection.reset();
    node.core->on_link(LinkState::down, "connection reset", time_.wall(), time_.tick());
    settle(node);
    dial(connection->node);
  });
}

bool FleetSimulation::to_hub(std::size_t index, const wire::Message& message) {
  auto connection = nodes_[index]->link->connection;
  if (!connection || !connection->node_side || chance(weather_.refusal)) return false;
  deliver(std::move(connection), true, message, random_up_to(weather_.slowest));
  return true;
}

SendOutcome FleetSimulation::to_node(const PeerId& peer, const wire::Message& message) {
  const auto found = connections_.find(peer);
  if (found == connections_.end() || !found->second->hub_side) return SendOutcome::gone;
  if (chance(weather_.refusal)) return SendOutcome::full;
  check_ack(*found->second, message);
  deliver(found->second, false, message, random_up_to(weather_.slowest));
  return SendOutcome::sent;
}

void FleetSimulation::deliver(std::shared_ptr<Connection> connection, bool to_hub, wire::Message message,
                              Duration delay) {
  if (chance(weather_.loss)) return;
  if (chance(weather_.twice)) {
    time_.in(random_up_to(weather_.slowest),
             [this, connection, to_hub, message] { deliver(connection, to_hub, message, 0ms); });
  }
  Tick arrival = time_.tick() + delay;
  Tick& last = connection->last_arrival[to_hub ? 0 : 1];
  if (!chance(weather_.overtaking)) arrival = std::max(arrival, last);
  last = std::max(last, arrival);
  std::function<void()> arrive = [this, connection, to_hub, message = std::move(message)] {
    Node& node = *nodes_[connection->node];
    if (to_hub) {
      if (!connection->hub_side || !hub_) return;
      hub_->on_message(connection->peer, {node.name, PeerRole::node}, message, time_.wall(), time_.tick());
      settle_hub();
    } else {
      if (!connection->node_side || !node.core || node.link->connection != connection) return;
      node.core->on_hub_message(message, time_.wall(), time_.tick());
      settle(node);
    }
  };
  time_.in(arrival - time_.tick(), [this, connection, arrive = std::move(arrive)] {
    if (nodes_[connection->node]->cut) {
      nodes_[connection->node]->held.emplace_back(connection, arrive);
    } else {
      arrive();
    }
  });
}

void FleetSimulation::cut_off(std::size_t index) {
  nodes_[index]->cut = true;
}

// What waited arrives, late, or the connection turns out to be dead.
void FleetSimulation::reconnect(std::size_t index) {
  Node& node = *nodes_[index];
  if (!node.cut) return;
  node.cut = false;
  std::vector<std::shared_ptr<Connection>> all;
  for (const auto& [peer, connection] : connections_) {
    if (connection->node == index) all.push_back(connection);
  }
  const auto held = std::exchange(node.held, {});
  for (const auto& connection : all) {
    if (connection->node_side && connection->hub_side && chance(0.5)) {
      for (const auto& [waited_in, arrive] : held) {
        if (waited_in == connection) time_.in(0ms, arrive);
      }
      continue;
    }
    if (connection->node_side) close(connection, true);
    if (connection->hub_side) close(connection, false);
  }
}

// --- the hub

void FleetSimulation::start_hub() {
  if (hub_) return;
  HubSettings settings;
  settings.instance = "hub life " + std::to_string(++hub_life_);
  settings.instance.resize(16);
  settings.dice = dice_();
  settings.decisions_in_ring = 50;  // so that snapshots are seen, too
  settings.window = 64;
  hub_ = std::make_unique<HubCore>(settings, std::vector<JailConfig>{jail_}, ledger_.state(), time_.wall());
  const std::uint64_t life = hub_life_;
  time_.in(random_up_to(kTick), [this, life] { tick_hub(life); });
  settle_hub();
}

void FleetSimulation::kill_hub() {
  if (!hub_) return;
  ++hub_life_;
  hub_.reset();
  for (auto& [peer, connection] : std::exchange(connections_, {}))
    close(connection, true);
}

void FleetSimulation::tick_hub(std::uint64_t life) {
  if (life != hub_life_ || !hub_) return;
  hub_->on_tick(time_.wall(), time_.tick());
  settle_hub();
  time_.in(kTick, [this, life] { tick_hub(life); });
}

void FleetSimulation::order(const std::string& verb, const std::string& who, const std::string& for_how_long) {
  if (!hub_) return;
  if (verb == "allow") ever_allowed_.insert(who);
  wire::Query query;
  query.qid = ++next_query_;
  query.verb = verb;
  query.args["who"] = who;
  if (!for_how_long.empty()) query.args["for"] = for_how_long;
  hub_->on_message("operator", {"local", PeerRole::admin}, query, time_.wall(), time_.tick());
  settle_hub();
}

void FleetSimulation::settle_hub() {
  for (HubEffects effects = hub_->take_effects(time_.wall(), time_.tick()); !effects.empty();
       effects = hub_->take_effects(time_.wall(), time_.tick())) {
    for (HubEffect& effect : effects)
      carry_out(effect);
  }
}

void FleetSimulation::carry_out(HubEffect& effect) {
  if (auto* send = std::get_if<SendTo>(&effect)) {
    if (send->peer == "operator") return;
    const SendOutcome outcome = to_node(send->peer, *send->message);
    if (outcome != SendOutcome::sent) {
      hub_->on_send_outcome(send->peer, *send->message, outcome, time_.wall(), time_.tick());
    }
  } else if (auto* commit = std::get_if<CommitBatch>(&effect)) {
    const std::uint64_t life = hub_life_;
    // The disk has it a moment before the hub knows; a crash between them is the interesting one.
    ledger_free_ = std::max(ledger_free_, time_.tick()) + random_up_to(3ms);  // in order
    time_.in(ledger_free_ - time_.tick(), [this, life, batch = std::move(commit->batch), ticket = commit->ticket] {
      if (life != hub_life_) return;
      ledger_.append(batch);
      time_.in(random_up_to(2ms), [this, life, ticket] {
        if (life != hub_life_ || !hub_) return;
        hub_->on_committed(ticket, time_.wall(), time_.tick());
        settle_hub();
      });
    });
  } else if (auto* disconnect = std::get_if<DisconnectPeer>(&effect)) {
    const auto found = connections_.find(disconnect->peer);
    if (found == connections_.end()) return;
    const auto connection = found->second;
    connections_.erase(found);
    close(connection, true);
  }
}

// --- what must be true

void FleetSimulation::run_for(Duration time) {
  time_.run_for(time);
}

void FleetSimulation::calm_down() {
  weather_ = {.slowest = 20ms};
  start_hub();
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    reconnect(i);
    start_node(i);
  }
  run_for(150s);  // silence is noticed, back-off runs out, the spool is sent again
}

bool FleetSimulation::banned_on(std::size_t node, const std::string& who) const {
  const KernelInMemory& kernel = nodes_[node]->kernel;
  KernelInMemory now = kernel;
  now.now = time_.wall();
  return now.holds(Prefix::parse(who).value());
}

bool FleetSimulation::banned_everywhere(const std::string& who) const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!banned_on(i, who)) return false;
  }
  return true;
}

bool FleetSimulation::banned_anywhere(const std::string& who) const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (banned_on(i, who)) return true;
  }
  return false;
}

// Nobody on the never-ban list is ever in the kernel.
void FleetSimulation::check(const Node& node) {
  KernelInMemory kernel = node.kernel;
  kernel.now = time_.wall();
  for (const auto& [range, reason] : node.never.ranges()) {
    if (kernel.holds(range)) violations_.push_back(node.name + " banned " + range.text() + ", which is never banned");
  }
}

// What is acknowledged is in the ledger.
void FleetSimulation::check_ack(const Connection& connection, const wire::Message& message) {
  const auto* ack = std::get_if<wire::OffenceAck>(&message);
  if (ack == nullptr || ack->nseq == 0) return;
  const auto mark = ledger_.marks.find({nodes_[connection.node]->name, ack->spool});
  if (mark == ledger_.marks.end() || mark->second.nseq < ack->nseq) {
    violations_.push_back("acknowledged before it was committed: " + nodes_[connection.node]->name + " " +
                          std::to_string(ack->nseq));
  }
}

std::vector<std::string> FleetSimulation::disagreements() const {
  std::vector<std::string> found = violations_;
  const Timestamp now = time_.wall();
  // Every line of every log is in the ledger, once.
  std::map<std::string, int> recorded;
  for (const OffenceRecord& record : ledger_.offences)
    ++recorded[record.offence.sample];
  for (const auto& node : nodes_) {
    for (const wire::Offence& offence : node->log) {
      if (node->never.forbids(offence.who) != nullptr) continue;
      const int times = recorded[offence.sample];
      const bool may_be_ignored = ever_allowed_.contains(offence.who.text());
      if (times != 1 && !(times == 0 && may_be_ignored)) {
        found.push_back("offence " + offence.sample + " of " + node->name + " (" + offence.who.text() + ") is " +
                        std::to_string(times) + " times in the ledger");
      }
    }
  }
  // Sequences are consecutive, and each stands once.
  std::set<std::uint64_t> sequences;
  for (const DecisionRecord& record : ledger_.decisions) {
    if (!sequences.insert(record.seq).second)
      found.push_back("decision " + std::to_string(record.seq) + " stands twice");
  }
  // Every node's kernel holds what the fleet decided, and nothing that nobody decided.
  for (const auto& node : nodes_) {
    for (const auto& [who, entry] : hub_->log().bans()) {
      if (entry.until <= now + 2s || node->never.forbids(who) != nullptr) continue;
      if (hub_->log().allowed(who, now)) continue;
      if (!node->kernel.holds(who)) found.push_back(node->name + " lacks the ban of " + who.text());
    }
    KernelInMemory kernel = node->kernel;
    kernel.now = now;
    const auto listed = kernel.list();
    for (const FirewallEntry& held : listed.value()) {
      const BanTable::Entry* known = node->core->bans().find(held.who);
      if (known == nullptr) {
        found.push_back(node->name + " holds " + held.who.text() + " and does not know why");
      } else if (!known->local && hub_->log().bans().find(held.who) == nullptr) {
        found.push_back(node->name + " bans " + held.who.text() + ", which the hub does not");
      }
    }
    if (node->core->session().epoch() != hub_->log().epoch() ||
        node->core->session().received() != hub_->log().head()) {
      found.push_back(node->name + " is at " + std::to_string(node->core->session().epoch()) + "/" +
                      std::to_string(node->core->session().received()) + ", the hub at " +
                      std::to_string(hub_->log().epoch()) + "/" + std::to_string(hub_->log().head()));
    }
    if (node->core->session().courier().depth() != 0) {
      found.push_back(node->name + " still has " + std::to_string(node->core->session().courier().depth()) +
                      " offences in its spool");
    }
  }
  return found;
}

}  // namespace breakwater
