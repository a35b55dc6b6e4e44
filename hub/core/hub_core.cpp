// SPDX-License-Identifier: Apache-2.0
// HubCore: who is there, what goes to the ledger and what follows of it.
#include "hub/core/hub_core.h"

#include <algorithm>
#include <cassert>

#include "hub/core/query_rows.h"

namespace breakwater {

namespace {

constexpr std::size_t kBadFramesPerMinute = 10;
constexpr std::size_t kNotesPerCommit = 20;

LedgerState with_epoch(LedgerState state, Timestamp now) {
  if (state.epoch > 0) return state;
  // A number that no earlier ledger of this fleet had: nodes that remember one take a snapshot.
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  state.epoch = static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 1));
  return state;
}

}  // namespace

LoadRequest HubCore::load_request(const HubSettings& settings, const std::vector<JailConfig>& jails, Timestamp now) {
  LoadRequest request;
  Duration longest = settings.default_jail.findtime;
  bool growing = false;
  for (const JailConfig& jail : jails) {
    longest = std::max(longest, jail.findtime);
    growing = growing || jail.increment.enabled;
  }
  request.now = now;
  request.offences_since = now - longest;
  request.most_recent = settings.decisions_in_ring;
  request.most_history = growing ? settings.max_history : 0;
  return request;
}

HubCore::HubCore(HubSettings settings, std::vector<JailConfig> jails, LedgerState state, Timestamp now)
    : settings_(std::move(settings)),
      started_(now),
      log_(settings_.decisions_in_ring, settings_.max_bans),
      policy_(settings_, std::move(jails), log_),
      roster_(settings_.max_nodes * 2),
      watchers_(settings_.max_watchers, settings_.watch_backlog) {
  state = with_epoch(std::move(state), now);
  log_.restore(state, now);
  for (const SpoolMark& mark : state.marks) {
    if (NodeView* view = roster_.add(mark.node)) {
      NodeView::Spool& spool = view->spool(mark.spool);
      spool.received = spool.durable = mark.nseq;
    }
  }
  policy_.restore_history(state.history);
  for (const OffenceRecord& record : state.offences)
    policy_.replay(record);
}

HubCore::~HubCore() = default;

void HubCore::on_message(const PeerId& peer, const PeerIdentity& identity, const wire::Message& message, Timestamp now,
                         Tick tick) {
  PeerSession* session = admit(peer, identity, now, tick);
  if (session == nullptr) return;
  session->heard = tick;
  const auto* query = std::get_if<wire::Query>(&message);
  if (identity.role == PeerRole::admin) {
    if (query == nullptr) return bad(peer, identity, "a message that is not for admins", now, tick);
    return on_query(peer, identity, *query, now, tick);
  }
  if (query != nullptr) {
    send(peer, wire::Reply{query->qid, 403, "this key is a node's: only admins may ask", {}, ""});
    return bad(peer, identity, "a node asked a question", now, tick);
  }
  on_node_message(peer, *session, message, now, tick);
}

PeerSession* HubCore::admit(const PeerId& peer, const PeerIdentity& identity, Timestamp now, Tick tick) {
  const bool node = identity.role == PeerRole::node;
  const bool welcome = node ? roster_.is_enrolled(identity.name)
                            : !admins_known_ || identity.name == kLocalAdmin || admins_.count(identity.name) > 0;
  if (!welcome) {
    ++counters_.rejected;
    send(peer, wire::Revoked{"this key is not enrolled (any more)"});
    disconnect(peer, now);
    return nullptr;
  }
  const auto known = sessions_.find(peer);
  if (known != sessions_.end()) {
    if (known->second.identity == identity) return &known->second;
    drop(peer, now);
  }
  if (sessions_.size() >= settings_.max_peers) {
    ++counters_.rejected;
    outbox_.emplace_back(DisconnectPeer{peer});
    alarm("more connections than allowed: some are refused", "", now);
    return nullptr;
  }
  PeerSession session;
  session.identity = identity;
  session.heard = tick;
  return &sessions_.emplace(peer, std::move(session)).first->second;
}

void HubCore::on_node_message(const PeerId& peer, PeerSession& session, const wire::Message& message, Timestamp now,
                              Tick tick) {
  if (const auto* hello = std::get_if<wire::Hello>(&message)) return on_hello(peer, session, *hello, now);
  if (!session.greeted) {
    if (session.deferred) return;
    // We let it go while it thought itself connected: it shall greet again.
    ++counters_.not_greeted;
    reject(peer, 503, "say HELLO first", 1000);
    return disconnect(peer, now);
  }
  const std::string& node = session.identity.name;
  NodeView& view = *roster_.find(node);
  view.last_seen = now;
  if (view.state == NodeState::late) {
    view.state = NodeState::connected;
    watch_node(node, "connected", "heard again", now);
  }
  if (const auto* batch = std::get_if<wire::OffenceBatch>(&message)) return on_offences(node, view, *batch, now);
  if (const auto* ping = std::get_if<wire::Ping>(&message)) return on_ping(peer, session, view, *ping, now);
  if (const auto* applied = std::get_if<wire::Applied>(&message)) {
    if (applied->epoch == log_.epoch() && applied->received > log_.head()) {
      return bad(peer, session.identity, "it applied decisions that were never made", now, tick);
    }
    return on_applied(session, view, *applied, now);
  }
  if (const auto* catch_up = std::get_if<wire::CatchUp>(&message)) return on_catch_up(peer, session, *catch_up);
  if (std::holds_alternative<wire::SnapshotRequest>(message)) return want_snapshot(peer, session);
  bad(peer, session.identity, "a message that nodes do not send", now, tick);
}

void HubCore::on_bad_frame(const PeerId& peer, const PeerIdentity& identity, const std::string& why, Timestamp now,
                           Tick tick) {
  if (admit(peer, identity, now, tick) != nullptr) bad(peer, identity, why, now, tick);
}

void HubCore::bad(const PeerId& peer, const PeerIdentity& identity, const std::string& why, Timestamp now, Tick tick) {
  ++counters_.bad_frames;
  alarm("bad messages: " + why, identity.name, now);
  const auto found = sessions_.find(peer);
  if (found == sessions_.end()) return;
  std::deque<Tick>& frames = found->second.bad_frames;
  frames.push_back(tick);
  while (frames.front() < tick - std::chrono::minutes(1))
    frames.pop_front();
  if (frames.size() < kBadFramesPerMinute) return;
  reject(peer, 429, "too many bad messages: " + why, 60'000);
  disconnect(peer, now);
}

void HubCore::reject(const PeerId& peer, std::uint16_t code, std::string reason, std::uint32_t retry_ms) {
  ++counters_.rejected;
  const auto session = sessions_.find(peer);
  const std::string name = session == sessions_.end() ? std::string() : session->second.identity.name;
  note(true, "rejected", {{"node", name}, {"code", std::to_string(code)}, {"reason", reason}});
  send(peer, wire::Reject{code, std::move(reason), retry_ms});
}

void HubCore::disconnect(const PeerId& peer, Timestamp now) {
  outbox_.emplace_back(DisconnectPeer{peer});
  drop(peer, now);
}

void HubCore::drop(const PeerId& which, Timestamp now) {
  const PeerId peer = which;  // may stand in what goes away here
  const auto found = sessions_.find(peer);
  if (found == sessions_.end()) return;
  const PeerSession session = std::move(found->second);
  sessions_.erase(found);
  watchers_.remove(peer);
  std::erase(snapshot_active_, peer);
  std::erase(snapshot_queue_, peer);
  if (session.identity.role != PeerRole::node || !session.greeted) return;
  --greeted_;
  NodeView* view = roster_.find(session.identity.name);
  if (view == nullptr || view->peer != peer) return;
  view->state = NodeState::lost;
  view->since = now;
  view->peer.clear();
  view->lagging = false;
  note(true, "node away", {{"node", session.identity.name}});
  watch_node(session.identity.name, "lost", "", now);
}

void HubCore::on_send_outcome(const PeerId& peer, const wire::Message& message, SendOutcome outcome, Timestamp now,
                              Tick tick) {
  if (outcome == SendOutcome::sent) return;
  if (outcome == SendOutcome::gone) return drop(peer, now);
  ++counters_.sends_full;
  const auto found = sessions_.find(peer);
  if (found == sessions_.end()) return;
  PeerSession& session = found->second;
  if (const auto* reply = std::get_if<wire::Reply>(&message)) {
    ++counters_.replies_dropped;
    return watchers_.lost(peer, *reply, tick);
  }
  if (session.identity.role == PeerRole::node && session.greeted) put_back(peer, session, message, now, tick);
}

void HubCore::on_committed(std::uint64_t ticket, Timestamp now, Tick) {
  if (!ledger_error_.empty()) note(false, "ledger commits again", {});
  ledger_error_.clear();
  while (!in_flight_.empty() && in_flight_.front().ticket <= ticket) {
    const InFlight done = std::move(in_flight_.front());
    in_flight_.pop_front();
    settle(done, now);
  }
}

void HubCore::settle(const InFlight& done, Timestamp now) {
  uncommitted_ -= done.offences;
  for (const SpoolMark& mark : done.marks) {
    NodeView* view = roster_.find(mark.node);
    if (view == nullptr) continue;
    NodeView::Spool& spool = view->spool(mark.spool);
    spool.durable = std::max(spool.durable, mark.nseq);
    owe_ack(mark.node, spool);
  }
  const std::uint64_t before = log_.head();
  if (done.last_seq > 0) log_.commit(done.last_seq);
  for (const WatchRow& row : done.rows)
    watchers_.push(row);
  announce_decisions(before + 1);
  for (const WaitingReply& waiting : done.replies)
    send(waiting.peer, waiting.reply);
  if (done.new_epoch) finish_epoch(*done.new_epoch, now);
  dirty_ = true;
}

void HubCore::announce_decisions(std::uint64_t first) {
  const std::uint64_t head = log_.head();
  for (std::uint64_t seq = first; seq <= head; ++seq) {
    const DecisionRecord* record = log_.find(seq);
    if (record == nullptr) continue;  // the ring is smaller than the batch
    const wire::Decision& d = record->decision;
    if (!watchers_.empty()) watchers_.push({decision_row(*record), d.jail, record->node, d.who, false});
    if (seq - first >= kNotesPerCommit) continue;
    const bool ends = d.op == wire::DecisionOp::ban || d.op == wire::DecisionOp::allow;
    note(false, op_name(d.op),
         {{"who", d.who.text()},
          {"until", ends ? to_text(d.until) : ""},
          {"seq", std::to_string(seq)},
          {"jail", d.jail},
          {"by", record->by},
          {"reason", d.reason}});
  }
  if (head >= first + kNotesPerCommit) {
    note(false, "and more decisions", {{"count", std::to_string(head - first - kNotesPerCommit + 1)}});
  }
}

void HubCore::on_commit_failed(std::uint64_t, const std::string& error, Timestamp now) {
  if (ledger_error_ != error) note(true, "ledger does not commit", {{"problem", error}});
  ledger_error_ = error.empty() ? "unknown" : error;
  alarm("the ledger does not commit: " + ledger_error_, "", now);
}

void HubCore::on_ledger_event(const LedgerEvent& event, Timestamp now, Tick tick) {
  if (const auto* committed = std::get_if<Committed>(&event)) return on_committed(committed->ticket, now, tick);
  if (const auto* failed = std::get_if<CommitFailed>(&event)) {
    return on_commit_failed(failed->ticket, failed->error, now);
  }
  const auto& found = std::get<LookedUp>(event);
  on_looked_up(found.id, found.answer, now);
}

void HubCore::on_tick(Timestamp now, Tick tick) {
  log_.expire(now);
  policy_.on_tick(now);
  alarms_.drop_old(now);
  look_for_silence(now, tick);
  if (image_ && tick - image_->made > kImageAge) image_.reset();
  dirty_ = true;
}

void HubCore::set_jails(std::vector<JailConfig> jails) {
  policy_.set_jails(std::move(jails));
}

void HubCore::set_ignoreip(std::vector<Prefix> ignoreip) {
  policy_.set_ignoreip(std::move(ignoreip));
}

void HubCore::set_enrolled(std::set<std::string> nodes, std::set<std::string> admins, Timestamp now) {
  roster_.set_enrolled(std::move(nodes));
  admins_ = std::move(admins);
  admins_known_ = true;
  std::vector<PeerId> revoked;
  for (const auto& [peer, session] : sessions_) {
    const std::string& name = session.identity.name;
    const bool stays = session.identity.role == PeerRole::node ? roster_.is_enrolled(name)
                                                               : name == kLocalAdmin || admins_.count(name) > 0;
    if (!stays) revoked.push_back(peer);
  }
  for (const PeerId& peer : revoked) {
    note(true, "revoked", {{"name", sessions_.at(peer).identity.name}});
    send(peer, wire::Revoked{"this key was revoked"});
    disconnect(peer, now);
  }
}

void HubCore::propose(wire::Decision decision, const std::string& by, const std::string& node) {
  DecisionRecord record = log_.propose(std::move(decision), by, node);
  open_.last_seq = record.seq;
  batch_.decisions.push_back(std::move(record));
}

HubEffects HubCore::take_effects(Timestamp now, Tick tick) {
  HubEffects effects;
  more_ = false;
  if (!open_.empty() || !batch_.audit.empty()) {
    batch_.epoch = coming_epoch_.value_or(log_.epoch());
    open_.ticket = ++tickets_;
    open_.marks = batch_.marks;
    effects.emplace_back(CommitBatch{open_.ticket, std::move(batch_)});
    in_flight_.push_back(std::move(open_));
    batch_ = {};
    open_ = {};
  }
  std::move(outbox_.begin(), outbox_.end(), std::back_inserter(effects));
  outbox_.clear();
  deliver(effects, now, tick);
  for (auto& [peer, reply] : watchers_.take(tick)) {
    effects.emplace_back(SendTo{peer, std::make_shared<const wire::Message>(std::move(reply))});
  }
  return effects;
}

bool HubCore::has_more() const {
  return more_ || !outbox_.empty() || !open_.empty() || !batch_.audit.empty() || watchers_.waiting();
}

void HubCore::send(const PeerId& peer, wire::Message message) {
  outbox_.emplace_back(SendTo{peer, std::make_shared<const wire::Message>(std::move(message))});
}

void HubCore::note(bool warning, std::string event, std::vector<std::pair<std::string, std::string>> fields) {
  outbox_.emplace_back(HubNote{warning, std::move(event), std::move(fields)});
}

void HubCore::alarm(const std::string& text, const std::string& node, Timestamp now) {
  if (!alarms_.raise(text, now, node)) return;
  note(true, "alarm", {{"node", node}, {"text", text}});
  watch_node(node, "alarm", text, now);
}

void HubCore::watch_node(const std::string& node, const char* state, const std::string& text, Timestamp now) {
  if (!watchers_.empty()) watchers_.push({node_event_row(node, state, text, now), "", node, std::nullopt, false});
}

}  // namespace breakwater
