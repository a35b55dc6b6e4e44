// SPDX-License-Identifier: Apache-2.0
// What the node asks of the host's packet filter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/base/result.h"

namespace breakwater {

// One order to the kernel, idempotent: banning again sets the new end, lifting what is absent succeeds.
struct FirewallChange {
  Prefix who;
  // From now; rounded up to whole seconds; nullopt = no end. Ignored if `lift`. Implementations clamp to what the
  // kernel can hold (ipset: 2147483 s, ip_set_timeout.h); the ban table renews long bans before that.
  std::optional<Duration> remaining;
  bool lift = false;
  bool operator==(const FirewallChange&) const = default;
};

// What the kernel holds.
struct FirewallEntry {
  Prefix who;
  std::optional<Duration> remaining;  // nullopt = no end
};

struct FirewallHealth {
  bool enforcing = false;           // every rule that should stand does stand, in effect
  std::vector<std::string> places;  // "ip DOCKER-USER", "ip6 INPUT", ...: where our DROP stands now
  std::uint64_t repairs = 0;        // times something of ours was missing and was put back
  std::uint64_t contended = 0;      // times a foreign rule was found above ours
  std::string problem;              // empty, or what an operator must know
};

// Implementations:
//   IptablesFirewall       ipsets v4/v6; one DROP in DOCKER, DOCKER-USER (or FORWARD) and INPUT; the default
//   IptablesRulesFirewall  the article's: one `-I DOCKER 1 -s ADDRESS -j DROP` per address
//   FakeFirewall           a map with the same clamps, in tests/fakes
// tests/contracts/firewall_contract.h holds all of them to what is said here. Used by one thread.
class Firewall {
 public:
  virtual ~Firewall() = default;

  // Makes what is missing (sets, rules), keeps the entries that are there. Safe to call again.
  virtual Result<void> install() = 0;

  // Applies all changes in as few system calls as possible. The result has one error text per change, empty on
  // success: one bad change does not stop the others.
  virtual std::vector<std::string> apply(const std::vector<FirewallChange>& changes) = 0;

  // Reads back from the kernel.
  virtual Result<std::vector<FirewallEntry>> list() = 0;

  // Looks whether the rules stand where they must, and puts back what is missing. Cheap enough for once a second.
  virtual Result<FirewallHealth> heal() = 0;

  // Removes everything of ours from the kernel: sets, rules, nothing else.
  virtual Result<void> remove() = 0;
};

}  // namespace breakwater
