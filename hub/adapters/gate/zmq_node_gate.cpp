// SPDX-License-Identifier: Apache-2.0
#include "hub/adapters/gate/zmq_node_gate.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>
#include <zmq.hpp>

#include "common/log/log.h"
#include "common/runtime/system_clock.h"
#include "common/wire/codec.h"
#include "hub/adapters/gate/admission.h"
#include "hub/adapters/gate/connections.h"
#include "hub/adapters/gate/gate_self_test.h"
#include "hub/adapters/gate/key_watch.h"
#include "hub/adapters/gate/local_path.h"
#include "hub/adapters/gate/router_socket.h"

namespace breakwater {
namespace {

constexpr int kFramesPerWake = 1000;  // then the loop's timers get their turn
// What was sent before a disconnect gets this long to leave.
constexpr Duration kGrace{50};
// Messages to one local admin. Small: pages are large, and a `watch` that is stopped must not fill the memory.
constexpr int kLocalSendQueue = 64;
// Marks the peers of the local socket, whose routing ids may be the same as those of the network's.
constexpr char kLocalMark = 'L';

std::size_t default_max_connections() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 1'000'000;
  const std::size_t usable = limit.rlim_cur / 10 * 9;
  return usable > 200 ? usable - 100 : 100;
}

// One ROUTER with what is known of its peers.
struct Door {
  bool local = false;
  std::unique_ptr<RouterSocket> router;
  Connections known;
  std::set<int> open_fds;

  PeerId public_id(const PeerId& id) const { return local ? kLocalMark + id : id; }
};

}  // namespace

struct ZmqNodeGate::State {
  State(Reactor& loop, Options given)
      : reactor(loop),
        options(std::move(given)),
        admission(options.max_connections > 0 ? options.max_connections : default_max_connections()),
        network_context(options.io_threads) {}
  ~State();

  Result<void> open_network();
  Result<void> open_local();
  Result<void> follow_keys();
  Result<void> reload();
  void watch(Door& door);

  void on_frames(Door& door);
  void on_events(Door& door);
  void note(Door& door, const SocketEvent& event);
  void note_closed(Door& door, int fd);
  void handle(Door& door, RouterFrame frame);
  Connection* introduce(Door& door, const RouterFrame& frame);
  void deliver(const PeerId& peer, const PeerIdentity& who, std::string_view body);
  void bad(const PeerId& peer, const PeerIdentity& who, std::string why);
  bool still_enrolled(const Connection& connection) const;
  void cut_off(Door& door, const PeerId& id, Connection& connection);
  void shut_later(Door& door, const PeerId& id, Connection& connection);
  void shut_due();
  std::pair<Door*, PeerId> locate(const PeerId& peer);
  SendOutcome send(const PeerId& peer, const wire::Message& message);
  zmq::message_t& frame_of(const wire::Message& message);

  Reactor& reactor;
  Options options;
  SystemClock clock;
  Admission admission;
  zmq::context_t network_context, local_context{1};
  // Order of destruction: sockets, then the ZAP handler, then the contexts.
  std::unique_ptr<ZapHandler> zap;
  std::optional<Door> network, local;
  std::optional<KeyWatch> key_watch;
  std::shared_ptr<const KeyTable> keys = std::make_shared<KeyTable>();
  std::string bound;

  std::function<void(const PeerId&, const PeerIdentity&, wire::Message)> message_callback;
  std::function<void(const PeerId&, const PeerIdentity&, std::string)> bad_frame_callback;
  std::function<void(const PeerId&)> gone_callback;

  std::deque<std::pair<Tick, PeerId>> closing;
  Reactor::TimerId shut_timer = 0;
  GateStats stats;
  LogRateLimit stranger_log, bad_log;

  // The last DECISION and its frame: the same one goes to every node.
  std::optional<wire::Decisions> last_decisions;
  zmq::message_t last_frame;
};

ZmqNodeGate::State::~State() {
  reactor.cancel(shut_timer);
  for (auto* door : {&network, &local}) {
    if (!*door || !(*door)->router) continue;
    reactor.forget_socket((*door)->router->socket());
    reactor.forget_socket((*door)->router->monitor().socket());
    door->reset();
  }
  zap.reset();
}

// --- opening

Result<void> ZmqNodeGate::State::open_network() {
  // Runs on the ZAP thread; touches nothing but `admission`.
  auto handler = ZapHandler::start(network_context, [this](const PublicKey& key) { return admission.judge(key); });
  if (!handler) return handler.error();
  zap = std::move(*handler);
  auto router = RouterSocket::create(network_context, {.keys = options.keys});
  if (!router) return router.error();
  if (auto shut = a_stranger_is_refused((*router)->socket(), options.keys.public_key); !shut) return shut;
  while ((*router)->monitor().next()) {  // the self-test's own traffic does not count
  }
  auto endpoint = (*router)->bind(options.endpoint);
  if (!endpoint) return endpoint.error();
  bound = std::move(*endpoint);
  network.emplace().router = std::move(*router);
  watch(*network);
  return {};
}

Result<void> ZmqNodeGate::State::open_local() {
  if (options.local_path.empty()) return {};
  if (auto free = prepare_local_path(options.local_path); !free) return free;
  auto router =
      RouterSocket::create(local_context, {.keys = std::nullopt, .send_queue = kLocalSendQueue, .receive_queue = 64});
  if (!router) return router.error();
  const mode_t before = ::umask(0177);  // nobody else until the group is set
  const auto endpoint = (*router)->bind("ipc://" + options.local_path);
  ::umask(before);
  if (!endpoint) return endpoint.error();
  if (auto set = restrict_local_path(options.local_path, options.local_group); !set) return set;
  local.emplace().router = std::move(*router);
  local->local = true;
  watch(*local);
  return {};
}

void ZmqNodeGate::State::watch(Door& door) {
  reactor.watch_socket(door.router->socket(), [this, &door] { on_frames(door); });
  reactor.watch_socket(door.router->monitor().socket(), [this, &door] { on_events(door); });
}

Result<void> ZmqNodeGate::State::follow_keys() {
  // Watched before they are read: no change falls between.
  auto watching = KeyWatch::start(reactor, options.key_directory, [this] {
    if (auto done = reload(); !done) log_error("keys not reloaded", {{"error", done.error().message()}});
  });
  if (!watching) return watching.error();
  key_watch.emplace(std::move(*watching));
  return reload();
}

Result<void> ZmqNodeGate::State::reload() {
  auto loaded = load_keys(options.key_directory);
  if (!loaded) return loaded.error();
  for (const auto& problem : loaded->problems)
    log_error("key file ignored", {{"problem", problem}});
  keys = loaded->table;
  admission.set_keys(std::move(loaded->table));
  log_info("keys loaded", {{"keys", keys->size()}});
  if (!network) return {};
  std::vector<PeerId> revoked;
  network->known.for_each_live([&](const PeerId& id, const Connection& connection) {
    if (!connection.closing && !still_enrolled(connection)) revoked.push_back(id);
  });
  for (const PeerId& id : revoked)
    cut_off(*network, id, *network->known.find(id));
  return {};
}

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
  const bool chosen = !is_own_routing_id(frame.peer);
  Connection* added = chosen ? nullptr : door.known.add(frame.peer, std::move(fresh));
  if (chosen) {
    // Nothing good comes of a name that a peer gives itself; libzmq offers no way to forbid it.
    ++stats.chosen_ids;
    log_warning("peer cut off", {{"who", fresh.identity.name}, {"why", "it chose its own routing id"}});
    ::shutdown(frame.fd, SHUT_RDWR);
  }
  return added;
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

// --- the port

Result<std::unique_ptr<ZmqNodeGate>> ZmqNodeGate::open(Reactor& reactor, Options options) {
  auto state = std::make_unique<State>(reactor, std::move(options));
  if (auto done = state->follow_keys(); !done) return done.error();
  if (auto done = state->open_network(); !done) return done.error();
  if (auto done = state->open_local(); !done) return done.error();
  return std::unique_ptr<ZmqNodeGate>(new ZmqNodeGate(std::move(state)));
}

ZmqNodeGate::ZmqNodeGate(std::unique_ptr<State> state) : state_(std::move(state)) {}
ZmqNodeGate::~ZmqNodeGate() = default;

void ZmqNodeGate::on_message(std::function<void(const PeerId&, const PeerIdentity&, wire::Message)> callback) {
  state_->message_callback = std::move(callback);
}

void ZmqNodeGate::on_bad_frame(std::function<void(const PeerId&, const PeerIdentity&, std::string)> callback) {
  state_->bad_frame_callback = std::move(callback);
}

void ZmqNodeGate::on_gone(std::function<void(const PeerId&)> callback) {
  state_->gone_callback = std::move(callback);
}

SendOutcome ZmqNodeGate::send(const PeerId& peer, const wire::Message& message) {
  return state_->send(peer, message);
}

void ZmqNodeGate::disconnect(const PeerId& peer) {
  const auto [door, id] = state_->locate(peer);
  if (door == nullptr) return;
  if (Connection* connection = door->known.find(id)) state_->shut_later(*door, id, *connection);
}

const std::string& ZmqNodeGate::bound_endpoint() const {
  return state_->bound;
}
Result<void> ZmqNodeGate::reload_keys() {
  return state_->reload();
}
std::size_t ZmqNodeGate::key_count() const {
  return state_->keys->size();
}

GateStats ZmqNodeGate::stats() const {
  GateStats stats = state_->stats;
  stats.refused_full = state_->admission.refused_full();
  for (const auto* door : {&state_->network, &state_->local}) {
    if (!*door) continue;
    stats.connections += (*door)->open_fds.size();
    stats.peers += (*door)->known.live();
  }
  return stats;
}

}  // namespace breakwater
