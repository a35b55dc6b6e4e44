// SPDX-License-Identifier: Apache-2.0
#include "hub/adapters/gate/router_socket.h"

#include <cerrno>
#include <utility>

#include "common/runtime/tcp_options.h"
#include "common/wire/messages.h"
#include "hub/adapters/gate/zap_handler.h"

namespace breakwater {
namespace {

// Works in libzmq 4.3.4, where only the draft API declares it. Without it a missing handler lets everybody in.
constexpr int kZapEnforceDomain = 93;
constexpr int kEvents = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

// Everything is set before bind: later it would have no effect. ZMTP heartbeats are off: they kill healthy peers that
// are merely slow.
void set_common_options(zmq::socket_t& socket, const RouterOptions& options) {
  set_tcp_options(socket);
  socket.set(zmq::sockopt::sndhwm, options.send_queue);
  socket.set(zmq::sockopt::rcvhwm, options.receive_queue);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(wire::kMaxMessageBytes));
  socket.set(zmq::sockopt::router_mandatory, true);
  socket.set(zmq::sockopt::router_handover, false);
  socket.set(zmq::sockopt::backlog, 4096);
}

Result<void> set_curve_options(zmq::socket_t& socket, const CurveKeys& keys) {
  socket.set(zmq::sockopt::zap_domain, kZapDomain);
  const int on = 1;
  int is_on = 0;
  std::size_t size = sizeof is_on;
  if (zmq_setsockopt(socket.handle(), kZapEnforceDomain, &on, sizeof on) != 0 ||
      zmq_getsockopt(socket.handle(), kZapEnforceDomain, &is_on, &size) != 0 || is_on != 1) {
    return Error("this libzmq does not know ZMQ_ZAP_ENFORCE_DOMAIN: keys could not be relied on");
  }
  socket.set(zmq::sockopt::curve_server, true);
  const auto secret = keys.secret_key.bytes();
  socket.set(zmq::sockopt::curve_secretkey, zmq::buffer(secret.data(), secret.size()));
  return {};
}

}  // namespace

Result<std::unique_ptr<RouterSocket>> RouterSocket::create(zmq::context_t& context, const RouterOptions& options) try {
  std::unique_ptr<RouterSocket> made(new RouterSocket);
  made->router_ = zmq::socket_t(context, zmq::socket_type::router);
  set_common_options(made->router_, options);
  if (options.keys) {
    if (auto set = set_curve_options(made->router_, *options.keys); !set) return set.error();
  }
  auto monitor = SocketMonitor::attach(context, made->router_, kEvents);
  if (!monitor) return monitor.error();
  made->monitor_.emplace(std::move(*monitor));
  return made;
} catch (const zmq::error_t& error) {
  return Error(error.what()).within("making the hub's socket");
}

Result<std::string> RouterSocket::bind(const std::string& endpoint) try {
  router_.bind(endpoint);
  return router_.get(zmq::sockopt::last_endpoint);
} catch (const zmq::error_t& error) {
  return Error(error.what()).within("listening at " + endpoint);
}

std::optional<RouterFrame> RouterSocket::receive() try {
  zmq::message_t id;
  if (!router_.recv(id, zmq::recv_flags::dontwait)) return std::nullopt;
  RouterFrame frame;
  frame.peer = id.to_string();
  for (bool more = id.more(); more; more = frame.body.more()) {
    // The rest of a message is there when its beginning is; only the last part is kept.
    if (!router_.recv(frame.body, zmq::recv_flags::dontwait)) break;
    ++frame.parts;
  }
  if (frame.parts == 0) return frame;
  const char* user = zmq_msg_gets(frame.body.handle(), "User-Id");
  if (user != nullptr) frame.user_id = user;
  frame.fd = zmq_msg_get(frame.body.handle(), ZMQ_SRCFD);
  return frame;
} catch (const zmq::error_t&) {
  return std::nullopt;  // interrupted: the poll that follows finds it again
}

SendOutcome RouterSocket::send(const PeerId& peer, zmq::message_t& body) {
  int rc = 0;
  do {
    rc = zmq_send(router_.handle(), peer.data(), peer.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT);
  } while (rc < 0 && zmq_errno() == EINTR);
  if (rc < 0) return zmq_errno() == EAGAIN ? SendOutcome::full : SendOutcome::gone;
  zmq::message_t shared;
  shared.copy(body);
  do {
    rc = zmq_msg_send(shared.handle(), router_.handle(), ZMQ_DONTWAIT);
  } while (rc < 0 && zmq_errno() == EINTR);
  return rc < 0 ? SendOutcome::gone : SendOutcome::sent;
}

}  // namespace breakwater
