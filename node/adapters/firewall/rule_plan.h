// SPDX-License-Identifier: Apache-2.0
// Which edits bring our rule to where it must stand. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "node/adapters/firewall/rule_table.h"

namespace breakwater {

// Our rules of one chain, from its top: "-m set --match-set breakwater4 src -m comment --comment breakwater -j DROP",
// and in PREROUTING, DOCKER-USER and FORWARD also the same with `dst`: a server that pushes a stream would otherwise go
// on until its window is full, for only the client's acknowledgements would be dropped.
std::vector<std::string> set_rules(std::string_view set, std::string_view chain);

// The chains of this filter table that our rules must stand in:
//   DOCKER       where Docker made it: the article's place
//   DOCKER-USER  if FORWARD jumps there: before ESTABLISHED is accepted, so it cuts live connections
//   FORWARD      if that jump is missing, or a rule above it may accept (27.x may lose the jump: moby#48560)
//   INPUT        host services, host-network containers, docker-proxy
std::vector<std::string> wanted_chains(const RuleTable& table);

// How often we go back to the top where others want it too: at once, then after 250 ms, 500 ms, 1 s, ... 10 s, which is
// how often we look anyway. Two seconds of peace or twice the last wait, whichever is longer, end the quarrel. So two
// programs that both want slot 1 do not fight in a loop, and a starting dockerd, which goes to the top of FORWARD
// several times, leaves us above it within a second, however often it starts. Keys are few: one a chain and family.
class RepositionBackoff {
 public:
  bool allows(const std::string& key, Tick now) const;
  void moved(const std::string& key, Tick now);
  // When a key that may not move now may again.
  Tick next(const std::string& key) const;

 private:
  struct Quarrel {
    Tick last;
    Duration wait;
  };
  std::map<std::string, Quarrel> quarrels_;
};

struct RulePlan {
  std::vector<std::string> edits;    // lines for iptables-restore between "*filter" and "COMMIT"
  std::vector<std::string> places;   // chains that hold our rules once the edits are made
  std::vector<std::string> missing;  // wanted chains that lacked one of them
  struct Shadow {
    std::string chain;
    std::string by;      // the foreign rule above ours that may accept
    bool moved = false;  // the edits move ours above it
  };
  std::vector<Shadow> shadows;
  // All wanted chains hold them, and nothing above can accept: in DOCKER a shadow does not count, because the packets
  // have passed DOCKER-USER or FORWARD before.
  bool enforcing = false;
};

// For the filter table. `may_move` says whether a shadowed chain may be put in order now. Rules of ours that stand
// twice, in another order or in another form than set_rules() are taken out.
RulePlan plan_rules(const RuleTable& filter, std::string_view set,
                    const std::function<bool(const std::string& chain)>& may_move);

// For PREROUTING of the raw table, which every packet passes first: to the host, to a container, and from one. Docker
// accepts nothing there and flushes nothing, so while our rules stand there a ban holds whatever becomes of the others.
RulePlan plan_early_rules(const RuleTable& raw, std::string_view set,
                          const std::function<bool(const std::string& chain)>& may_move);

// Takes out everything of ours in this table.
std::vector<std::string> removal_edits(const RuleTable& table);

}  // namespace breakwater
