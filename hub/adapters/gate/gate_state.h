// SPDX-License-Identifier: Apache-2.0
// What ZmqNodeGate is made of. Internal to hub/adapters/gate: zmq_node_gate.cpp opens it, gate_traffic.cpp runs it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <zmq.hpp>

#include "common/log/log.h"
#include "common/runtime/system_clock.h"
#include "hub/adapters/gate/admission.h"
#include "hub/adapters/gate/connections.h"
#include "hub/adapters/gate/key_watch.h"
#include "hub/adapters/gate/router_socket.h"
#include "hub/adapters/gate/zap_handler.h"
#include "hub/adapters/gate/zmq_node_gate.h"

namespace breakwater {

// Marks the peers of the local socket, whose routing ids may be the same as those of the network's.
inline constexpr char kLocalMark = 'L';

// 90 % of RLIMIT_NOFILE, less what the process needs for itself.
std::size_t default_max_connections();

// One ROUTER with what is known of its peers.
struct Door {
  bool local = false;
  std::unique_ptr<RouterSocket> router;
  Connections known;
  std::set<int> open_fds;

  PeerId public_id(const PeerId& id) const { return local ? kLocalMark + id : id; }
};

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

}  // namespace breakwater
