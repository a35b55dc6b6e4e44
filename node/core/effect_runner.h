// SPDX-License-Identifier: Apache-2.0
// Carries out what NodeCore decided.
#pragma once

#include <functional>

#include "node/core/firewall.h"
#include "node/core/hub_link.h"
#include "node/core/node_core.h"
#include "node/core/node_store.h"

namespace breakwater {

// The dozen lines of glue between the core and its ports; the daemon and the fleet simulation run the same ones. Owns
// nothing. One thread.
class EffectRunner {
 public:
  using Announcer = std::function<void(const Announce&)>;
  EffectRunner(NodeCore& core, Firewall& firewall, NodeStore& store, HubLink* link, Announcer announce)
      : core_(core), firewall_(firewall), store_(store), link_(link), announce_(std::move(announce)) {}

  // How LookUpName is carried out; without it names lead nowhere.
  void look_up_with(std::function<void(const std::string& name)> look_up) { look_up_ = std::move(look_up); }

  // Takes and carries out effects until there are none.
  void settle(Timestamp now, Tick tick);

 private:
  void carry_out(NodeEffect& effect, Timestamp now);

  NodeCore& core_;
  Firewall& firewall_;
  NodeStore& store_;
  HubLink* link_;  // null without a hub
  Announcer announce_;
  std::function<void(const std::string&)> look_up_;
};

}  // namespace breakwater
