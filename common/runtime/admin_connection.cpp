// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/admin_connection.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <deque>

#include <sys/socket.h>
#include <sys/un.h>
#include <zmq.hpp>

#include "common/base/unique_fd.h"
#include "common/runtime/client_socket.h"
#include "common/runtime/endpoint.h"
#include "common/wire/codec.h"

namespace breakwater {
namespace {

using Deadline = std::chrono::steady_clock::time_point;
constexpr std::string_view kIpc = "ipc://";

Deadline deadline_in(Duration timeout) {
  return std::chrono::steady_clock::now() + std::min<Duration>(timeout, std::chrono::hours(24));
}

// Why nobody answers on a local socket, in words; empty if somebody would.
std::string probe_local(const std::string& path) {
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (!fd || path.size() >= sizeof address.sun_path) return path + " is too long for a socket";
  std::memcpy(address.sun_path, path.data(), path.size());
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
  if (errno == EACCES) return "no permission to talk to the hub at " + path + " (be root, or in the socket's group)";
  if (errno == ENOENT || errno == ECONNREFUSED) return "the hub is not running: nobody listens at " + path;
  return system_error("connecting to " + path).message();
}

}  // namespace

struct AdminConnection::State {
  Options options;
  zmq::context_t context;
  std::vector<std::string> endpoints;  // numeric; tried in turn
  std::size_t next_endpoint = 0;
  std::optional<ClientSocket> socket;
  bool connected = false;
  std::uint32_t last_qid = 0;

  Result<void> dial();
  Result<void> connect(Deadline deadline);
  Result<void> send(const wire::Query& query);
  // The next reply to `qid`; nullopt: stop_fd became readable.
  Result<std::optional<wire::Reply>> receive(std::uint32_t qid, std::optional<Deadline> deadline, int stop_fd);
  Result<void> note_events();
  Error why(ConnectOutcome outcome) const;
  Error late(Duration timeout) const;
};

Error AdminConnection::State::why(ConnectOutcome outcome) const {
  const std::string& at = options.endpoint;
  switch (outcome) {
    case ConnectOutcome::unauthorised:
      return Error("this key is not authorised at " + at + " (is it in the hub's admins.d?)");
    case ConnectOutcome::hub_refuses:
      return Error("the hub at " + at + " refuses connections now");
    case ConnectOutcome::no_handshake:
    case ConnectOutcome::not_a_hub:
      return Error("what answers at " + at + " does not hold the hub key that we expect");
    default:
      break;
  }
  if (connected) return Error("the hub at " + at + " hung up");
  if (at.starts_with(kIpc)) {
    const auto problem = probe_local(at.substr(kIpc.size()));
    if (!problem.empty()) return Error(problem);
  }
  return Error("the hub is away: no connection to " + at);
}

Result<void> AdminConnection::State::dial() {
  ClientSocketOptions socket_options;
  socket_options.keys = options.keys;
  socket_options.hub_key = options.hub_key;
  socket_options.max_message_bytes = wire::kMaxReplyBytes;
  connected = false;
  socket.reset();
  auto dialled = ClientSocket::dial(context, endpoints[next_endpoint++], socket_options);
  if (!dialled) return dialled.error();
  socket.emplace(std::move(*dialled));
  return {};
}

// The state after all events that are there: an error if the connection is over.
Result<void> AdminConnection::State::note_events() {
  while (const auto event = socket->monitor.next()) {
    const auto outcome = outcome_of(*event);
    if (outcome == ConnectOutcome::nothing_new) continue;
    if (outcome != ConnectOutcome::connected) return why(outcome);
    connected = true;
  }
  return {};
}

Result<void> AdminConnection::State::connect(Deadline deadline) {
  while (!connected) {
    const auto left = std::chrono::ceil<Duration>(deadline - std::chrono::steady_clock::now());
    if (left <= Duration(0)) return Error("the hub is away: no connection to " + options.endpoint);
    zmq::pollitem_t item{socket->monitor.socket().handle(), 0, ZMQ_POLLIN, 0};
    try {
      zmq::poll(&item, 1, left);
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) return Error(error.what());
    }
    auto noted = note_events();
    if (noted) continue;
    if (next_endpoint == endpoints.size()) return noted;
    if (auto dialled = dial(); !dialled) return dialled;
  }
  return {};
}

Result<void> AdminConnection::State::send(const wire::Query& query) try {
  const std::string frame = wire::encode(query);
  if (!socket->dealer.send(zmq::buffer(frame), zmq::send_flags::dontwait)) {
    return Error("the hub at " + options.endpoint + " does not take the question");
  }
  return {};
} catch (const zmq::error_t& error) {
  return Error(error.what()).within("asking the hub");
}

Error AdminConnection::State::late(Duration timeout) const {
  return Error("the hub at " + options.endpoint + " did not answer within " + std::to_string(timeout.count()) + " ms");
}

Result<std::optional<wire::Reply>> AdminConnection::State::receive(std::uint32_t qid, std::optional<Deadline> deadline,
                                                                   int stop_fd) try {
  for (;;) {
    zmq::message_t frame;
    while (socket->dealer.recv(frame, zmq::recv_flags::dontwait)) {
      auto decoded = wire::decode(frame.to_string_view());
      if (!decoded) return decoded.error().within("the hub's answer");
      auto* reply = std::get_if<wire::Reply>(&*decoded);
      // Answers to a question that was given up are passed over.
      if (reply != nullptr && reply->qid == qid) return std::optional(std::move(*reply));
    }
    // Only now: what came before the end of the connection still counts.
    if (auto noted = note_events(); !noted) return noted.error();
    auto left = std::chrono::milliseconds(-1);
    if (deadline) left = std::chrono::ceil<Duration>(*deadline - std::chrono::steady_clock::now());
    if (deadline && left <= Duration(0)) return std::optional<wire::Reply>();
    zmq::pollitem_t items[] = {{socket->dealer.handle(), 0, ZMQ_POLLIN, 0},
                               {socket->monitor.socket().handle(), 0, ZMQ_POLLIN, 0},
                               {nullptr, stop_fd, ZMQ_POLLIN, 0}};
    zmq::poll(items, stop_fd >= 0 ? 3u : 2u, left);
    if (stop_fd >= 0 && items[2].revents != 0) return std::optional<wire::Reply>();
  }
} catch (const zmq::error_t& error) {
  if (error.num() == EINTR) return receive(qid, deadline, stop_fd);
  return Error(error.what()).within("waiting for the hub");
}

Result<AdminConnection> AdminConnection::open(Options options) {
  auto state = std::make_unique<State>();
  if (options.endpoint.starts_with(kIpc)) {
    state->endpoints = {options.endpoint};
    options.keys.reset();
  } else {
    if (!options.keys || !options.hub_key) return Error("a remote hub needs our key and the hub's public key");
    const auto endpoint = parse_endpoint(options.endpoint);
    if (!endpoint) return endpoint.error();
    const auto addresses = look_up(endpoint->host);
    if (!addresses) return addresses.error();
    for (const auto& address : *addresses)
      state->endpoints.push_back(numeric_endpoint(address, endpoint->port));
  }
  state->options = std::move(options);
  if (auto dialled = state->dial(); !dialled) return dialled.error();
  return AdminConnection(std::move(state));
}

AdminConnection::AdminConnection(std::unique_ptr<State> state) : state_(std::move(state)) {}
AdminConnection::AdminConnection(AdminConnection&&) noexcept = default;
AdminConnection& AdminConnection::operator=(AdminConnection&&) noexcept = default;
AdminConnection::~AdminConnection() = default;

Result<wire::Reply> AdminConnection::ask(wire::Query query, Duration timeout) {
  const auto deadline = deadline_in(timeout);
  if (auto connected = state_->connect(deadline); !connected) return connected.error();
  query.qid = ++state_->last_qid;
  if (auto sent = state_->send(query); !sent) return sent.error();
  auto reply = state_->receive(query.qid, deadline, -1);
  if (!reply) return reply.error();
  if (!*reply) return state_->late(timeout);
  return std::move(**reply);
}

Result<void> AdminConnection::follow(wire::Query query, const std::function<bool(const wire::Reply&)>& on_reply,
                                     int stop_fd, Duration first_reply) {
  std::optional<Deadline> deadline = deadline_in(first_reply);
  if (auto connected = state_->connect(*deadline); !connected) return connected;
  query.qid = ++state_->last_qid;
  if (auto sent = state_->send(query); !sent) return sent;
  for (;;) {
    auto reply = state_->receive(query.qid, deadline, stop_fd);
    if (!reply) return reply.error();
    if (!*reply) {
      const bool timed_out = deadline && std::chrono::steady_clock::now() >= *deadline;
      return timed_out ? Result<void>(state_->late(first_reply)) : Result<void>();
    }
    if (!on_reply(**reply)) return {};
    deadline.reset();
  }
}

}  // namespace breakwater
