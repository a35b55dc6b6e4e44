// SPDX-License-Identifier: Apache-2.0
// Which TCP connection belongs to which routing id: what libzmq knows and does not tell.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/runtime/curve_keys.h"
#include "hub/core/peers.h"

namespace breakwater {

// A peer that has sent at least one frame.
struct Connection {
  std::string user_id;  // as authenticated
  PeerIdentity identity;
  PublicKey key;  // which of the peer's keys it came with; zero on the local socket
  int fd = -1;    // libzmq's: to look at, never to close
  sockaddr_storage remote{};
  bool closing = false;  // on its way out: its frames are not heard any more
  bool gone = false;     // over; kept for a while, since frames of it may still be queued
  Tick gone_since{};
};

// One per ROUTER. Bounded by the number of open descriptors, plus those gone within the last kMemory. Not thread-safe.
//
// Descriptors are reused: a frame of a dead connection may name the descriptor of a new one. Routing ids tell them
// apart: ROUTER gives them out in rising order, so of two claims to one descriptor the newer id is right.
class Connections {
 public:
  static constexpr Duration kMemory = std::chrono::seconds(10);

  Connection* find(const PeerId& peer);
  // Adds one that was not known; nullptr if its connection is over already. `fd` as ZMQ_SRCFD says.
  Connection* add(const PeerId& peer, Connection connection);
  // The descriptor was closed. Returns the peer that had it, or an empty id.
  PeerId closed(int fd, Tick now);
  // shutdown(2), if the descriptor is still the connection that it was. (Not close: it is libzmq's.)
  void shut(const Connection& connection) const;
  void forget_old(Tick now);

  std::size_t live() const { return by_fd_.size(); }
  template <class Each>
  void for_each_live(Each each) {
    for (auto& [fd, peer] : by_fd_)
      each(peer, by_peer_.at(peer));
  }

 private:
  void mark_gone(const PeerId& peer, Tick now);

  std::unordered_map<PeerId, Connection> by_peer_;
  std::map<int, PeerId> by_fd_;
  Tick last_sweep_{};
};

// True for what ROUTER makes up itself: a zero byte and four more. Anything else was chosen by the peer.
bool is_own_routing_id(const std::string& id);

}  // namespace breakwater
