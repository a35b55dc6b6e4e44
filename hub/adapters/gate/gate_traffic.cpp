// SPDX-License-Identifier: Apache-2.0
// What goes through the gate: events, frames, answers, and who is cut off.
#include <tuple>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include "common/log/log.h"
#include "common/wire/codec.h"
#include "hub/adapters/gate/gate_state.h"

namespace breakwater {
namespace {

constexpr int kFramesPerWake = 1000;  // then the loop's timers get their turn
// then the loop's timers get their turn
// What was sent before a disconnect gets this long to leave.
constexpr Duration kGrace{50};

}  // namespace

// --- what libzmq tells about connections

void ZmqNodeGate::State::on_events(Door& door) {
  while (const auto event = door.router->monitor().next())
    note(door, *event);
  if (!door.local) admission.count_connections(door.open_fds.size());
  door.known.forget_old(clock.steady());
}

void ZmqNodeGate::State::note(Door& door, const SocketEvent& event) {
  switch (event.event) {
    case ZMQ_EVENT_ACCEPTED:
      ++stats.accepted;
      door.open_fds.insert(static_cast<int>(event.value));
      return;
    case ZMQ_EVENT_DISCONNECTED:
      return note_closed(door, static_cast<int>(event.value));
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      ++stats.handshakes;
      return;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
      ++stats.handshake_broken;
      return;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
      ++stats.handshake_protocol;
      return;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      if (event.value != 400) return;  // turned away for want of room: counted where that is decided
      ++stats.refused_keys;
      if (stranger_log.allows(clock.steady())) {
        log_warning("key refused", {{"total", stats.refused_keys}, {"hint", "enrol the node, or block the stranger"}});
      }
      return;
    default:
      return;
  }
}

void ZmqNodeGate::State::note_closed(Door& door, int fd) {
  door.open_fds.erase(fd);
  const PeerId id = door.known.closed(fd, clock.steady());
  if (!id.empty() && gone_callback) gone_callback(door.public_id(id));
}

// --- what peers say

void ZmqNodeGate::State::on_frames(Door& door) {
  on_events(door);
  for (int i = 0; i < kFramesPerWake; ++i) {
    auto frame = door.router->receive();
    if (!frame) return;
    handle(door, std::move(*frame));
  }
}

void ZmqNodeGate::State::handle(Door& door, RouterFrame frame) {
  Connection* connection = door.known.find(frame.peer);
  if (connection == nullptr) connection = introduce(door, frame);
  if (connection == nullptr || connection->gone || connection->closing || connection->user_id != frame.user_id) {
    ++stats.ignored_frames;
    return;
  }
  if (!door.local && !still_enrolled(*connection)) {
    ++stats.ignored_frames;
    return cut_off(door, frame.peer, *connection);
  }
  ++stats.frames;
  const PeerId peer = door.public_id(frame.peer);
  const PeerIdentity who = connection->identity;  // a copy: callbacks may end the connection
  if (frame.parts != 1) return bad(peer, who, "a message of " + std::to_string(frame.parts) + " parts");
  deliver(peer, who, frame.body.to_string_view());
}

Connection* ZmqNodeGate::State::introduce(Door& door, const RouterFrame& frame) {
  // All that happened before this frame was sent: its descriptor may have belonged to somebody else until now.
  on_events(door);
  Connection fresh;
  fresh.user_id = frame.user_id;
  fresh.fd = frame.fd;
  fresh.identity = {"local", PeerRole::admin};
  if (!door.local) {
    auto parsed = parse_user_id(frame.user_id);
    if (!parsed) return nullptr;
    std::tie(fresh.identity, fresh.key) = std::move(*parsed);
  }
  if (is_own_routing_id(frame.peer)) return door.known.add(frame.peer, std::move(fresh));
  // Nothing good comes of a name that a peer gives itself; libzmq offers no way to forbid it.
  ++stats.chosen_ids;
  log_warning("peer cut off", {{"who", fresh.identity.name}, {"why", "it chose its own routing id"}});
  ::shutdown(frame.fd, SHUT_RDWR);
  return nullptr;
}

void ZmqNodeGate::State::deliver(const PeerId& peer, const PeerIdentity& who, std::string_view body) {
  auto decoded = wire::decode_frame(body);
  if (std::holds_alternative<wire::UnknownType>(decoded)) {
    ++stats.unknown_types;
    return;
  }
  if (const auto* error = std::get_if<Error>(&decoded)) return bad(peer, who, error->message());
  auto& message = std::get<wire::Message>(decoded);
  const auto sender = who.role == PeerRole::admin ? wire::Sender::admin : wire::Sender::node;
  if (!wire::may_send(sender, message)) {
    // Somebody took the wrong key file: tell them, or they would wait for an answer.
    if (const auto* query = std::get_if<wire::Query>(&message)) {
      send(peer, wire::Reply{query->qid, 403, "this key is a node's: only admins may ask", {}, {}});
    }
    return bad(peer, who, std::string(wire::type_name(message)) + " is not for it to send");
  }
  if (message_callback) message_callback(peer, who, std::move(message));
}

void ZmqNodeGate::State::bad(const PeerId& peer, const PeerIdentity& who, std::string why) {
  ++stats.bad_frames;
  if (bad_log.allows(clock.steady())) {
    log_warning("bad frame", {{"from", who.name}, {"why", why}, {"and_more", bad_log.held_back()}});
  }
  if (bad_frame_callback) bad_frame_callback(peer, who, std::move(why));
}

// --- cutting off

bool ZmqNodeGate::State::still_enrolled(const Connection& connection) const {
  const PeerIdentity* owner = keys->find(connection.key);
  return owner != nullptr && *owner == connection.identity;
}

void ZmqNodeGate::State::cut_off(Door& door, const PeerId& id, Connection& connection) {
  ++stats.revoked;
  log_warning("peer cut off", {{"who", connection.identity.name}, {"why", "its key was revoked"}});
  send(door.public_id(id), wire::Revoked{"this key was revoked"});
  shut_later(door, id, connection);
}

void ZmqNodeGate::State::shut_later(Door& door, const PeerId& id, Connection& connection) {
  if (connection.closing || connection.gone) return;
  connection.closing = true;
  closing.emplace_back(clock.steady() + kGrace, door.public_id(id));
  if (shut_timer == 0) shut_timer = reactor.after(kGrace, [this] { shut_due(); });
}

void ZmqNodeGate::State::shut_due() {
  shut_timer = 0;
  const Tick now = clock.steady();
  for (; !closing.empty() && closing.front().first <= now; closing.pop_front()) {
    const auto [door, id] = locate(closing.front().second);
    if (door == nullptr) continue;
    if (const Connection* connection = door->known.find(id)) door->known.shut(*connection);
  }
  if (!closing.empty()) shut_timer = reactor.after(closing.front().first - now, [this] { shut_due(); });
}

std::pair<Door*, PeerId> ZmqNodeGate::State::locate(const PeerId& peer) {
  const bool is_local = !peer.empty() && peer.front() == kLocalMark;
  auto& door = is_local ? local : network;
  return {door ? &*door : nullptr, is_local ? peer.substr(1) : peer};
}

// --- sending

zmq::message_t& ZmqNodeGate::State::frame_of(const wire::Message& message) {
  const auto* decisions = std::get_if<wire::Decisions>(&message);
  if (decisions == nullptr || !last_decisions || *last_decisions != *decisions) {
    const std::string bytes = wire::encode(message);
    last_frame.rebuild(bytes.data(), bytes.size());
    last_decisions = decisions == nullptr ? std::nullopt : std::optional(*decisions);
  }
  return last_frame;
}

SendOutcome ZmqNodeGate::State::send(const PeerId& peer, const wire::Message& message) {
  const auto [door, id] = locate(peer);
  const Connection* connection = door == nullptr ? nullptr : door->known.find(id);
  SendOutcome outcome = SendOutcome::gone;
  if (connection != nullptr && !connection->gone) outcome = door->router->send(id, frame_of(message));
  ++(outcome == SendOutcome::sent ? stats.sent : outcome == SendOutcome::full ? stats.send_full : stats.send_gone);
  return outcome;
}

}  // namespace breakwater
