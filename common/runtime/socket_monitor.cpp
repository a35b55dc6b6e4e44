// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/socket_monitor.h"

#include <atomic>
#include <cstring>
#include <utility>

namespace breakwater {
namespace {

std::string fresh_name() {
  static std::atomic<std::uint64_t> last{0};
  return "inproc://monitor-" + std::to_string(++last);
}

}  // namespace

Result<SocketMonitor> SocketMonitor::attach(zmq::context_t& context, zmq::socket_t& watched, int events) try {
  const std::string name = fresh_name();
  if (zmq_socket_monitor(watched.handle(), name.c_str(), events) != 0) throw zmq::error_t();
  zmq::socket_t pair(context, zmq::socket_type::pair);
  pair.set(zmq::sockopt::linger, 0);
  pair.set(zmq::sockopt::rcvhwm, 0);  // full, it would block the I/O thread
  pair.connect(name);
  return SocketMonitor(watched.handle(), std::move(pair));
} catch (const zmq::error_t& error) {
  return Error(error.what()).within("watching a socket");
}

SocketMonitor::SocketMonitor(SocketMonitor&& other) noexcept
    : watched_(std::exchange(other.watched_, nullptr)), pair_(std::move(other.pair_)) {}

SocketMonitor::~SocketMonitor() {
  // Events sent to a closed PAIR would block the I/O thread.
  if (watched_ != nullptr) zmq_socket_monitor(watched_, nullptr, 0);
}

std::optional<SocketEvent> SocketMonitor::next() try {
  // Two parts: [event u16, value u32] in host order, then the address.
  zmq::message_t event, address;
  if (!pair_.recv(event, zmq::recv_flags::dontwait)) return std::nullopt;
  while (event.more() && pair_.recv(address, zmq::recv_flags::dontwait) && address.more()) {
  }
  SocketEvent result;
  if (event.size() < sizeof result.event + sizeof result.value) return result;
  std::memcpy(&result.event, event.data(), sizeof result.event);
  std::memcpy(&result.value, static_cast<const char*>(event.data()) + sizeof result.event, sizeof result.value);
  return result;
} catch (const zmq::error_t&) {
  return std::nullopt;  // interrupted: the poll that follows finds it again
}

}  // namespace breakwater
