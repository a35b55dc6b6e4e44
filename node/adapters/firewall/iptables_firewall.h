// SPDX-License-Identifier: Apache-2.0
// The default firewall: ipsets and a few iptables rules that match them.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/adapters/firewall/firewall_watcher.h"
#include "node/adapters/firewall/ipset_netlink.h"
#include "node/adapters/firewall/look_schedule.h"
#include "node/adapters/firewall/rule_plan.h"
#include "node/adapters/firewall/set_canary.h"
#include "node/adapters/firewall/xtables.h"
#include "node/core/firewall.h"

namespace breakwater {

// Sets `breakwater4` and `breakwater6`, and one DROP rule that matches them at position 1 of each chain of
// wanted_chains() (rule_plan.h) and of PREROUTING in the raw table, in the variant of iptables that holds Docker's
// chains. Bans go in by netlink, in this process; programs run only to read and mend rules. The kernel's timeouts lift
// bans even if this process is dead.
//
// Healing: rules that are missing go back at once, whoever took them away. A rule of ours below one that may accept the
// same packets goes back to the top, with a growing pause if somebody else wants the top too; below one that only
// drops or logs it stays. Meanwhile the rules in PREROUTING drop those packets. Where the kernel has no raw table it
// does without, and such a pause is a problem of which heal() tells.
//
// At most 1,048,576 addresses or prefixes of each family; beyond, a ban is refused with "the set is full". One thread.
// Acts in the network namespace of the thread that opened it, which must call it.
// Needs CAP_NET_ADMIN and CAP_NET_RAW (xtables.h).
class IptablesFirewall final : public Firewall {
 public:
  struct Options {
    std::string set_v4 = "breakwater4";
    std::string set_v6 = "breakwater6";
    std::uint32_t max_elements = 1u << 20;
  };

  // Opens what it needs and changes nothing. `clock` must outlive it. Errors say what the host lacks.
  static Result<std::unique_ptr<IptablesFirewall>> open(const Clock& clock, Options options);
  static Result<std::unique_ptr<IptablesFirewall>> open(const Clock& clock) { return open(clock, Options{}); }

  Result<void> install() override;
  std::vector<std::string> apply(const std::vector<FirewallChange>& changes) override;
  Result<std::vector<FirewallEntry>> list() override;
  Result<FirewallHealth> heal() override;
  Result<void> remove() override;
  int watch_fd() const override { return watcher_.fd(); }

 private:
  // Our rules in one table.
  struct Fence {
    std::string_view table;
    std::vector<std::string> places = {};  // chains
    std::set<std::string> shadowed = {};   // those where a foreign rule stood above ours when we last looked
    bool failed = false;                   // it could not be read, or not be put in order
    bool in_effect = false;                // all rules stand, and nothing above them may accept
    std::string problem = {};
  };
  // One address family.
  struct Side {
    bool v4 = true;
    std::string set;
    Xtables tables;
    SetCanary canary;
    Fence early{.table = kRawTable};
    Fence filter{.table = kFilterTable};
    std::string set_problem;

    std::string label() const { return v4 ? "ip " : "ip6 "; }
    // As the places are told: "ip INPUT", "ip raw PREROUTING".
    std::string place(const Fence& fence, const std::string& chain) const;
    // Either fence is enough.
    bool enforcing() const;
    std::string problem() const;
  };

  IptablesFirewall(const Clock& clock, Options options, IpsetNetlink sets, FirewallWatcher watcher)
      : clock_(clock), options_(std::move(options)), sets_(std::move(sets)), watcher_(std::move(watcher)) {}

  // Makes the set if it is not there; true if it had to.
  Result<bool> ensure_set(Side& side);
  void check_set(Side& side, Tick now);
  void check_rules(Side& side, Tick now);
  void check_fence(Side& side, Fence& fence, Tick now);
  Result<RulePlan> mend(Side& side, const Fence& fence, Tick now);
  Result<bool> follow_docker(Side& side);
  void account(const Side& side, Fence& fence, const RulePlan& plan, Tick now);
  void apply_side(Side& side, const std::vector<FirewallChange>& changes, std::vector<std::string>& errors);
  std::vector<IpsetFailure> apply_ops(Side& side, const std::vector<IpsetOp>& ops);
  FirewallHealth report();

  const Clock& clock_;
  Options options_;
  IpsetNetlink sets_;
  FirewallWatcher watcher_;
  std::vector<Side> sides_;  // IPv4, and IPv6 where the kernel has it
  LookSchedule schedule_;
  RepositionBackoff backoff_;
  bool installed_ = false;
  bool entries_lost_ = false;
  std::uint64_t repairs_ = 0;
  std::uint64_t contended_ = 0;
};

}  // namespace breakwater
