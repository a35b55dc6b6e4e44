// SPDX-License-Identifier: Apache-2.0
// The hub's side of all connections.
#pragma once

#include <functional>
#include <string>

#include "common/wire/messages.h"
#include "hub/core/peers.h"

namespace breakwater {

enum class SendOutcome { sent, full, gone };  // full: this peer is slow; try again later, nothing was queued

// Implementations: ZmqNodeGate (hub/adapters): CURVE ROUTER for nodes and remote admins, and the ipc ROUTER for local
// admins, behind one interface; the fleet simulation's network (tests/scenarios). On the reactor's thread.
class NodeGate {
 public:
  virtual ~NodeGate() = default;
  // `identity` is the authenticated User-Id of that very frame. Malformed frames never arrive here: they are counted.
  virtual void on_message(
      std::function<void(const PeerId&, const PeerIdentity& identity, wire::Message)> callback) = 0;
  // A frame of an authenticated peer that could not be decoded.
  virtual void on_bad_frame(std::function<void(const PeerId&, const PeerIdentity&, std::string why)> callback) = 0;
  virtual SendOutcome send(const PeerId& peer, const wire::Message& message) = 0;
  // Ends the connection, best effort; frames still queued from it are to be ignored by the caller.
  virtual void disconnect(const PeerId& peer) = 0;
};

}  // namespace breakwater
