// SPDX-License-Identifier: Apache-2.0
// The node's side of the connection to its hub.
#pragma once

#include <functional>
#include <string>

#include "common/wire/messages.h"

namespace breakwater {

enum class LinkState {
  down,           // no connection; it keeps trying by itself
  up,             // authenticated: a fresh connection, nothing said yet
  unauthorised,   // the hub refused our key; tries again, at last once a minute
  wrong_hub_key,  // the handshake fails: what answers there does not hold the key we expect
};

// Implementations: ZmqHubLink (node/adapters); the fleet simulation's network (tests/scenarios).
// Everything happens on the reactor's thread. Owns reconnection, with jitter; resolves names off the loop.
class HubLink {
 public:
  virtual ~HubLink() = default;
  // Both callbacks are set once, before start().
  virtual void on_message(std::function<void(wire::Message)> callback) = 0;
  virtual void on_state(std::function<void(LinkState, std::string why)> callback) = 0;
  // False: not connected, or its queue is full: nothing was sent, try after the next state change or message.
  virtual bool send(const wire::Message& message) = 0;
  // Drops the connection and makes a new one (after silence, or a REJECT): the socket is re-created.
  virtual void reconnect(Duration after) = 0;
};

}  // namespace breakwater
