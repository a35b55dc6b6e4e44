// SPDX-License-Identifier: Apache-2.0
// Everything a node decides.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/config/jail_config.h"
#include "common/wire/messages.h"
#include "node/core/ban_table.h"
#include "node/core/firewall.h"
#include "node/core/hub_link.h"
#include "node/core/filter/line_filter.h"
#include "node/core/framing/log_line.h"
#include "node/core/never_ban.h"
#include "node/core/node_store.h"
#include "node/core/offender_table.h"
#include "node/core/spool_courier.h"

namespace breakwater {

// What the outside must do for the core, in the order given. node/node_loop.cpp carries them out.
struct Enforce {  // -> Firewall::apply, then NodeCore::on_enforced with the same changes
  std::vector<FirewallChange> changes;
};
struct Persist {  // -> NodeStore::save; on failure NodeCore::on_persist_failed with the same changes
  NodeChanges changes;
};
struct SendToHub {  // -> HubLink::send; on false NodeCore::on_send_failed
  wire::Message message;
};
struct ReadSpool {  // -> NodeStore::spooled, then NodeCore::on_spool
  std::uint64_t after = 0;
  std::size_t limit = 0;
};
struct Reconnect {  // -> HubLink::reconnect
  Duration after{0};
};
struct Announce {  // -> the log: a change of state that an operator wants to see
  bool warning = false;
  std::string event;                                       // "ban"
  std::vector<std::pair<std::string, std::string>> fields;  // who=..., jail=...
};
using NodeEffect = std::variant<Enforce, Persist, SendToHub, ReadSpool, Reconnect, Announce>;
using NodeEffects = std::vector<NodeEffect>;

struct NodeSettings {
  std::string name;
  std::string software = "breakwater-node " BREAKWATER_VERSION;
  std::string instance;                        // 16 random bytes of this process
  std::size_t max_offenders = 100'000;         // windows, over all jails
  std::size_t max_bans = 1'000'000;            // beyond, new bans are refused and counted
  unsigned widest_v4 = 8, widest_v6 = 19;      // shorter prefixes are never banned, whoever orders it
  bool has_hub = true;                         // false: a node on its own
};

// A jail as the core runs it.
struct ActiveJail {
  JailConfig config;
  std::unique_ptr<LineFilter> filter;
};

// Pure: time comes as an argument, decisions go out as values, nothing is read or written here.
//
// The order of effects is the promise: a ban is enforced before anything else happens; an offence and the position
// behind it are stored together, before the hub hears of it; a decision of the hub is acknowledged (APPLIED) only
// after it was enforced and stored.
//
// One thread. Memory is bounded by NodeSettings.
class NodeCore {
 public:
  NodeCore(NodeSettings settings, std::vector<ActiveJail> jails, NodeState state, Timestamp now);
  ~NodeCore();

  // At start: what must be in the kernel (the caller reads back what is there, see adopt_kernel).
  NodeEffects start(const std::vector<FirewallEntry>& in_kernel, Timestamp now);

  // `jails`: names of those that follow the line's source.
  void on_line(const LogLine& line, const std::vector<std::size_t>& jails, Timestamp now, NodeEffects& effects);
  // The part of on_line behind the filter. Used by on_line and by the fleet simulation.
  void on_offence(std::size_t jail, wire::Offence offence, const StoredPosition* position, Timestamp now,
                  NodeEffects& effects);

  NodeEffects on_link(LinkState state, Timestamp now, Tick tick);
  NodeEffects on_hub_message(const wire::Message& message, Timestamp now, Tick tick);
  NodeEffects on_spool(std::vector<wire::Offence> offences, Timestamp now);
  NodeEffects on_enforced(const std::vector<FirewallChange>& changes, const std::vector<std::string>& errors,
                          Timestamp now);
  NodeEffects on_persist_failed(const NodeChanges& changes, const Error& why, Timestamp now);
  NodeEffects on_send_failed();
  // The kernel lost entries (a flush): what it holds now.
  NodeEffects on_kernel_list(const std::vector<FirewallEntry>& in_kernel, Timestamp now);
  // Own addresses, gateways, Docker's networks, resolvers, the hub: replaces what was said before. Lifts bans that
  // overlap.
  NodeEffects on_never_ban(NeverBan never_ban, Timestamp now);
  // About once a second, and when a deadline that next_deadline() named has come.
  NodeEffects on_tick(Timestamp now, Tick tick);

  const BanTable& bans() const { return bans_; }
  std::size_t jail_count() const { return jails_.size(); }
  const JailConfig& jail(std::size_t index) const { return jails_[index].config; }
  // Cumulative, and gauges; names in docs/wire.md (PING).
  std::map<std::string, std::uint64_t> counters() const;
  // Set from outside for the next PING: "files", "containers", ...
  void set_gauge(const std::string& name, std::uint64_t value) { gauges_[name] = value; }

 private:
  struct Counters;

  NodeSettings settings_;
  std::vector<ActiveJail> jails_;
  NeverBan never_ban_;
  OffenderTable offenders_;
  BanTable bans_;
  SpoolCourier courier_;
  std::map<std::string, std::uint64_t> gauges_;
  std::unique_ptr<Counters> counters_;
};

}  // namespace breakwater
