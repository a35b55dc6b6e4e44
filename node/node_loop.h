// SPDX-License-Identifier: Apache-2.0
// Joins the node's core to the world: what happens when a line, a message, a timer or the kernel speaks.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/log/log.h"
#include "common/runtime/name_resolver.h"
#include "common/runtime/notify.h"
#include "common/runtime/reactor.h"
#include "common/runtime/signals.h"
#include "node/adapters/firewall/host_addresses.h"
#include "node/adapters/hub_link/configured_hub_link.h"
#include "node/adapters/logs/log_sources.h"
#include "node/core/effect_runner.h"
#include "node/core/gate/gate_set.h"
#include "node/core/node_core.h"
#include "node/listed_ranges.h"
#include "node/node_setup.h"

namespace breakwater {

// What the loop runs on. Everything is made by main and outlives the loop.
struct NodeParts {
  Reactor& reactor;
  const Clock& clock;
  Signals& signals;
  const Notify& notify;
  NodeCore& core;
  Firewall& firewall;
  NodeStore& store;
  ConfiguredHubLink& link;
  LogSources& sources;
  GateSet& gates;
  HostAddressWatcher& addresses;
  NameResolver& names;  // for jails that ask for it (usedns)
  ListedRanges& listed;
  std::string config_file;
  NodeConfig config;  // as at start
};

// One thread, one loop. Nothing here decides: it asks the core and carries out its effects.
class NodeLoop {
 public:
  explicit NodeLoop(NodeParts parts);

  // Before the first line is read: never-ban known, the kernel as the disk remembers it.
  void restore();
  // Until SIGTERM or SIGINT.
  // An error: it could not start.
  Result<void> run(std::optional<ZmqHubLink::Options> hub);

 private:
  Result<void> watch_logs();
  Result<void> watch_hub(std::optional<ZmqHubLink::Options> hub);
  void tell_hub_keys();
  void watch_host();
  void look_up(const std::string& name);
  void on_signal();
  // node_loop_reload.cpp
  void reload();
  Result<void> take_over(NodeReading reading);

  void settle();
  void tick();
  void heal();
  void report_firewall(const std::string& problem);
  void reconcile_kernel(const char* why);
  void refresh_never_ban();
  void checkpoint();
  void publish_gauges();

  NodeParts parts_;
  EffectRunner runner_;
  DockerNetworks docker_networks_;
  Reactor::TimerId address_timer_ = 0;
  LogRateLimit address_limit_;
  std::string firewall_problem_;
  std::string configuration_problem_;  // of the last reload; empty: it was taken over
  std::uint64_t firewall_repairs_ = 0;
};

}  // namespace breakwater
