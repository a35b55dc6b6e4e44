// SPDX-License-Identifier: Apache-2.0
// What both ends of a connection between hub and node or tool set on their socket, before bind or connect.
#pragma once

#include <zmq.hpp>

namespace breakwater {

// Nothing lingers when the socket is closed; both address families; a handshake has 30 s; an end that is gone without a
// word is noticed within a minute by keep-alive, and within 15 s if something is on its way to it.
inline void set_tcp_options(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::ipv6, true);
  socket.set(zmq::sockopt::handshake_ivl, 30'000);
  socket.set(zmq::sockopt::tcp_keepalive, 1);
  socket.set(zmq::sockopt::tcp_keepalive_idle, 30);
  socket.set(zmq::sockopt::tcp_keepalive_intvl, 5);
  socket.set(zmq::sockopt::tcp_keepalive_cnt, 3);
  socket.set(zmq::sockopt::tcp_maxrt, 15'000);
}

}  // namespace breakwater
