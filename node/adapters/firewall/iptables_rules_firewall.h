// SPDX-License-Identifier: Apache-2.0
// The firewall of many tutorials: one iptables rule per address.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/adapters/firewall/ban_rules.h"
#include "node/adapters/firewall/firewall_watcher.h"
#include "node/adapters/firewall/look_schedule.h"
#include "node/adapters/firewall/rule_plan.h"
#include "node/adapters/firewall/xtables.h"
#include "node/core/firewall.h"

namespace breakwater {

// `-I DOCKER 1 -s ADDRESS -j DROP` (FORWARD where Docker made no such chain), and the same in INPUT. For hosts without
// ipset, and for people who want to see each ban in `iptables -L DOCKER`.
//
// What it cannot do: every packet walks through all rules (10,000 cost 25 times a packet; a warning beyond 1,000, a
// refusal beyond 20,000), connections that are established live on in Docker's FORWARD, and rules have no timeouts in
// the kernel: `remaining` is kept here, heal() takes out what is over, and nobody does if this process is dead. The end
// of each ban stands in the rule's comment (breakwater-ban-UNIXTIME), so that the next process finds it.
//
// One thread, which opened it. Each apply() reads the table and runs one iptables-restore per family.
class IptablesRulesFirewall final : public Firewall {
 public:
  static constexpr std::size_t kWarnBeyond = 1'000;
  static constexpr std::size_t kMaxBans = 20'000;

  // Opens what it needs and changes nothing. `clock` must outlive it.
  static Result<std::unique_ptr<IptablesRulesFirewall>> open(const Clock& clock);

  // Takes over the bans that stand there with their ends.
  Result<void> install() override;
  std::vector<std::string> apply(const std::vector<FirewallChange>& changes) override;
  Result<std::vector<FirewallEntry>> list() override;
  Result<FirewallHealth> heal() override;
  Result<void> remove() override;
  int watch_fd() const override { return watcher_.fd(); }

 private:
  struct Side {
    bool v4 = true;
    Xtables tables;
    BanEnds bans;
    bool shadowed = false;
    std::vector<std::string> places;  // chains
    bool enforcing = false;
    std::string problem;

    std::string label() const { return v4 ? "ip " : "ip6 "; }
  };

  IptablesRulesFirewall(const Clock& clock, FirewallWatcher watcher) : clock_(clock), watcher_(std::move(watcher)) {}
  // Makes `wanted` stand. Counts what was missing of the bans that stood before. One more try if somebody else edits.
  Result<void> enforce(Side& side, BanEnds wanted);
  Result<void> try_enforce(Side& side, const BanEnds& wanted);
  void expire(Side& side);
  FirewallHealth report();

  const Clock& clock_;
  FirewallWatcher watcher_;
  std::vector<Side> sides_;
  LookSchedule schedule_;
  RepositionBackoff backoff_;
  bool warned_ = false;
  std::uint64_t repairs_ = 0;
  std::uint64_t contended_ = 0;
};

}  // namespace breakwater
