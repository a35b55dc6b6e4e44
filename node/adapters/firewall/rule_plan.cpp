// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/rule_plan.h"

#include <algorithm>

#include "node/adapters/firewall/look_schedule.h"

namespace breakwater {
namespace {

constexpr std::string_view kEarlyChain = "PREROUTING";

// iptables-save may print the words in another order or quote them: the same words are the same rule.
std::vector<std::string> sorted_words(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  return words;
}

// What a chain holds of ours, against what it should hold.
struct Holding {
  std::vector<std::size_t> places;  // indices of all of ours
  bool complete = false;            // each wanted rule is there
  bool proper = false;              // just those, once each, in order
};

Holding holding_of(const std::vector<TableRule>& rules, const std::vector<std::string>& wanted) {
  Holding holding;
  std::vector<std::vector<std::string>> ours;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i].is_ours()) continue;
    holding.places.push_back(i);
    ours.push_back(sorted_words(rules[i].words));
  }
  std::vector<std::vector<std::string>> proper;
  for (const auto& rule : wanted)
    proper.push_back(sorted_words(split_words(rule)));
  holding.proper = ours == proper;
  holding.complete = std::all_of(proper.begin(), proper.end(), [&](const auto& rule) {
    return std::find(ours.begin(), ours.end(), rule) != ours.end();
  });
  return holding;
}

void take_out(const std::string& chain, const std::vector<TableRule>& rules, std::vector<std::string>& edits) {
  for (const auto& rule : rules) {
    if (rule.is_ours()) edits.push_back("-D " + chain + " " + rule.text);
  }
}

void plan_chain(const RuleTable& table, const std::string& chain, const std::vector<std::string>& wanted,
                const std::function<bool(const std::string&)>& may_move, RulePlan& plan) {
  const auto& rules = table.rules(chain);
  const auto ours = holding_of(rules, wanted);
  if (!ours.complete) plan.missing.push_back(chain);

  bool rewrite = !ours.proper;
  const std::size_t lowest = ours.places.empty() ? 0 : ours.places.back();
  const std::size_t above = table.first_accepting(chain, lowest);
  if (above < lowest) {
    const bool move = rewrite || may_move(chain);
    plan.shadows.push_back({chain, rules[above].text, move});
    if (!move && chain != "DOCKER") plan.enforcing = false;
    rewrite = rewrite || move;
  }
  plan.places.push_back(chain);
  if (!rewrite) return;
  take_out(chain, rules, plan.edits);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    plan.edits.push_back("-I " + chain + " " + std::to_string(i + 1) + " " + wanted[i]);
  }
}

// Chains where ours are not needed (any more): they may stay if they are in order. Docker's chains come and go while
// dockerd restarts, and a rule too many drops nothing that another does not drop.
void tidy_chain(const std::string& chain, const std::vector<TableRule>& rules, const std::vector<std::string>& wanted,
                RulePlan& plan) {
  const auto ours = holding_of(rules, wanted);
  if (ours.proper) plan.places.push_back(chain);
  if (!ours.proper) take_out(chain, rules, plan.edits);
}

}  // namespace

std::vector<std::string> set_rules(std::string_view set, std::string_view chain) {
  const auto rule = [&](const char* side) {
    return "-m set --match-set " + std::string(set) + " " + side + " -m comment --comment " + std::string(kSetComment) +
           " -j DROP";
  };
  if (chain == kEarlyChain || chain == "DOCKER-USER" || chain == "FORWARD") return {rule("src"), rule("dst")};
  return {rule("src")};
}

std::vector<std::string> wanted_chains(const RuleTable& table) {
  std::vector<std::string> wanted;
  const auto& forward = table.rules("FORWARD");
  const auto jump =
      std::find_if(forward.begin(), forward.end(), [](const TableRule& rule) { return rule.text == "-j DOCKER-USER"; });
  const auto place = static_cast<std::size_t>(jump - forward.begin());
  const bool reached = jump != forward.end() && table.has("DOCKER-USER");
  if (table.has("DOCKER")) wanted.push_back("DOCKER");
  if (reached) wanted.push_back("DOCKER-USER");
  if (!reached || table.first_accepting("FORWARD", place) < place) wanted.push_back("FORWARD");
  wanted.push_back("INPUT");
  return wanted;
}

bool RepositionBackoff::allows(const std::string& key, Tick now) const {
  return now >= next(key);
}

Tick RepositionBackoff::next(const std::string& key) const {
  const auto found = quarrels_.find(key);
  return found == quarrels_.end() ? Tick::min() : found->second.last + found->second.wait;
}

constexpr Duration kFirstWait{250};
constexpr Duration kPeace{2'000};

void RepositionBackoff::moved(const std::string& key, Tick now) {
  const auto [at, first] = quarrels_.try_emplace(key, Quarrel{now, kFirstWait});
  if (first) return;
  auto& quarrel = at->second;
  const Duration peace = std::max(kPeace, quarrel.wait * 2);
  quarrel.wait = now - quarrel.last > peace ? kFirstWait : std::min(quarrel.wait * 2, LookSchedule::kRoutine);
  quarrel.last = now;
}

RulePlan plan_rules(const RuleTable& filter, std::string_view set,
                    const std::function<bool(const std::string& chain)>& may_move) {
  RulePlan plan;
  plan.enforcing = true;
  const auto wanted = wanted_chains(filter);
  for (const auto& chain : wanted)
    plan_chain(filter, chain, set_rules(set, chain), may_move, plan);
  for (const auto& [chain, rules] : filter.chains) {
    if (std::find(wanted.begin(), wanted.end(), chain) != wanted.end()) continue;
    tidy_chain(chain, rules, set_rules(set, chain), plan);
  }
  return plan;
}

RulePlan plan_early_rules(const RuleTable& raw, std::string_view set,
                          const std::function<bool(const std::string& chain)>& may_move) {
  RulePlan plan;
  plan.enforcing = true;
  plan_chain(raw, std::string(kEarlyChain), set_rules(set, kEarlyChain), may_move, plan);
  return plan;
}

std::vector<std::string> removal_edits(const RuleTable& table) {
  std::vector<std::string> edits;
  for (const auto& [chain, rules] : table.chains)
    take_out(chain, rules, edits);
  return edits;
}

}  // namespace breakwater
