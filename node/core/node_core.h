// SPDX-License-Identifier: Apache-2.0
// Everything a node decides.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/prefix_map.h"
#include "common/base/version.h"
#include "common/config/jail_config.h"
#include "common/policy/alarm_board.h"
#include "common/policy/ban_history.h"
#include "common/wire/messages.h"
#include "node/core/ban_table.h"
#include "node/core/filter/line_filter.h"
#include "node/core/firewall.h"
#include "node/core/framing/log_line.h"
#include "node/core/hub_session.h"
#include "node/core/name_table.h"
#include "node/core/never_ban.h"
#include "node/core/node_store.h"
#include "node/core/offender_table.h"

namespace breakwater {

// What the outside must do for the core, in the order given; node/node_loop.cpp carries it out.
struct Enforce {  // -> Firewall::apply, then NodeCore::on_enforced with the same changes
  std::vector<FirewallChange> changes;
};
struct Persist {  // -> NodeStore::save, then NodeCore::on_persisted
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
  std::string event;                                        // "ban"
  std::vector<std::pair<std::string, std::string>> fields;  // who=..., jail=...
};
struct LookUpName {  // -> the resolver, away from the loop; then NodeCore::on_looked_up, also when it fails
  std::string name;
};
using NodeEffect = std::variant<Enforce, Persist, SendToHub, ReadSpool, Reconnect, LookUpName, Announce>;
using NodeEffects = std::vector<NodeEffect>;

struct NodeSettings {
  std::string name;
  std::string software = software_name("breakwater-node");
  std::string instance;                 // 16 random bytes of this process
  bool has_hub = true;                  // false: a node on its own
  std::size_t max_offenders = 100'000;  // windows, over all jails
  std::size_t max_history = 100'000;    // addresses whose earlier bans are remembered (bantime.increment)
  std::size_t max_bans = 1'000'000;     // beyond, new bans are refused and counted
  std::size_t max_unsaved = 10'000;     // offences kept in memory while the disk refuses; beyond, dropped and counted
  unsigned widest_v4 = 8;               // shorter prefixes are never banned, whoever orders it
  unsigned widest_v6 = 19;
};

// A jail as the core runs it. `filter` may be null where only on_offence() is used (the fleet simulation).
struct ActiveJail {
  JailConfig config;
  std::unique_ptr<LineFilter> filter;
};

// True if both jails' filters do the same, wherever they were written.
bool same_filter(const JailConfig& a, const JailConfig& b);

// Pure: time comes as an argument, decisions go out as values, nothing is read or written here.
//
// Feed it, then carry out take_effects() until it returns nothing. That order is the promise: bans are enforced first;
// an offence, the position behind it and the ban it caused are stored together; the hub hears of an offence, and of an
// applied decision, only when that is on disk.
//
// One thread. Memory is bounded by NodeSettings.
class NodeCore {
 public:
  NodeCore(NodeSettings settings, std::vector<ActiveJail> jails, StoredNodeState state, Timestamp now);
  ~NodeCore();

  // What the kernel holds: at start, and when something may have removed entries. Orders what is missing, lifts what
  // should not be there, adopts what only the kernel remembers (we were killed between the ban and its record).
  void on_kernel_list(const std::vector<FirewallEntry>& in_kernel, Timestamp now);
  // Own addresses, gateways, Docker's networks, resolvers, the hub, ignoreip: replaces what was said before.
  void on_never_ban(NeverBan never_ban, Timestamp now);

  // `jails`: indices of those that follow the line's source, and whose filters may match it as far as a gate tells.
  void on_line(const LogLine& line, const std::vector<std::size_t>& jails, Timestamp now);
  // What stands behind the filter: used by on_line and by the fleet simulation. offence.nseq is given here.
  void on_offence(std::size_t jail, wire::Offence offence, const StoredPosition* position, Timestamp now);
  // Positions to store with the next Persist (the checkpoint of logs without offences).
  void on_positions(std::vector<StoredPosition> positions, std::vector<std::string> forgotten);

  // Other jails from now on. What one remembers goes with its name: its windows, and where its filter is the same also
  // the filter (a new one may be null then) and what that remembers of logs. Bans stay. Indices of jails mean the new
  // ones from here on. Returns by old index where that jail's filter is now; nullopt: another one, or none.
  std::vector<std::optional<std::size_t>> set_jails(std::vector<ActiveJail> jails);
  // A hub where there was none, or none any more.
  void set_has_hub(bool has_hub) { settings_.has_hub = has_hub; }

  void on_link(LinkState state, const std::string& why, Timestamp now, Tick tick);
  void on_hub_message(const wire::Message& message, Timestamp now, Tick tick);
  void on_tick(Timestamp now, Tick tick);  // about four times a second

  NodeEffects take_effects(Timestamp now, Tick tick);
  void on_enforced(const std::vector<FirewallChange>& changes, const std::vector<std::string>& errors, Timestamp now);
  void on_persisted(NodeChanges changes, const Result<void>& outcome, Timestamp now);
  void on_spool(std::vector<wire::Offence> offences);
  // Empty: the name leads nowhere, or nobody answered.
  void on_looked_up(const std::string& name, const std::vector<Address>& addresses, Timestamp now);
  void on_send_failed(const wire::Message& message);

  // For PING: ids of the hub keys that this node accepts, and of the one that its hub proved to hold (empty while there
  // is no connection).
  void set_hub_keys(std::vector<std::string> accepted, std::string in_use);
  // For PING: gauges and counters of the parts around the core ("files", "containers", "parse_errors", ...).
  void set_gauge(const std::string& name, std::uint64_t value) { gauges_[name] = value; }
  void raise_alarm(const std::string& text, Timestamp now) { alarms_.raise(text, now); }

  const BanTable& bans() const { return bans_; }
  const PrefixMap<Timestamp>& allows() const { return allows_; }
  const NeverBan& never_ban() const { return never_ban_; }
  const HubSession& session() const { return session_; }
  const std::vector<ActiveJail>& jails() const { return jails_; }
  std::map<std::string, std::uint64_t> counters() const;
  std::uint64_t enforced_seq() const { return enforced_; }

 private:
  struct Counters {
    std::uint64_t lines = 0, matched = 0, offences = 0, ignored = 0, old_lines = 0, no_address = 0, filter_errors = 0;
    std::uint64_t bans_local = 0, bans_hub = 0, unbans = 0, refused_never_ban = 0, refused_limit = 0, expired = 0;
    std::uint64_t enforce_failed = 0, persist_failed = 0, unsaved_dropped = 0, odd_clock = 0;
  };

  void restore(const StoredNodeState& state, Timestamp now);
  void list_ignored();
  void count(std::size_t jail, const wire::Offence& offence, Timestamp now);
  void note_ban(const std::string& jail, const Address& who, Timestamp now);
  std::optional<std::string> forbidden(const Prefix& who) const;
  bool ban(const StoredBan& ban, std::uint32_t offences, Timestamp now);
  void lift(const Prefix& who, const char* why, Timestamp now);
  void allow(const StoredBan& allow, Timestamp now);
  void disallow(const Prefix& who);
  void recheck_never_ban(Timestamp now);
  void adopt(const FirewallEntry& held, Timestamp now);
  void decide(const wire::Decision& decision, Timestamp now);
  void replace_with_snapshot(const std::vector<wire::SnapshotRow>& rows, Timestamp now);
  void absorb(SessionOutput output, Timestamp now);
  void order(const Prefix& who, Timestamp now);
  void merge_unsaved(NodeChanges older);
  void send_offences(NodeEffects& effects, Tick tick);
  void send_applied(NodeEffects& effects, Timestamp now);
  void take_filter_counters();
  wire::Ping ping() const;
  void announce(bool warning, std::string event, std::vector<std::pair<std::string, std::string>> fields);
  void on_match(std::size_t jail, const FilterMatch& match, const LogLine& line, Timestamp now);
  void on_addresses(NamedOffence named, const std::vector<Address>& addresses, Timestamp now);
  FilterMemory* memory(std::size_t jail, const LogSource& source);
  Timestamp sane_time(const LogLine& line, Timestamp at, Timestamp now);

  NodeSettings settings_;
  std::vector<ActiveJail> jails_;
  std::vector<PrefixMap<bool>> ignored_;  // ignoreip, per jail
  NeverBan never_ban_;
  PrefixMap<Timestamp> allows_;  // the hub's allow list, until when
  // By log and jail, for filters that need it; goes when the log is no longer followed.
  std::map<std::string, std::vector<std::unique_ptr<FilterMemory>>> memories_;
  NameTable names_;
  OffenderTable offenders_;
  BanHistory history_;  // of this node's own bans; kept if a jail's bans grow
  std::minstd_rand dice_;
  BanTable bans_;
  HubSession session_;
  AlarmBoard alarms_{16};
  Counters counters_;
  FilterCounters filters_;  // of all jails
  std::map<std::string, std::uint64_t> gauges_;
  std::vector<std::string> hub_keys_;
  std::string hub_key_;

  // Waiting for take_effects().
  std::map<Prefix, FirewallChange> orders_;
  NodeChanges unsaved_;
  std::map<std::string, LogPosition> positions_;  // of `unsaved_`, by source
  std::vector<Announce> announcements_;
  std::deque<wire::Message> outbox_;
  std::optional<Duration> reconnect_;

  bool saving_ = false;         // a Persist is out
  Timestamp save_again_at_{};   // after a failure
  std::uint64_t durable_ = 0;   // decisions stored up to here
  std::uint64_t enforced_ = 0;  // and held by the kernel
  Timestamp enforced_at_{};
  std::uint64_t reported_received_ = 0, reported_enforced_ = 0;  // in the last APPLIED
  bool send_failed_ = false;  // offences and APPLIED wait for the next tick, or for news of the link
  Timestamp next_retry_{}, next_renewal_{};
};

}  // namespace breakwater
