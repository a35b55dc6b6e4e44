// SPDX-License-Identifier: Apache-2.0
#include "hub/adapters/gate/zap_handler.h"

#include <cstdlib>
#include <exception>
#include <utility>
#include <vector>

#include "common/log/log.h"

namespace breakwater {
namespace {

constexpr const char* kEndpoint = "inproc://zeromq.zap.01";
constexpr const char* kStopEndpoint = "inproc://breakwater.zap.stop";
constexpr std::size_t kMaxParts = 16;

using Decide = std::function<ZapVerdict(const PublicKey&)>;

// [id, "", version, request id, domain, address, routing id, mechanism, key]
enum Part : std::size_t { kId, kDelimiter, kVersion, kRequest, kDomain, kPeer, kRoutingId, kMechanism, kKey, kParts };

ZapVerdict judge(const std::vector<zmq::message_t>& request, const Decide& decide) {
  if (request.size() != kParts || request[kDomain].to_string_view() != kZapDomain ||
      request[kMechanism].to_string_view() != "CURVE") {
    return {};
  }
  const auto key = PublicKey::from_bytes(request[kKey].to_string_view());
  return key ? decide(*key) : ZapVerdict{};
}

void answer(zmq::socket_t& socket, const Decide& decide) {
  std::vector<zmq::message_t> request;
  bool more = true;
  while (more) {
    zmq::message_t part;
    if (!socket.recv(part, zmq::recv_flags::none)) return;
    more = part.more();
    if (request.size() < kMaxParts) request.push_back(std::move(part));
  }
  if (request.size() <= kRequest) return;  // nobody to answer
  const ZapVerdict verdict = judge(request, decide);
  const std::string status = std::to_string(verdict.status);
  const auto send = [&](std::string_view part, bool last) {
    socket.send(zmq::buffer(part), last ? zmq::send_flags::none : zmq::send_flags::sndmore);
  };
  send(request[kId].to_string_view(), false);
  send("", false);
  send("1.0", false);
  send(request[kRequest].to_string_view(), false);
  send(status, false);
  send(verdict.status == 200 ? "OK" : "refused", false);
  send(verdict.user_id, false);
  send("", true);
}

void serve(zmq::socket_t zap, zmq::socket_t stop, Decide decide) {
  try {
    zmq::pollitem_t items[] = {{zap.handle(), 0, ZMQ_POLLIN, 0}, {stop.handle(), 0, ZMQ_POLLIN, 0}};
    for (;;) {
      try {
        zmq::poll(items, 2, std::chrono::milliseconds(-1));
      } catch (const zmq::error_t& error) {
        if (error.num() != EINTR) throw;
        continue;
      }
      if (items[1].revents != 0) return;
      if (items[0].revents != 0) answer(zap, decide);
    }
  } catch (const std::exception& error) {
    log_error("nobody answers for keys any more", {{"error", error.what()}});
    std::abort();
  }
}

}  // namespace

Result<std::unique_ptr<ZapHandler>> ZapHandler::start(zmq::context_t& context, Decide decide) try {
  std::unique_ptr<ZapHandler> handler(new ZapHandler);
  // Bound here, so that it stands when this returns; from then on only the thread uses them.
  zmq::socket_t zap(context, zmq::socket_type::router), stop(context, zmq::socket_type::pair);
  zap.set(zmq::sockopt::linger, 0);
  zap.set(zmq::sockopt::rcvhwm, 0);  // a request that is not read would hang the handshake
  zap.set(zmq::sockopt::sndhwm, 0);
  zap.bind(kEndpoint);
  stop.bind(kStopEndpoint);
  handler->stop_ = zmq::socket_t(context, zmq::socket_type::pair);
  handler->stop_.set(zmq::sockopt::linger, 0);
  handler->stop_.connect(kStopEndpoint);
  handler->thread_ = std::thread(serve, std::move(zap), std::move(stop), std::move(decide));
  return handler;
} catch (const std::exception& error) {
  return Error(error.what()).within("starting the key handler");
}

ZapHandler::~ZapHandler() {
  if (!thread_.joinable()) return;
  try {
    stop_.send(zmq::buffer(std::string_view("stop")), zmq::send_flags::none);
  } catch (const zmq::error_t&) {
    std::abort();  // it would never end
  }
  thread_.join();
}

}  // namespace breakwater
