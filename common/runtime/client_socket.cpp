// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/client_socket.h"

#include <string_view>

#include "common/runtime/tcp_options.h"

namespace breakwater {
namespace {

constexpr int kEvents = ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

zmq::const_buffer as_buffer(std::span<const std::uint8_t> bytes) {
  return zmq::buffer(bytes.data(), bytes.size());
}

// Everything is set before connect: later it would have no effect.
void set_options(zmq::socket_t& socket, const ClientSocketOptions& options) {
  set_tcp_options(socket);
  socket.set(zmq::sockopt::immediate, true);  // nothing is queued for a hub that is not there
  socket.set(zmq::sockopt::reconnect_ivl, -1);
  socket.set(zmq::sockopt::connect_timeout, 5000);
  socket.set(zmq::sockopt::maxmsgsize, options.max_message_bytes);
  socket.set(zmq::sockopt::sndhwm, options.send_queue);
  socket.set(zmq::sockopt::rcvhwm, 0);  // the hub keeps to our credit
  if (!options.keys || !options.hub_key) return;
  socket.set(zmq::sockopt::curve_serverkey, as_buffer(options.hub_key->bytes()));
  socket.set(zmq::sockopt::curve_publickey, as_buffer(options.keys->public_key.bytes()));
  socket.set(zmq::sockopt::curve_secretkey, as_buffer(options.keys->secret_key.bytes()));
}

}  // namespace

Result<ClientSocket> ClientSocket::dial(zmq::context_t& context, const std::string& endpoint,
                                        const ClientSocketOptions& options) try {
  const bool curve = options.keys && options.hub_key;
  if (!curve && !endpoint.starts_with("ipc://")) return Error(endpoint + ": needs our key and the hub's");
  zmq::socket_t dealer(context, zmq::socket_type::dealer);
  set_options(dealer, options);
  auto monitor = SocketMonitor::attach(context, dealer, kEvents);
  if (!monitor) return monitor.error();
  dealer.connect(endpoint);
  return ClientSocket{std::move(dealer), std::move(*monitor)};
} catch (const zmq::error_t& error) {
  return Error(error.what()).within("connecting to " + endpoint);
}

ConnectOutcome outcome_of(const SocketEvent& event) {
  switch (event.event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      return ConnectOutcome::connected;
    case ZMQ_EVENT_CLOSED:
    case ZMQ_EVENT_DISCONNECTED:
      return ConnectOutcome::lost;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
      return ConnectOutcome::no_handshake;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
      return ConnectOutcome::not_a_hub;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      return event.value == 400 ? ConnectOutcome::unauthorised : ConnectOutcome::hub_refuses;
    default:
      return ConnectOutcome::nothing_new;
  }
}

}  // namespace breakwater
