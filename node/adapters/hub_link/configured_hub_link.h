// SPDX-License-Identifier: Apache-2.0
// The connection to the hub that the configuration names now.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/adapters/hub_link/zmq_hub_link.h"

namespace breakwater {

// Goes from one ZmqHubLink to the next when the configuration changes. Where nothing about the connection changed it
// stays. A node's new key is tried beside the connection that stands, which ends when the new one is up: decisions go
// on coming, and a key that the hub does not know yet cuts nobody off. Everything else (another hub, a hub key that is
// no longer accepted, no hub) ends the old connection at once.
//
// Without a hub it is down and sends nothing. One thread, the reactor's.
class ConfiguredHubLink final : public HubLink {
 public:
  explicit ConfiguredHubLink(Reactor& reactor) : reactor_(reactor) {}
  ~ConfiguredHubLink() override;
  ConfiguredHubLink(const ConfiguredHubLink&) = delete;
  ConfiguredHubLink& operator=(const ConfiguredHubLink&) = delete;

  void on_message(std::function<void(wire::Message)> callback) override { message_callback_ = std::move(callback); }
  void on_state(std::function<void(LinkState, std::string why)> callback) override {
    state_callback_ = std::move(callback);
  }
  // What to dial from now on; nullopt: no hub. After the callbacks are set, and not from within them. An error: the
  // endpoint is none; nothing has changed.
  Result<void> use(std::optional<ZmqHubLink::Options> options);

  bool send(const wire::Message& message) override { return current_ && current_->send(message); }
  void reconnect(Duration after) override;

  // Of the configuration in use; empty without a hub.
  std::vector<PublicKey> hub_keys() const;
  // While up: the key that the hub proved to hold.
  std::optional<PublicKey> hub_key() const { return current_ ? current_->hub_key() : std::nullopt; }

 private:
  using LinkPtr = std::unique_ptr<ZmqHubLink>;

  Result<LinkPtr> make(const ZmqHubLink::Options& options);
  void begin(LinkPtr link);
  void begin_beside(LinkPtr link);
  void listen(ZmqHubLink& link);
  void on_state_beside(LinkState state, const std::string& why);
  void take_over(const std::string& why);

  Reactor& reactor_;
  std::function<void(wire::Message)> message_callback_;
  std::function<void(LinkState, std::string)> state_callback_;
  std::optional<ZmqHubLink::Options> current_options_, next_options_;
  LinkPtr current_, next_;  // next_: with our new key, not up yet
  Reactor::TimerId take_over_timer_ = 0;
};

}  // namespace breakwater
