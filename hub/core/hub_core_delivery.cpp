// SPDX-License-Identifier: Apache-2.0
// HubCore: what is sent to whom, by cursor; nothing is queued for a node.
#include <algorithm>
#include <iterator>

#include "hub/core/hub_core.h"

namespace breakwater {

namespace {

constexpr std::size_t kMessagesPerTurn = 8;  // to one node, so that nobody waits behind it
constexpr Duration kRetryFull = std::chrono::milliseconds(20);

}  // namespace

void HubCore::deliver(HubEffects& effects, Timestamp now, Tick tick) {
  deliver_acks(effects);
  if (!dirty_) return;
  dirty_ = false;
  deliver_snapshots(effects, now, tick);
  Portions portions;
  for (auto& [peer, session] : sessions_) {
    if (session.greeted) deliver_decisions(peer, session, portions, effects, now, tick);
  }
  // Portions that are left, or a snapshot that just turned out to be needed.
  more_ = more_ || dirty_;
  dirty_ = more_;
}

void HubCore::deliver_decisions(const PeerId& peer, PeerSession& session, Portions& portions, HubEffects& effects,
                                Timestamp now, Tick tick) {
  if (session.image || session.wants_snapshot) return;
  if (session.retry_at && tick < *session.retry_at) return;
  session.retry_at.reset();
  const std::uint64_t head = log_.head();
  for (std::size_t sent = 0; session.cursor < head; ++sent) {
    const std::uint64_t from = session.cursor + 1;
    if (from < log_.log_from()) return want_snapshot(peer, session);
    const std::uint64_t unconfirmed = session.cursor - std::min(session.cursor, session.confirmed);
    if (unconfirmed >= settings_.window) return lag(session);
    if (sent == kMessagesPerTurn) {
      more_ = true;
      return;
    }
    const std::uint64_t room = std::min<std::uint64_t>(settings_.window - unconfirmed, wire::kMaxDecisionsPerMessage);
    const std::uint64_t count = std::min(room, head - session.cursor);
    auto& message = portions[{from, count}];  // most nodes stand at the same place
    if (!message) {
      message = std::make_shared<const wire::Message>(
          wire::Decisions{log_.epoch(), from, to_unix_ms(now), log_.delta(from, static_cast<std::size_t>(count))});
    }
    effects.emplace_back(SendTo{peer, message});
    session.cursor += count;
  }
  if (session.lagging) roster_.find(session.identity.name)->lagging = session.lagging = false;
}

void HubCore::lag(PeerSession& session) {
  if (session.lagging) return;
  session.lagging = true;
  ++counters_.lagged;
  roster_.find(session.identity.name)->lagging = true;
  note(true, "node lags", {{"node", session.identity.name}, {"behind", std::to_string(log_.head() - session.cursor)}});
}

// A send that the pipe had no room for: again a little later, from there on.
void HubCore::put_back(const PeerId& peer, PeerSession& session, const wire::Message& message, Timestamp now,
                       Tick tick) {
  session.retry_at = tick + kRetryFull;
  if (const auto* decisions = std::get_if<wire::Decisions>(&message)) {
    if (decisions->epoch == log_.epoch()) session.cursor = std::min(session.cursor, decisions->first - 1);
    session.confirmed = std::min(session.confirmed, session.cursor);
    return lag(session);
  }
  if (const auto* chunk = std::get_if<wire::SnapshotChunk>(&message)) {
    if (!session.image) return want_snapshot(peer, session);
    session.next_chunk = std::min<std::size_t>(session.next_chunk, chunk->index);
    return;
  }
  if (std::holds_alternative<wire::SnapshotEnd>(message)) return want_snapshot(peer, session);
  if (const auto* ack = std::get_if<wire::OffenceAck>(&message)) {
    NodeView& view = *roster_.find(session.identity.name);
    owe_ack(session.identity.name, view.spool(ack->spool));
    return;
  }
  if (std::holds_alternative<wire::Welcome>(message)) disconnect(peer, now);  // it greets again
}

void HubCore::want_snapshot(const PeerId& peer, PeerSession& session) {
  dirty_ = true;
  if (session.wants_snapshot) return;
  if (session.image) {
    session.next_chunk = 0;  // from its first chunk: the node starts over
    return;
  }
  session.wants_snapshot = true;
  snapshot_queue_.push_back(peer);
}

void HubCore::leave_snapshot(const PeerId& peer, PeerSession& session) {
  session.wants_snapshot = false;
  session.image.reset();
  session.next_chunk = 0;
  std::erase(snapshot_queue_, peer);
  std::erase(snapshot_active_, peer);
}

std::shared_ptr<const SnapshotImage> HubCore::image_for(const PeerSession& session, Timestamp now, Tick tick) {
  const bool fits = image_ && image_->epoch == log_.epoch() && tick - image_->made <= kImageAge &&
                    image_->seq + 1 >= log_.log_from() && image_->seq >= session.confirmed;
  if (fits) return image_;
  auto image = std::make_shared<SnapshotImage>();
  image->id = ++images_ + static_cast<std::uint64_t>(to_unix_ms(started_)) * 1000;
  image->epoch = log_.epoch();
  image->seq = log_.head();
  image->rows = log_.snapshot(now);
  image->made = tick;
  image_ = image;
  return image;
}

void HubCore::deliver_snapshots(HubEffects& effects, Timestamp now, Tick tick) {
  while (snapshot_active_.size() < settings_.max_snapshots && !snapshot_queue_.empty()) {
    const PeerId peer = snapshot_queue_.front();
    snapshot_queue_.pop_front();
    PeerSession& session = sessions_.at(peer);
    session.wants_snapshot = false;
    session.image = image_for(session, now, tick);
    session.next_chunk = 0;
    snapshot_active_.push_back(peer);
    ++counters_.snapshots;
  }
  std::vector<PeerId> done;
  for (const PeerId& peer : snapshot_active_) {
    PeerSession& session = sessions_.at(peer);
    if (session.retry_at && tick < *session.retry_at) continue;
    session.retry_at.reset();
    if (send_chunks(peer, session, effects)) done.push_back(peer);
  }
  for (const PeerId& peer : done)
    std::erase(snapshot_active_, peer);
  if (!done.empty() && !snapshot_queue_.empty()) more_ = true;
}

// True: that was the last one; the node goes on with decisions behind the snapshot.
bool HubCore::send_chunks(const PeerId& peer, PeerSession& session, HubEffects& effects) {
  const SnapshotImage& image = *session.image;
  const std::size_t total = image.chunks();
  for (std::size_t sent = 0; session.next_chunk < total; ++sent, ++session.next_chunk) {
    if (sent == kMessagesPerTurn) {
      more_ = true;
      return false;
    }
    const std::size_t first = session.next_chunk * wire::kMaxSnapshotRowsPerChunk;
    const std::size_t last = std::min(image.rows.size(), first + wire::kMaxSnapshotRowsPerChunk);
    wire::SnapshotChunk chunk{image.id,
                              image.epoch,
                              image.seq,
                              static_cast<std::uint32_t>(session.next_chunk),
                              static_cast<std::uint32_t>(total),
                              {}};
    chunk.rows.assign(image.rows.begin() + static_cast<std::ptrdiff_t>(first),
                      image.rows.begin() + static_cast<std::ptrdiff_t>(last));
    effects.emplace_back(SendTo{peer, std::make_shared<const wire::Message>(std::move(chunk))});
  }
  effects.emplace_back(SendTo{peer, std::make_shared<const wire::Message>(
                                        wire::SnapshotEnd{image.id, image.epoch, image.seq, image.rows.size()})});
  session.cursor = session.confirmed = image.seq;
  session.image.reset();
  return true;
}

void HubCore::deliver_acks(HubEffects& effects) {
  std::vector<std::pair<std::string, std::string>> due;
  due.swap(acks_);
  for (const auto& [node, id] : due) {
    NodeView* view = roster_.find(node);
    if (view == nullptr) continue;
    NodeView::Spool& spool = view->spool(id);
    spool.ack_due = false;
    if (view->peer.empty()) continue;  // WELCOME will tell
    effects.emplace_back(SendTo{
        view->peer, std::make_shared<const wire::Message>(wire::OffenceAck{id, spool.durable, settings_.credit})});
  }
}

}  // namespace breakwater
