// SPDX-License-Identifier: Apache-2.0
// Joins the hub's core to the world: what happens when a peer, the ledger, a timer or a signal speaks.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/runtime/notify.h"
#include "common/runtime/reactor.h"
#include "common/runtime/signals.h"
#include "hub/adapters/gate/key_watch.h"
#include "hub/adapters/gate/zmq_node_gate.h"
#include "hub/core/hub_core.h"
#include "hub/hub_setup.h"
#include "hub/ignored_names.h"

namespace breakwater {

// What the loop runs on. Everything is made by main and outlives the loop.
struct HubParts {
  Reactor& reactor;
  const Clock& clock;
  Signals& signals;
  const Notify& notify;
  HubCore& core;
  ZmqNodeGate& gate;
  Ledger& ledger;
  IgnoredNames& ignored_names;
  std::string config_file;
  HubConfig config;
};

// One thread, one loop. Nothing here decides: it asks the core and carries out its effects.
class HubLoop {
 public:
  explicit HubLoop(HubParts parts) : parts_(std::move(parts)) {}

  // Until SIGTERM or SIGINT. An error: it could not start.
  Result<void> run();

 private:
  Result<void> watch();
  void on_signal();
  void reload();
  void refresh_keys();
  void refresh_ignoreip();
  void tick();
  void settle_soon();
  void settle();
  void carry_out(HubEffects effects);
  void send(const SendTo& effect, std::set<PeerId>& full);

  HubParts parts_;
  bool settling_ = false;  // asked for at the end of this turn
  std::uint64_t ticks_ = 0;
};

}  // namespace breakwater
