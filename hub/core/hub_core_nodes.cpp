// SPDX-License-Identifier: Apache-2.0
// HubCore: the conversation with nodes.
#include <algorithm>

#include "hub/core/hub_core.h"
#include "hub/core/query_rows.h"

namespace breakwater {

void HubCore::on_hello(const PeerId& peer, PeerSession& session, const wire::Hello& hello, Timestamp now) {
  const auto refuse = [&](std::uint16_t code, std::string reason, std::uint32_t retry_ms) {
    reject(peer, code, std::move(reason), retry_ms);
    disconnect(peer, now);
  };
  const std::string& name = session.identity.name;
  if (hello.node != name) return refuse(403, "this key is enrolled for another name", 60'000);
  if (hello.proto_max < wire::kProtocolMin || hello.proto_min > wire::kProtocolMax) {
    return refuse(
        426,
        "this hub speaks protocol " + std::to_string(wire::kProtocolMin) + " to " + std::to_string(wire::kProtocolMax),
        60'000);
  }
  const bool ahead = hello.epoch == log_.epoch() && hello.applied > log_.head();
  if (ahead && !coming_epoch_) {
    alarm("it holds decisions that this ledger does not know: the ledger was set back; a new epoch begins", name, now);
    begin_epoch(now);
  }
  if (coming_epoch_) {
    session.deferred = hello;
    return;
  }
  NodeView* view = roster_.add(name);
  const bool one_more = !session.greeted && (view == nullptr || view->peer.empty());
  if (view == nullptr || (one_more && greeted_ >= settings_.max_nodes)) {
    return refuse(503, "this hub has all the nodes that it may have", 30'000);
  }
  replace_older(peer, name, *view, hello, now);
  if (!session.greeted) ++greeted_;
  session.greeted = true;
  view->state = NodeState::connected;
  view->peer = peer;
  view->instance = hello.instance;
  view->software = hello.software;
  view->key = session.identity.key;
  view->hub_key.clear();
  view->hub_keys.clear();
  view->since = view->last_seen = now;
  welcome(peer, session, hello, now);
  note(false, "node connected",
       {{"node", name},
        {"software", hello.software},
        {"behind", std::to_string(log_.head() - std::min(log_.head(), session.cursor))}});
  watch_node(name, "connected", "", now);
}

// The newest instance of a node wins: the older connection is a leftover, or a second machine with the same key.
void HubCore::replace_older(const PeerId& peer, const std::string& node, NodeView& view, const wire::Hello& hello,
                            Timestamp now) {
  std::erase_if(view.replaced, [&](const auto& r) { return r.second < now - std::chrono::hours(1); });
  const bool was_here =
      std::any_of(view.replaced.begin(), view.replaced.end(), [&](const auto& r) { return r.first == hello.instance; });
  if (was_here) alarm("two machines use the key of this node in turn: was it cloned?", node, now);
  if (!view.instance.empty() && view.instance != hello.instance && view.replaced.size() < 64) {
    view.replaced.emplace_back(view.instance, now);
  }
  const PeerId older = view.peer;
  if (older.empty() || older == peer) return;
  ++counters_.replaced;
  if (view.instance != hello.instance) reject(older, 409, "another instance of this node has connected", 60'000);
  disconnect(older, now);
}

void HubCore::welcome(const PeerId& peer, PeerSession& session, const wire::Hello& hello, Timestamp now) {
  NodeView& view = *roster_.find(session.identity.name);
  wire::Welcome welcome;
  welcome.proto = std::min(hello.proto_max, wire::kProtocolMax);
  welcome.hub = settings_.name;
  welcome.hub_instance = settings_.instance;
  welcome.epoch = log_.epoch();
  welcome.head = log_.head();
  welcome.log_from = log_.log_from();
  welcome.spool_acked = view.spool(hello.spool).durable;
  welcome.credit = settings_.credit;
  welcome.ping_ms = settings_.ping_ms;
  welcome.dead_ms = settings_.dead_ms;
  welcome.clock_ms = to_unix_ms(now);
  leave_snapshot(peer, session);
  session.deferred.reset();
  session.retry_at.reset();
  const bool same_epoch = hello.epoch == log_.epoch();
  view.start_history(log_.epoch(), same_epoch ? hello.applied : 0);
  view.epoch = log_.epoch();
  view.received = same_epoch ? hello.applied : 0;
  view.enforced = same_epoch ? std::min(view.enforced, view.received) : 0;
  session.cursor = session.confirmed = view.received;
  if (!same_epoch || hello.applied + 1 < log_.log_from()) {
    welcome.mode = wire::CatchUpMode::snapshot;
  } else if (hello.applied < log_.head()) {
    welcome.mode = wire::CatchUpMode::delta;
  }
  send(peer, welcome);
  if (welcome.mode == wire::CatchUpMode::snapshot) want_snapshot(peer, session);
  dirty_ = true;
}

void HubCore::begin_epoch(Timestamp now) {
  ++counters_.epochs;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  coming_epoch_ = std::max(log_.epoch() + 1, static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0)));
  log_.begin_epoch(*coming_epoch_);
  open_.new_epoch = coming_epoch_;
  note(true, "new epoch", {{"epoch", std::to_string(*coming_epoch_)}});
}

void HubCore::finish_epoch(std::uint64_t epoch, Timestamp now) {
  log_.start_epoch(epoch);
  coming_epoch_.reset();
  image_.reset();
  std::vector<std::pair<PeerId, wire::Hello>> deferred;
  for (auto& [peer, session] : sessions_) {
    if (session.deferred) {
      deferred.emplace_back(peer, *session.deferred);
      session.deferred.reset();
    } else if (session.greeted) {
      leave_snapshot(peer, session);
      want_snapshot(peer, session);
    }
  }
  for (const auto& [peer, hello] : deferred) {
    const auto session = sessions_.find(peer);
    if (session != sessions_.end()) on_hello(peer, session->second, hello, now);
  }
}

void HubCore::on_offences(const std::string& node, NodeView& view, const wire::OffenceBatch& batch, Timestamp now) {
  NodeView::Spool& spool = view.spool(batch.spool);
  if (batch.after > spool.received) {
    // A batch before this one is missing. Nothing is taken; the node sends again from what is acknowledged.
    ++counters_.offence_gaps;
    return owe_ack(node, spool);
  }
  if (uncommitted_ + batch.offences.size() > settings_.max_uncommitted) {
    ++counters_.offences_refused_busy;
    alarm("the ledger is behind: offences are left with the nodes", "", now);
    return;
  }
  const std::uint64_t before = spool.received;
  for (const wire::Offence& offence : batch.offences) {
    if (offence.nseq <= spool.received) {
      ++counters_.duplicates;
      continue;
    }
    spool.received = offence.nseq;
    take_offence(node, view, offence, now);
  }
  if (spool.received == before) return owe_ack(node, spool);
  std::vector<SpoolMark>& marks = batch_.marks;
  if (!marks.empty() && marks.back().node == node && marks.back().spool == batch.spool) marks.pop_back();
  marks.push_back({node, batch.spool, spool.received});
}

void HubCore::take_offence(const std::string& node, NodeView& view, const wire::Offence& offence, Timestamp now) {
  ++counters_.offences;
  ++view.offences;
  ++uncommitted_;
  ++open_.offences;
  batch_.offences.push_back({0, now, node, offence});
  if (!watchers_.empty()) {
    open_.rows.push_back({offence_row(batch_.offences.back(), true), offence.jail, node, Prefix(offence.who), true});
  }
  PolicyVerdict verdict = policy_.record(node, offence, now);
  if (!verdict.alarm.empty()) alarm(verdict.alarm, node, now);
  if (!verdict.ban) return;
  ++view.bans_caused;
  propose(std::move(*verdict.ban), kByPolicy, node);
}

void HubCore::owe_ack(const std::string& node, NodeView::Spool& spool) {
  if (spool.ack_due) return;
  spool.ack_due = true;
  acks_.emplace_back(node, spool.id);
}

void HubCore::confirm(PeerSession& session, NodeView& view, std::uint64_t epoch, std::uint64_t received) {
  if (epoch != log_.epoch() || received > log_.head()) return;
  view.received = std::max(view.received, received);
  session.confirmed = std::max(session.confirmed, received);
  if (!session.image && !session.wants_snapshot) session.cursor = std::max(session.cursor, received);
  dirty_ = true;
}

void HubCore::on_applied(PeerSession& session, NodeView& view, const wire::Applied& applied, Timestamp now) {
  confirm(session, view, applied.epoch, applied.received);
  view.failed = applied.failed;
  if (applied.epoch != log_.epoch() || applied.enforced > applied.received) return;
  const std::uint64_t before = view.enforced;
  view.note_enforced(applied.epoch, applied.enforced, from_unix_ms(applied.enforced_ms));
  if (view.enforced >= log_.head()) view.behind_since.reset();
  if (view.enforced == before || watchers_.empty()) return;
  const std::string& node = session.identity.name;
  const EnforcedAt held = view.enforced_at(applied.epoch, view.enforced);
  watchers_.push(
      {enforced_row(node, view.epoch, view.enforced, held.at.value_or(now), view.failed, log_.find(view.enforced)), "",
       node, std::nullopt, false});
}

void HubCore::on_ping(const PeerId& peer, PeerSession& session, NodeView& view, const wire::Ping& ping, Timestamp now) {
  confirm(session, view, ping.epoch, ping.received);
  view.clock_skew = from_unix_ms(ping.clock_ms) - now;
  view.counters = ping.counters;
  view.hub_key = ping.hub_key;
  view.hub_keys = ping.hub_keys;
  for (const std::string& text : ping.alarms) {
    if (std::find(view.alarms.begin(), view.alarms.end(), text) != view.alarms.end()) continue;
    note(true, "node alarm", {{"node", session.identity.name}, {"text", text}});
    watch_node(session.identity.name, "alarm", text, now);
  }
  view.alarms = ping.alarms;
  send(peer, wire::Pong{ping.n, ping.clock_ms, to_unix_ms(now), log_.epoch(), log_.head()});
}

void HubCore::on_catch_up(const PeerId& peer, PeerSession& session, const wire::CatchUp& catch_up) {
  ++counters_.resends;
  if (catch_up.epoch != log_.epoch() || catch_up.from < log_.log_from() || catch_up.from > log_.head() + 1) {
    return want_snapshot(peer, session);
  }
  if (session.image || session.wants_snapshot) return;  // everything is on its way
  session.cursor = catch_up.from - 1;
  session.confirmed = std::min(session.confirmed, session.cursor);
  dirty_ = true;
}

void HubCore::look_for_silence(Timestamp now, Tick tick) {
  const Duration dead(settings_.dead_ms);
  std::vector<PeerId> silent;
  for (auto& [peer, session] : sessions_) {
    const Duration silence = tick - session.heard;
    if (!session.greeted) {
      // Admins ask and go; a watcher is noticed to be gone by what is sent to it.
      if (silence > 4 * dead && !watchers_.has(peer)) silent.push_back(peer);
      continue;
    }
    NodeView& view = *roster_.find(session.identity.name);
    if (view.enforced >= log_.head()) view.behind_since.reset();
    if (view.enforced < log_.head() && !view.behind_since) view.behind_since = now;
    if (silence > 2 * dead) {
      silent.push_back(peer);
    } else if (silence > dead && view.state == NodeState::connected) {
      view.state = NodeState::late;
      note(true, "node late", {{"node", session.identity.name}, {"silent_ms", std::to_string(silence.count())}});
      watch_node(session.identity.name, "late", "", now);
    }
  }
  for (const PeerId& peer : silent)
    disconnect(peer, now);
}

}  // namespace breakwater
