// SPDX-License-Identifier: Apache-2.0
// The one loop of a process.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "common/base/clock.h"

namespace zmq {
class socket_t;
}

namespace breakwater {

// Waits with zmq::poll for ZeroMQ sockets, file descriptors and timers at once (a ZeroMQ descriptor is edge-triggered:
// a plain epoll on it loses wake-ups) and calls back on the thread that runs it. Level-triggered: a callback that
// leaves something unread is called again. A callback may add and remove anything, itself included.
//
// One thread: whoever calls run(). Only wake-ups through descriptors cross threads.
class Reactor {
 public:
  using Callback = std::function<void()>;
  using TimerId = std::uint64_t;

  Reactor();
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // events, revents: POLLIN, POLLOUT, POLLERR of poll(2). Replaces an earlier watch of the same descriptor.
  void watch_fd(int fd, short events, std::function<void(short revents)> callback);
  void forget_fd(int fd);

  // Called when a message can be received. The socket must outlive the watch.
  void watch_socket(zmq::socket_t& socket, Callback callback);
  void forget_socket(zmq::socket_t& socket);

  TimerId after(Duration delay, Callback callback);
  TimerId every(Duration interval, Callback callback);  // first call after one interval; missed ones are not made up
  void cancel(TimerId id);

  // Called once at the end of this turn of the loop, after all callbacks: for work that coalesces what several of
  // them caused.
  void at_end_of_turn(Callback callback);

  void run();                       // until stop()
  void stop();                      // from a callback
  bool run_once(Duration at_most);  // one turn; true if anything was called. For tests.

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace breakwater
