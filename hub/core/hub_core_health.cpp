// SPDX-License-Identifier: Apache-2.0
// HubCore: what is wrong, and what was counted.
#include <algorithm>

#include "hub/core/hub_core.h"

namespace breakwater {

std::vector<std::string> HubCore::problems() const {
  std::vector<std::string> found;
  if (!ledger_error_.empty()) found.push_back("the ledger does not commit: " + ledger_error_);
  if (log_.full()) found.push_back("the ban table is full: new bans are refused");
  std::vector<std::string> lost, lagging;
  for (const auto& [name, view] : roster_.all()) {
    if (!roster_.is_enrolled(name)) continue;
    if (view.state == NodeState::lost || view.state == NodeState::late) lost.push_back(name);
    if (view.lagging) lagging.push_back(name);
    if (view.failed > 0 && !view.peer.empty()) {
      found.push_back("NOT ENFORCED on " + name + ": " + std::to_string(view.failed) + " bans");
    }
  }
  const auto list = [&](const char* what, const std::vector<std::string>& names) {
    if (names.empty()) return;
    std::string text = std::to_string(names.size()) + (names.size() == 1 ? " node " : " nodes ") + what + ":";
    for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 8); ++i)
      text += " " + names[i];
    if (names.size() > 8) text += " ...";
    found.push_back(std::move(text));
  };
  list("away", lost);
  list("behind", lagging);
  return found;
}

std::map<std::string, std::uint64_t> HubCore::counters() const {
  const FleetPolicy::Counters& policy = policy_.counters();
  std::map<std::string, std::uint64_t> all = {
      {"offences", counters_.offences},
      {"duplicates", counters_.duplicates},
      {"offence_gaps", counters_.offence_gaps},
      {"offences_refused_busy", counters_.offences_refused_busy},
      {"ignored", policy.ignored},
      {"observed", policy.observed},
      {"late_offences", policy.late_offences},
      {"future_clock", policy.future_clock},
      {"unknown_jail", policy.unknown_jail},
      {"bans", policy.bans},
      {"extended", policy.extended},
      {"enough", policy.enough},
      {"already_past", policy.already_past},
      {"capped", policy.capped},
      {"windows_evicted", policy_.sightings().evicted()},
      {"bad_frames", counters_.bad_frames},
      {"rejected", counters_.rejected},
      {"replaced", counters_.replaced},
      {"not_greeted", counters_.not_greeted},
      {"snapshots", counters_.snapshots},
      {"resends", counters_.resends},
      {"lagged", counters_.lagged},
      {"sends_full", counters_.sends_full},
      {"epochs", counters_.epochs},
      {"queries", counters_.queries},
      {"busy_lookups", counters_.busy_lookups},
      {"replies_dropped", counters_.replies_dropped},
      {"watch_dropped", watchers_.dropped()},
  };
  all.insert(gauges_.begin(), gauges_.end());
  return all;
}

NodeState HubCore::node_state(const std::string& name) const {
  const NodeView* view = roster_.find(name);
  return view == nullptr ? NodeState::never : view->state;
}

}  // namespace breakwater
