// SPDX-License-Identifier: Apache-2.0
// What the node asks of the host's packet filter.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/base/result.h"

namespace breakwater {

// One order to the kernel, idempotent: banning again sets the new end (later or earlier), lifting what is absent
// succeeds.
struct FirewallChange {
  // A length of 0 (everybody) is refused.
  Prefix who;
  // From now; rounded up to whole seconds; nullopt = no end. Ignored if `lift`. A ban that is over already (zero or
  // less) is a lift. Implementations clamp to what the kernel can hold (kLongestKernelBan); the ban table renews long
  // bans before that.
  std::optional<Duration> remaining;
  bool lift = false;
  bool operator==(const FirewallChange&) const = default;
};

// ipset counts timeouts in milliseconds of 32 bits and stops here (24.8 days; Linux ip_set_timeout.h).
inline constexpr std::chrono::seconds kLongestKernelBan{2147483};

// The seconds that a ban of `remaining` gets in the kernel: 1..kLongestKernelBan. remaining > 0.
inline std::chrono::seconds kernel_seconds(Duration remaining) {
  if (remaining >= kLongestKernelBan) return kLongestKernelBan;
  return std::max(std::chrono::ceil<std::chrono::seconds>(remaining), std::chrono::seconds(1));
}

// True if the change takes `who` out of the kernel.
inline bool lifts(const FirewallChange& change) {
  return change.lift || (change.remaining.has_value() && *change.remaining <= Duration::zero());
}

// What the kernel holds.
struct FirewallEntry {
  Prefix who;
  std::optional<Duration> remaining;  // nullopt = no end
};

struct FirewallHealth {
  bool enforcing = false;           // a ban cuts its address off from the host and its containers
  std::vector<std::string> places;  // "ip DOCKER-USER", "ip6 raw PREROUTING", ...: where our DROP stands now
  std::uint64_t repairs = 0;        // times something of ours was missing and was put back
  std::uint64_t contended = 0;      // times a foreign rule that accepts packets was found above ours
  // The kernel lost bans since the last heal() (ipset flush, ipset destroy, a foreign swap): the caller applies all of
  // its bans again. Said once for each loss; a false alarm is possible and costs only the repetition.
  bool entries_lost = false;
  std::string problem;  // empty, or what an operator must know
  bool operator==(const FirewallHealth&) const = default;
};

// How long one operation waits for other programs that hold the packet filter's lock.
inline constexpr std::chrono::seconds kFirewallPatience{5};

// Implementations:
//   IptablesFirewall       ipsets v4/v6; one DROP in raw PREROUTING, DOCKER, DOCKER-USER (or FORWARD) and INPUT; the
//   default IptablesRulesFirewall  the article's: one `-I DOCKER 1 -s ADDRESS -j DROP` per address FakeFirewall a map
//   with the same clamps, in tests/fakes
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

  // Looks whether the rules stand where they must, and puts back what is missing. Cheap enough for twice a second,
  // and to be called whenever watch_fd() is readable: an implementation rations its own dear work (processes). May
  // block for some milliseconds, and for up to kFirewallPatience if another program holds the kernel's lock.
  virtual Result<FirewallHealth> heal() = 0;

  // Readable (POLLIN) when somebody may have changed the packet filter: call heal(), which also empties it. The same
  // descriptor for the life of this object, which owns it. -1: there is none, heal() by the clock alone.
  virtual int watch_fd() const { return -1; }

  // Removes everything of ours from the kernel: sets, rules, nothing else.
  virtual Result<void> remove() = 0;
};

}  // namespace breakwater
