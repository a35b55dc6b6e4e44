// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/base/version.h"
#include "common/config/jail_config.h"

namespace breakwater {

// How a hub decides and what it holds at most.
struct HubSettings {
  std::string name = "hub";
  std::string software = software_name("breakwater-hub");
  std::string instance;    // 16 random bytes of this process
  std::uint64_t dice = 1;  // seed of bantime.rndtime and of snapshot numbers

  JailConfig default_jail;  // [DEFAULT]: jails that only nodes know are counted by its options

  // Never banned, whoever asks; loopback, link-local, multicast and their like are added by themselves.
  std::vector<Prefix> ignoreip;
  unsigned widest_v4 = 8;  // shorter prefixes are never banned, as on the node
  unsigned widest_v6 = 19;
  std::optional<Duration> operator_bantime = std::chrono::hours(1);  // of `ban` without `for`; nullopt = no end
  std::uint32_t node_bans_per_minute = 1000;                         // fleet bans that one node can cause

  std::size_t max_nodes = 10'000;     // admitted at a time
  std::size_t max_peers = 12'000;     // connections, admins and strangers to the protocol included
  std::size_t max_windows = 200'000;  // (jail, address) being counted
  std::size_t max_bans = 1'000'000;   // active; beyond, the policy's are refused and counted
  std::size_t max_history = 500'000;  // addresses whose earlier bans are remembered
  std::size_t decisions_in_ring = 100'000;
  std::size_t max_uncommitted = 50'000;  // offences waiting for the ledger; beyond, batches are not taken
  std::size_t max_lookups = 32;          // questions to the ledger under way
  std::size_t max_watchers = 32;
  std::size_t watch_backlog = 2'000;  // rows a watcher may be behind
  std::size_t max_snapshots = 32;     // sent at a time
  std::uint64_t window = 4096;        // decisions sent and not yet confirmed, per node
  std::uint16_t credit = 16;          // offence batches unacknowledged, per node
  std::uint32_t ping_ms = 5000;
  std::uint32_t dead_ms = 15000;  // silent: late; twice that: lost
};

}  // namespace breakwater
