// SPDX-License-Identifier: Apache-2.0
#include "hub/adapters/gate/zmq_node_gate.h"

#include <utility>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>

#include "common/log/log.h"
#include "hub/adapters/gate/gate_self_test.h"
#include "hub/adapters/gate/gate_state.h"
#include "hub/adapters/gate/local_path.h"

namespace breakwater {
namespace {

// Messages to one local admin. Small: pages are large, and a `watch` that is stopped must not fill the memory.
constexpr int kLocalSendQueue = 64;

}  // namespace

std::size_t default_max_connections() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 1'000'000;
  const std::size_t usable = limit.rlim_cur / 10 * 9;
  return usable > 200 ? usable - 100 : 100;
}

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
  auto watching = KeyWatch::start(reactor, options.key_folders, [this] {
    if (auto done = reload(); !done) log_error("keys not reloaded", {{"error", done.error().message()}});
  });
  if (!watching) return watching.error();
  key_watch.emplace(std::move(*watching));
  return reload();
}

Result<void> ZmqNodeGate::State::reload() {
  auto loaded = load_keys(options.key_folders);
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
