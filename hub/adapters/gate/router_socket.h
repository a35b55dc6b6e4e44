// SPDX-License-Identifier: Apache-2.0
// The one place that makes a ROUTER, and reads and writes its frames.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <zmq.hpp>

#include "common/base/result.h"
#include "common/runtime/curve_keys.h"
#include "common/runtime/socket_monitor.h"
#include "hub/core/node_gate.h"

namespace breakwater {

struct RouterOptions {
  std::optional<CurveKeys> keys;  // CURVE server; without: plain, for the local socket only
  int send_queue = 1100;          // messages a peer; beyond, send() says full
  int receive_queue = 64;
};

// What a peer sent. Bodies are valid until the next receive().
struct RouterFrame {
  PeerId peer;
  std::string user_id;    // of the last part: that of the first is lost when ROUTER has prefetched it (libzmq 4.3.4)
  int fd = -1;            // ZMQ_SRCFD
  std::size_t parts = 0;  // without the routing id; must be 1
  zmq::message_t body;    // the last part
};

// Not bound yet: who makes it decides when the door opens. One thread.
class RouterSocket {
 public:
  // With keys: refuses to exist if ZMQ_ZAP_ENFORCE_DOMAIN cannot be set. The ZAP handler must be bound before.
  static Result<std::unique_ptr<RouterSocket>> create(zmq::context_t& context, const RouterOptions& options);

  // Returns where it is bound in fact: the port for "tcp://127.0.0.1:*".
  Result<std::string> bind(const std::string& endpoint);

  // The next message; nullopt if there is none now.
  std::optional<RouterFrame> receive();
  // The body is shared, not copied.
  SendOutcome send(const PeerId& peer, zmq::message_t& body);

  zmq::socket_t& socket() { return router_; }
  SocketMonitor& monitor() { return *monitor_; }

 private:
  RouterSocket() = default;
  zmq::socket_t router_;  // first: it must outlive its monitor
  std::optional<SocketMonitor> monitor_;
};

}  // namespace breakwater
