// SPDX-License-Identifier: Apache-2.0
// Everything a hub decides.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/config/jail_config.h"
#include "common/policy/alarm_board.h"
#include "common/wire/messages.h"
#include "hub/core/decision_log.h"
#include "hub/core/fleet_policy.h"
#include "hub/core/hub_effects.h"
#include "hub/core/hub_settings.h"
#include "hub/core/ledger.h"
#include "hub/core/node_gate.h"
#include "hub/core/node_roster.h"
#include "hub/core/peer_session.h"
#include "hub/core/watch_list.h"

namespace breakwater {

// Pure: time comes as an argument, decisions go out as values, nothing is read or written here.
//
// Feed it, then carry out take_effects() in the order given; while has_more(), take again in the next turn (large
// things go out in portions, so that nobody waits behind them). The promises: an offence is acknowledged, a decision
// pushed and an operator's order answered only after on_committed() of the batch that holds them; a number is pushed to
// each node once and in order, and again when the node asks; a node that does not take them costs nothing but its
// place in the log.
//
// A crash loses what was not committed: nodes send those offences again. Start again with Ledger::load().
//
// One thread. Memory is bounded by HubSettings.
class HubCore {
 public:
  static constexpr const char* kLocalAdmin = "local";  // whoever may open the ipc socket
  static constexpr const char* kByPolicy = "policy";
  static constexpr Duration kImageAge = std::chrono::seconds(10);  // a snapshot serves those who come this soon after

  HubCore(HubSettings settings, std::vector<JailConfig> jails, LedgerState state, Timestamp now);
  ~HubCore();
  HubCore(const HubCore&) = delete;
  HubCore& operator=(const HubCore&) = delete;

  // What LedgerState should reach back to, for these jails.
  static LoadRequest load_request(const HubSettings& settings, const std::vector<JailConfig>& jails, Timestamp now);

  void on_message(const PeerId& peer, const PeerIdentity& identity, const wire::Message& message, Timestamp now,
                  Tick tick);
  void on_bad_frame(const PeerId& peer, const PeerIdentity& identity, const std::string& why, Timestamp now, Tick tick);
  // Of a SendTo that was not `sent`.
  void on_send_outcome(const PeerId& peer, const wire::Message& message, SendOutcome outcome, Timestamp now, Tick tick);

  // The connection is over; optional, for silence tells as well.
  void on_gone(const PeerId& peer, Timestamp now) { drop(peer, now); }

  void on_committed(std::uint64_t ticket, Timestamp now, Tick tick);
  void on_commit_failed(std::uint64_t ticket, const std::string& error, Timestamp now);
  void on_looked_up(std::uint64_t id, const Result<LedgerAnswer>& answer, Timestamp now);
  void on_ledger_event(const LedgerEvent& event, Timestamp now, Tick tick);  // any of the three
  void set_ledger_stats(const LedgerStats& stats) { ledger_stats_ = stats; }
  // For `status`: counters of the parts around the core.
  void set_gauge(const std::string& name, std::uint64_t value) { gauges_[name] = value; }

  void on_tick(Timestamp now, Tick tick);  // about four times a second

  // Configuration read again.
  void set_jails(std::vector<JailConfig> jails);
  void set_ignoreip(std::vector<Prefix> ignoreip);
  void set_default_jail(JailConfig jail) { policy_.set_default_jail(std::move(jail)); }
  // The names with a valid key. Connections of others are told REVOKED and cut. Until the first call all are welcome.
  void set_enrolled(std::set<std::string> nodes, std::set<std::string> admins, Timestamp now);

  HubEffects take_effects(Timestamp now, Tick tick);
  bool has_more() const;

  const DecisionLog& log() const { return log_; }
  const FleetPolicy& policy() const { return policy_; }
  const NodeRoster& roster() const { return roster_; }
  const AlarmBoard& alarms() const { return alarms_; }
  std::size_t peers() const { return sessions_.size(); }
  std::size_t uncommitted_offences() const { return uncommitted_; }
  bool degraded() const { return !problems().empty(); }
  std::vector<std::string> problems() const;
  std::map<std::string, std::uint64_t> counters() const;
  NodeState node_state(const std::string& name) const;

 private:
  struct Counters {
    std::uint64_t offences = 0, duplicates = 0, offence_gaps = 0, offences_refused_busy = 0;
    std::uint64_t bad_frames = 0, rejected = 0, snapshots = 0, resends = 0, lagged = 0, replaced = 0;
    std::uint64_t replies_dropped = 0, sends_full = 0, not_greeted = 0, epochs = 0, queries = 0, busy_lookups = 0;
  };
  struct WaitingReply {
    PeerId peer;
    wire::Reply reply;
  };
  // A batch that is with the ledger, and what follows when it is durable.
  struct InFlight {
    std::uint64_t ticket = 0;
    std::uint64_t last_seq = 0;  // 0: no decision in it
    std::size_t offences = 0;
    std::vector<SpoolMark> marks;
    std::vector<WaitingReply> replies;
    std::vector<WatchRow> rows;
    std::optional<std::uint64_t> new_epoch;
    bool empty() const { return last_seq == 0 && offences == 0 && replies.empty() && !new_epoch; }
  };
  struct Asked {  // a question with the ledger
    PeerId peer;
    wire::Query query;
    LedgerQuery ledger_query;
  };
  using Sessions = std::unordered_map<PeerId, PeerSession>;

  // hub_core.cpp
  PeerSession* admit(const PeerId& peer, const PeerIdentity& identity, Timestamp now, Tick tick);
  void on_node_message(const PeerId& peer, PeerSession& session, const wire::Message& message, Timestamp now,
                       Tick tick);
  void bad(const PeerId& peer, const PeerIdentity& identity, const std::string& why, Timestamp now, Tick tick);
  void reject(const PeerId& peer, std::uint16_t code, std::string reason, std::uint32_t retry_ms);
  void settle(const InFlight& done, Timestamp now);
  void announce_decisions(std::uint64_t first);
  void drop(const PeerId& peer, Timestamp now);
  void disconnect(const PeerId& peer, Timestamp now);
  void send(const PeerId& peer, wire::Message message);
  void note(bool warning, std::string event, std::vector<std::pair<std::string, std::string>> fields);
  void alarm(const std::string& text, const std::string& node, Timestamp now);
  void watch_node(const std::string& node, const char* state, const std::string& text, Timestamp now);

  // hub_core_nodes.cpp
  void on_hello(const PeerId& peer, PeerSession& session, const wire::Hello& hello, Timestamp now);
  void welcome(const PeerId& peer, PeerSession& session, const wire::Hello& hello, Timestamp now);
  void replace_older(const PeerId& peer, const std::string& node, NodeView& view, const wire::Hello& hello,
                     Timestamp now);
  void begin_epoch(Timestamp now);
  void finish_epoch(std::uint64_t epoch, Timestamp now);
  void on_offences(const std::string& node, NodeView& view, const wire::OffenceBatch& batch, Timestamp now);
  void take_offence(const std::string& node, NodeView& view, const wire::Offence& offence, Timestamp now);
  void owe_ack(const std::string& node, NodeView::Spool& spool);
  void on_applied(PeerSession& session, NodeView& view, const wire::Applied& applied, Timestamp now);
  void on_ping(const PeerId& peer, PeerSession& session, NodeView& view, const wire::Ping& ping, Timestamp now);
  void on_catch_up(const PeerId& peer, PeerSession& session, const wire::CatchUp& catch_up);
  void confirm(PeerSession& session, NodeView& view, std::uint64_t epoch, std::uint64_t received);
  void look_for_silence(Timestamp now, Tick tick);

  // hub_core_delivery.cpp
  using Portions = std::map<std::pair<std::uint64_t, std::uint64_t>, std::shared_ptr<const wire::Message>>;
  void deliver(HubEffects& effects, Timestamp now, Tick tick);
  void deliver_decisions(const PeerId& peer, PeerSession& session, Portions& portions, HubEffects& effects,
                         Timestamp now, Tick tick);
  void lag(PeerSession& session);
  void put_back(const PeerId& peer, PeerSession& session, const wire::Message& message, Timestamp now, Tick tick);
  void want_snapshot(const PeerId& peer, PeerSession& session);
  void leave_snapshot(const PeerId& peer, PeerSession& session);
  std::shared_ptr<const SnapshotImage> image_for(const PeerSession& session, Timestamp now, Tick tick);
  void deliver_snapshots(HubEffects& effects, Timestamp now, Tick tick);
  bool send_chunks(const PeerId& peer, PeerSession& session, HubEffects& effects);
  void deliver_acks(HubEffects& effects);

  // hub_core_queries.cpp
  void on_query(const PeerId& peer, const PeerIdentity& identity, const wire::Query& query, Timestamp now, Tick tick);
  Result<wire::Reply> answer_now(const wire::Query& query, Timestamp now) const;
  void ask_ledger(const PeerId& peer, const wire::Query& query, Timestamp now);
  void on_order(const PeerId& peer, const PeerIdentity& identity, const wire::Query& query, Timestamp now);
  wire::Reply order(const std::string& operator_name, const wire::Query& query, Timestamp now);
  void on_watch(const PeerId& peer, const wire::Query& query, Tick tick);
  // hub_core_pages.cpp
  std::string status_row(Timestamp now) const;
  std::string node_row(const std::string& name, const NodeView& view) const;
  Result<wire::Reply> nodes_page(const wire::Query& query) const;
  Result<wire::Reply> bans_page(const wire::Query& query, Timestamp now) const;
  // hub_core_why.cpp
  wire::Reply why_page(const Asked& asked, const LedgerAnswer& answer, Timestamp now) const;
  std::string why_summary(const Prefix& who, const LedgerAnswer& answer, Timestamp now) const;
  std::string why_decision(const DecisionRecord& record, Timestamp now) const;

  void propose(wire::Decision decision, const std::string& by, const std::string& node);

  HubSettings settings_;
  Timestamp started_;
  DecisionLog log_;
  FleetPolicy policy_;
  NodeRoster roster_;
  AlarmBoard alarms_{32};
  WatchList watchers_;
  Counters counters_;
  LedgerStats ledger_stats_;
  std::map<std::string, std::uint64_t> gauges_;
  std::string ledger_error_;  // empty while commits succeed
  std::set<std::string> admins_;
  bool admins_known_ = false;

  Sessions sessions_;
  std::size_t greeted_ = 0;
  std::deque<PeerId> snapshot_queue_;
  std::vector<PeerId> snapshot_active_;
  std::shared_ptr<const SnapshotImage> image_;  // the latest, for those who come soon after
  std::uint64_t images_ = 0;

  LedgerBatch batch_;  // collects until take_effects()
  InFlight open_;      // what follows of batch_
  std::deque<InFlight> in_flight_;
  std::uint64_t tickets_ = 0;
  std::size_t uncommitted_ = 0;
  std::optional<std::uint64_t> coming_epoch_;

  std::map<std::uint64_t, Asked> asked_;
  std::uint64_t lookups_ = 0;

  HubEffects outbox_;  // what was decided outside of take_effects()
  bool more_ = false;
  bool dirty_ = true;                                      // somebody may have to be sent something
  std::vector<std::pair<std::string, std::string>> acks_;  // (node, spool) that became durable
};

}  // namespace breakwater
