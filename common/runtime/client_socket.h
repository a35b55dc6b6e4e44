// SPDX-License-Identifier: Apache-2.0
// The one place that makes a ZeroMQ socket which dials a hub.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <zmq.hpp>

#include "common/base/result.h"
#include "common/runtime/curve_keys.h"
#include "common/runtime/socket_monitor.h"

namespace breakwater {

struct ClientSocketOptions {
  std::optional<CurveKeys> keys;  // with hub_key: CURVE. Without: plain, for ipc only.
  std::optional<PublicKey> hub_key;
  std::int64_t max_message_bytes = 1024 * 1024;
  int send_queue = 256;  // messages; beyond, send says EAGAIN
};

// One attempt to connect: libzmq's own reconnection is off (after a refusal of our key or an oversize message it would
// stay silent for ever anyway, it repeats a wrong key at the base interval, and its jitter does not grow), so the owner
// sees DISCONNECTED, CLOSED or a failed handshake and makes a new one.
//
// ZMTP heartbeats are off and must stay off: with a full pipe they abort libzmq 4.3.4 (libzmq#3937).
struct ClientSocket {
  zmq::socket_t dealer;   // first: it must outlive its monitor
  SocketMonitor monitor;  // connected, closed, disconnected, handshake outcomes

  // Starts to connect to a numeric tcp:// or an ipc:// endpoint; the monitor tells how it went. Linger is 0: what is
  // not sent when this is destroyed is lost.
  static Result<ClientSocket> dial(zmq::context_t& context, const std::string& endpoint,
                                   const ClientSocketOptions& options);
};

// How an attempt stands after an event of its monitor.
enum class ConnectOutcome {
  nothing_new,
  connected,     // authenticated, ready to send
  lost,          // refused, closed, timed out
  unauthorised,  // the hub knows our key not (ZAP 400)
  hub_refuses,   // the hub is full or in trouble (any other ZAP status)
  no_handshake,  // the other end hung up in the middle of the handshake: wrong hub key, or no hub at all
  not_a_hub,     // what answers speaks something else, or without CURVE
};
ConnectOutcome outcome_of(const SocketEvent& event);

}  // namespace breakwater
