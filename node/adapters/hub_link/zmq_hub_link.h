// SPDX-License-Identifier: Apache-2.0
// The node's connection to its hub, over a CURVE DEALER.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/runtime/curve_keys.h"
#include "common/runtime/name_resolver.h"
#include "common/runtime/reactor.h"
#include "node/core/hub_link.h"

namespace breakwater {

struct HubLinkStats {
  std::uint64_t attempts = 0;          // sockets made
  std::uint64_t connected = 0;         // handshakes that succeeded
  std::uint64_t bad_messages = 0;      // from the hub: not decodable, several parts, not for a hub to send
  std::uint64_t unknown_messages = 0;  // from a newer hub: ignored
  std::uint64_t send_full = 0;         // send() said false though connected
};

// libzmq's reconnection is not used: after a refused key or an oversize message it never tries again, it looks names up
// inside its I/O thread, tries one address only, and its jitter does not grow. Each attempt is a new socket; the name
// is looked up anew when all its addresses were tried.
//
// When: after a loss 0.1-0.5 s, so that a small fleet is back within two seconds of a hub's restart; then a random time
// up to twice as long as before, at most 30 s. Full jitter over a doubling span spreads 10,000 nodes over the hub's
// handshakes (1,350 a second and core) where a fixed span of a few seconds would not. A refused key is tried
// after a second, and then less and less often, at last each minute. A hub that does not hold the key we tried gets the
// next of hub_keys at once: waiting begins when it held none.
//
// One thread, the reactor's; a helper thread looks names up. Nothing is queued while there is no connection.
class ZmqHubLink final : public HubLink {
 public:
  struct Options {
    std::string endpoint;  // "tcp://hub.example:7199", see parse_endpoint()
    CurveKeys keys;        // the node's
    // Any of them may be the hub's; at least one. Tried in turn, the last good one first.
    std::vector<PublicKey> hub_keys;
    Duration first_wait_min{100}, first_wait_max{500};
    Duration longest_wait = std::chrono::seconds(30);
    Duration unauthorised_wait = std::chrono::seconds(60);
    LookUp look_up;  // empty: getaddrinfo
  };

  // An error for a malformed endpoint. Connects nothing yet. The reactor must outlive it.
  static Result<std::unique_ptr<ZmqHubLink>> create(Reactor& reactor, Options options);
  ~ZmqHubLink() override;
  ZmqHubLink(const ZmqHubLink&) = delete;
  ZmqHubLink& operator=(const ZmqHubLink&) = delete;

  void on_message(std::function<void(wire::Message)> callback) override;
  void on_state(std::function<void(LinkState, std::string why)> callback) override;
  // After the callbacks are set. Both may be called from within it only by the reactor, never by start() itself.
  void start();
  bool send(const wire::Message& message) override;
  // `after` = 0: by the schedule above. Otherwise that time, and up to a quarter more, so that nodes that were told
  // the same time do not come back together.
  void reconnect(Duration after) override;

  // In place of Options::hub_keys. A connection to a hub that holds none of them ends now; another one stays.
  void set_hub_keys(std::vector<PublicKey> hub_keys);

  LinkState state() const;
  const std::vector<PublicKey>& hub_keys() const;
  // While up: the key that the hub proved to hold.
  std::optional<PublicKey> hub_key() const;
  HubLinkStats stats() const;

 private:
  struct State;
  explicit ZmqHubLink(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace breakwater
