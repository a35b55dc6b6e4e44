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
  // Nor does a message that a peer of this role may not send (wire::may_send).
  virtual void on_message(std::function<void(const PeerId&, const PeerIdentity& identity, wire::Message)> callback) = 0;
  // A frame of an authenticated peer that could not be decoded, or that it may not send.
  virtual void on_bad_frame(std::function<void(const PeerId&, const PeerIdentity&, std::string why)> callback) = 0;
  // The connection of a peer that was heard before is over. Nothing comes from it any more; send() says gone. Optional:
  // who does not ask still learns it from send() and from silence.
  virtual void on_gone(std::function<void(const PeerId&)> /*callback*/) {}
  virtual SendOutcome send(const PeerId& peer, const wire::Message& message) = 0;
  // Ends the connection, best effort, a moment later, so that what was sent before (REJECT) still gets out; frames
  // still queued from it are to be ignored by the caller.
  virtual void disconnect(const PeerId& peer) = 0;
};

}  // namespace breakwater
