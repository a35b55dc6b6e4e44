// SPDX-License-Identifier: Apache-2.0
#include "hub/adapters/gate/gate_self_test.h"

#include "common/base/text.h"
#include "common/runtime/client_socket.h"
#include "common/runtime/random.h"

namespace breakwater {
namespace {

Result<ConnectOutcome> first_outcome(ClientSocket& client, Duration patience) try {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    while (const auto event = client.monitor.next()) {
      const auto outcome = outcome_of(*event);
      if (outcome != ConnectOutcome::nothing_new) return outcome;
    }
    const auto left = std::chrono::ceil<Duration>(deadline - std::chrono::steady_clock::now());
    if (left <= Duration(0)) return Error("nobody decided within " + std::to_string(patience.count()) + " ms");
    zmq::pollitem_t item{client.monitor.socket().handle(), 0, ZMQ_POLLIN, 0};
    zmq::poll(&item, 1, left);
  }
} catch (const zmq::error_t& error) {
  return Error(error.what());
}

Result<void> refused(const std::string& endpoint, const PublicKey& hub_key, Duration patience) {
  zmq::context_t context;
  ClientSocketOptions options;
  options.keys = generate_keys();
  options.hub_key = hub_key;
  auto client = ClientSocket::dial(context, endpoint, options);
  if (!client) return client.error();
  const auto outcome = first_outcome(*client, patience);
  if (!outcome) return outcome.error();
  if (*outcome == ConnectOutcome::unauthorised) return {};
  if (*outcome == ConnectOutcome::connected) return Error("a stranger's key was let in: this hub would trust anybody");
  return Error("the handshake failed before the key was looked at");
}

}  // namespace

Result<void> a_stranger_is_refused(zmq::socket_t& router, const PublicKey& hub_key, Duration patience) try {
  const std::string endpoint = "ipc://@breakwater-self-test-" + to_hex(random_bytes(8));
  router.bind(endpoint);
  const auto result = refused(endpoint, hub_key, patience);
  router.unbind(endpoint);
  if (!result) return result.error().within("self-test");
  return {};
} catch (const zmq::error_t& error) {
  return Error(error.what()).within("self-test");
}

}  // namespace breakwater
