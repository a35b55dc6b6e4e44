// SPDX-License-Identifier: Apache-2.0
// What happens to the connections of a ZeroMQ socket, as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <zmq.hpp>

#include "common/base/result.h"

namespace breakwater {

struct SocketEvent {
  std::uint16_t event = 0;  // ZMQ_EVENT_*
  std::uint32_t value = 0;  // a descriptor, an errno, a ZAP status or a ZMQ_PROTOCOL_ERROR_*, as zmq_socket_monitor(3)
};

// Must be drained for as long as it lives: its queue has no bound. Keep ACCEPT_FAILED out of `events`: when descriptors
// run out, libzmq repeats it some 600,000 times a second. Same thread as the socket that it watches;
// must be destroyed before it.
class SocketMonitor {
 public:
  // `events`: a mask of ZMQ_EVENT_*.
  static Result<SocketMonitor> attach(zmq::context_t& context, zmq::socket_t& watched, int events);
  SocketMonitor(SocketMonitor&& other) noexcept;
  SocketMonitor& operator=(SocketMonitor&&) = delete;
  ~SocketMonitor();

  // For Reactor::watch_socket and zmq::poll.
  zmq::socket_t& socket() { return pair_; }
  // The next event; nullopt if there is none now.
  std::optional<SocketEvent> next();

 private:
  SocketMonitor(void* watched, zmq::socket_t pair) : watched_(watched), pair_(std::move(pair)) {}
  void* watched_;  // a handle: stays the same when the zmq::socket_t is moved
  zmq::socket_t pair_;
};

}  // namespace breakwater
