// SPDX-License-Identifier: Apache-2.0
// The operator's tool's connection to a hub: asks, waits, gets an answer.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/runtime/curve_keys.h"
#include "common/wire/messages.h"

namespace breakwater {

// Synchronous, for a tool that has nothing else to do. One thread. Errors are sentences for the operator: "the hub is
// not running: nobody listens at /run/breakwater-hub/query.sock", "this key is not authorised at tcp://...", "what
// answers at tcp://... does not hold the hub key that we expect", "no answer within 5 s".
class AdminConnection {
 public:
  struct Options {
    // "ipc:///run/breakwater-hub/query.sock": local, the socket's file mode says who may; or "tcp://ADDRESS:PORT"
    // (name, IPv4, [IPv6]): remote, with both keys below.
    std::string endpoint;
    std::optional<CurveKeys> keys;     // ours, enrolled in the hub's admins.d/
    std::optional<PublicKey> hub_key;  // the hub's
  };

  // Starts to connect; whether somebody is there is found out by the first question. Fails on a malformed endpoint or
  // missing keys.
  static Result<AdminConnection> open(Options options);
  AdminConnection(AdminConnection&&) noexcept;
  AdminConnection& operator=(AdminConnection&&) noexcept;
  ~AdminConnection();

  // Sends the query (its qid is set here) and waits for its one reply. A reply with a status other than 200 is a reply,
  // not an error. After an error ask again on a new connection.
  Result<wire::Reply> ask(wire::Query query, Duration timeout = std::chrono::seconds(5));

  // For `watch`: sends the query and hands over each reply until `on_reply` says false or `stop_fd` (if >= 0) becomes
  // readable; then it returns success. An error if the connection is lost or the first reply does not come within
  // `first_reply`; later ones may take for ever.
  Result<void> follow(wire::Query query, const std::function<bool(const wire::Reply&)>& on_reply, int stop_fd = -1,
                      Duration first_reply = std::chrono::seconds(5));

 private:
  struct State;
  explicit AdminConnection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace breakwater
