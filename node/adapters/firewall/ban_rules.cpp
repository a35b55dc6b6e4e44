// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/ban_rules.h"

#include <charconv>
#include <set>

namespace breakwater {
namespace {

void plan_chain(const std::string& chain, const RuleTable& table, const BanEnds& wanted, bool may_move, BanPlan& plan) {
  const auto& rules = table.rules(chain);
  std::vector<std::size_t> standing;
  std::set<Prefix> kept;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i].is_ours()) continue;
    const auto ban = read_ban_rule(rules[i]);
    const auto want = ban ? wanted.find(ban->first) : wanted.end();
    const bool keep = want != wanted.end() && want->second == ban->second && kept.insert(ban->first).second;
    if (keep)
      standing.push_back(i);
    else
      plan.edits.push_back("-D " + chain + " " + rules[i].text);
  }
  const std::size_t lowest = standing.empty() ? 0 : standing.back();
  const std::size_t above = table.first_accepting(chain, lowest);
  if (above < lowest) {
    plan.shadow = chain + ": " + rules[above].text;
    for (const std::size_t i : standing) {
      if (i < above || !may_move) continue;
      plan.edits.push_back("-D " + chain + " " + rules[i].text);
      plan.edits.push_back("-I " + chain + " 1 " + rules[i].text);
    }
  }
  for (const auto& [who, until] : wanted) {
    if (kept.contains(who)) continue;
    plan.edits.push_back("-I " + chain + " 1 " + ban_rule(who, until));
    ++plan.missing;
  }
}

}  // namespace

std::string ban_rule(const Prefix& who, std::optional<Timestamp> until) {
  std::string text = "-s " + who.address().text() + "/" + std::to_string(who.length()) + " -m comment --comment " +
                     std::string(kBanComment);
  if (until) text += "-" + std::to_string(to_unix_ms(*until) / 1000);
  return text + " -j DROP";
}

std::optional<BanEnds::value_type> read_ban_rule(const TableRule& rule) {
  if (!rule.is_ours() || rule.target != "DROP" || rule.comment() == kSetComment) return std::nullopt;
  const auto who = Prefix::parse(rule.value_of("-s"));
  if (!who) return std::nullopt;
  if (rule.comment() == kBanComment) return BanEnds::value_type{*who, std::nullopt};
  const auto digits = rule.comment().substr(kBanComment.size() + 1);
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  constexpr std::int64_t kFarthest = 1ll << 40;
  if (error != std::errc() || end != digits.data() + digits.size() || seconds < 0 || seconds > kFarthest) {
    return std::nullopt;
  }
  return BanEnds::value_type{*who, from_unix_seconds(seconds)};
}

std::vector<std::string> ban_chains(const RuleTable& table) {
  return {table.has("DOCKER") ? "DOCKER" : "FORWARD", "INPUT"};
}

BanEnds bans_in(const RuleTable& table) {
  BanEnds found;
  for (const auto& [chain, rules] : table.chains) {
    for (const auto& rule : rules) {
      if (const auto ban = read_ban_rule(rule)) found.insert(*ban);
    }
  }
  return found;
}

BanPlan plan_bans(const RuleTable& table, const BanEnds& wanted, bool may_move) {
  BanPlan plan;
  const auto chains = ban_chains(table);
  for (const auto& chain : chains)
    plan_chain(chain, table, wanted, may_move, plan);
  for (const auto& [chain, rules] : table.chains) {
    if (chain == chains[0] || chain == chains[1]) continue;
    for (const auto& rule : rules) {
      if (rule.is_ours()) plan.edits.push_back("-D " + chain + " " + rule.text);
    }
  }
  return plan;
}

}  // namespace breakwater
