// SPDX-License-Identifier: Apache-2.0
// Joins the node's core to the world: what happens when a line, a message, a timer or the kernel speaks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/log/log.h"
#include "common/runtime/name_resolver.h"
#include "common/runtime/notify.h"
#include "common/runtime/reactor.h"
#include "common/runtime/signals.h"
#include "node/adapters/firewall/host_addresses.h"
#include "node/adapters/hub_link/zmq_hub_link.h"
#include "node/adapters/logs/log_sources.h"
#include "node/core/effect_runner.h"
#include "node/core/node_core.h"

namespace breakwater {

// What the loop runs on. Everything is made by main and outlives the loop; `link` is null without a hub.
struct NodeParts {
  Reactor& reactor;
  const Clock& clock;
  Signals& signals;
  const Notify& notify;
  NodeCore& core;
  Firewall& firewall;
  NodeStore& store;
  ZmqHubLink* link;
  LogSources& sources;
  HostAddressWatcher& addresses;
  NameResolver& names;                                   // for jails that ask for it (usedns)
  std::vector<std::pair<Prefix, std::string>> ignoreip;  // of node.conf, the jails, and the hub's own address
};

// One thread, one loop. Nothing here decides: it asks the core and carries out its effects.
class NodeLoop {
 public:
  explicit NodeLoop(NodeParts parts);

  // Before the first line is read: never-ban known, the kernel as the disk remembers it.
  void restore();
  // Until SIGTERM or SIGINT.
  // An error: it could not start.
  Result<void> run();

 private:
  Result<void> watch_logs();
  void watch_hub();
  void watch_host();
  void look_up(const std::string& name);
  void on_signal();
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
  std::uint64_t firewall_repairs_ = 0;
};

}  // namespace breakwater
