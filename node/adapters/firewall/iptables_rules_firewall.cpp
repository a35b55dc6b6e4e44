// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/iptables_rules_firewall.h"

#include "common/log/log.h"

namespace breakwater {
namespace {

std::size_t new_rules(const BanEnds& before, const BanEnds& after, std::size_t chains) {
  std::size_t count = 0;
  for (const auto& [who, until] : after) {
    const auto old = before.find(who);
    if (old == before.end() || old->second != until) count += chains;
  }
  return count;
}

}  // namespace

Result<std::unique_ptr<IptablesRulesFirewall>> IptablesRulesFirewall::open(const Clock& clock) {
  auto watcher = FirewallWatcher::open();
  if (!watcher) return watcher.error();
  auto families = Xtables::detect_families();
  if (!families) return families.error();
  std::unique_ptr<IptablesRulesFirewall> firewall(new IptablesRulesFirewall(clock, std::move(*watcher)));
  for (Xtables& tables : *families) {
    const bool v4 = tables.v4();
    firewall->watcher_.watch_legacy(v4, tables.variant() == XtablesVariant::legacy);
    firewall->sides_.push_back(Side{.v4 = v4,
                                    .tables = std::move(tables),
                                    .bans = {},
                                    .shadowed = false,
                                    .places = {},
                                    .enforcing = false,
                                    .problem = {}});
  }
  return firewall;
}

Result<void> IptablesRulesFirewall::install() {
  schedule_.looked(clock_.steady());
  for (auto& side : sides_) {
    const auto table = side.tables.read(kFilterTable);
    if (!table) return table.error();
    // IptablesFirewall's, if it was here before.
    if (const auto done = remove_rules(side.tables, kRawTable); !done) return done;
    side.bans = bans_in(*table);
    if (const auto done = enforce(side, side.bans); !done) return done.error();
  }
  return {};
}

Result<void> IptablesRulesFirewall::enforce(Side& side, BanEnds wanted) {
  auto done = try_enforce(side, wanted);
  // Somebody else edited between our reading and our writing: once more.
  if (!done) done = try_enforce(side, wanted);
  side.enforcing = done.has_value();
  if (!done) {
    side.problem = done.error().message();
    schedule_.again_at(clock_.steady() + std::chrono::seconds(1));
    return done;
  }
  side.bans = std::move(wanted);
  return done;
}

Result<void> IptablesRulesFirewall::try_enforce(Side& side, const BanEnds& wanted) {
  const auto table = side.tables.read(kFilterTable);
  if (!table) return table.error();
  const Tick now = clock_.steady();
  const bool may_move = backoff_.allows(side.label(), now);
  const auto plan = plan_bans(*table, wanted, may_move);
  if (const auto done = side.tables.edit(kFilterTable, plan.edits); !done) return done;

  const auto chains = ban_chains(*table);
  side.places = chains;
  const std::size_t added = new_rules(side.bans, wanted, chains.size());
  repairs_ += plan.missing > added ? plan.missing - added : 0;
  side.problem.clear();
  if (!plan.shadow.empty() && !side.shadowed) ++contended_;
  side.shadowed = !plan.shadow.empty() && !may_move;
  if (!plan.shadow.empty() && may_move) backoff_.moved(side.label(), now);
  if (side.shadowed) {
    side.problem = side.label() + plan.shadow + ": this rule above ours may accept";
    schedule_.again_at(backoff_.next(side.label()));
  }
  return {};
}

std::vector<std::string> IptablesRulesFirewall::apply(const std::vector<FirewallChange>& changes) {
  std::vector<std::string> errors(changes.size());
  const Timestamp now = clock_.wall();
  for (auto& side : sides_) {
    BanEnds wanted = side.bans;
    std::vector<std::size_t> origin;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const auto& change = changes[i];
      if (change.who.is_v4() != side.v4) continue;
      if (change.who.length() == 0) {
        errors[i] = change.who.text() + " is everybody";
      } else if (lifts(change)) {
        wanted.erase(change.who);
        origin.push_back(i);
      } else if (wanted.size() >= kMaxBans && !wanted.contains(change.who)) {
        errors[i] = change.who.text() + ": no more than " + std::to_string(kMaxBans) + " rules: use backend iptables";
      } else {
        std::optional<Timestamp> until;
        if (change.remaining) until = std::chrono::ceil<std::chrono::seconds>(now + kernel_seconds(*change.remaining));
        wanted[change.who] = until;
        origin.push_back(i);
      }
    }
    if (origin.empty()) continue;
    const auto done = enforce(side, std::move(wanted));
    for (const std::size_t i : origin)
      errors[i] = done ? "" : done.error().message();
  }
  if (sides_.size() == 2) return errors;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (!changes[i].who.is_v4() && !lifts(changes[i])) errors[i] = "this kernel has no IPv6";
  }
  return errors;
}

Result<std::vector<FirewallEntry>> IptablesRulesFirewall::list() {
  std::vector<FirewallEntry> entries;
  const Timestamp now = clock_.wall();
  for (const auto& side : sides_) {
    const auto table = side.tables.read(kFilterTable);
    if (!table) return table.error();
    for (const auto& [who, until] : bans_in(*table)) {
      if (until && *until <= now) continue;  // heal() takes it out
      entries.push_back(
          {who, until ? std::optional(std::min<Duration>(*until - now, kLongestKernelBan)) : std::nullopt});
    }
  }
  return entries;
}

void IptablesRulesFirewall::expire(Side& side) {
  const Timestamp now = clock_.wall();
  BanEnds wanted = side.bans;
  std::erase_if(wanted, [&](const auto& ban) { return ban.second && *ban.second <= now; });
  if (wanted.size() == side.bans.size()) return;
  // A failure stands in side.problem, and the next round tries again.
  [[maybe_unused]] const auto done = enforce(side, std::move(wanted));
}

Result<FirewallHealth> IptablesRulesFirewall::heal() {
  const Tick now = clock_.steady();
  if (watcher_.changed()) schedule_.on_change(now);
  for (auto& side : sides_)
    expire(side);
  if (schedule_.due(now)) {
    schedule_.looked(now);
    for (auto& side : sides_)
      [[maybe_unused]] const auto done = enforce(side, side.bans);
  } else {
    watcher_.wake_in(schedule_.next() - now);
  }
  return report();
}

FirewallHealth IptablesRulesFirewall::report() {
  FirewallHealth health{.enforcing = true,
                        .places = {},
                        .repairs = repairs_,
                        .contended = contended_,
                        .entries_lost = false,
                        .problem = {}};
  std::size_t rules = 0;
  for (const auto& side : sides_) {
    health.enforcing = health.enforcing && side.enforcing && !side.shadowed;
    for (const auto& chain : side.places)
      health.places.push_back(side.label() + chain);
    if (!side.problem.empty()) health.problem += (health.problem.empty() ? "" : "; ") + side.problem;
    rules += side.bans.size();
  }
  const bool many = rules > kWarnBeyond;
  if (many) {
    health.problem += (health.problem.empty() ? "" : "; ") + std::to_string(rules) +
                      " rules, and every packet walks through them: use backend iptables";
  }
  if (many && !warned_) log_warning("firewall.many_rules", {{"rules", rules}, {"better", "backend iptables"}});
  warned_ = many;
  return health;
}

Result<void> IptablesRulesFirewall::remove() {
  for (auto& side : sides_) {
    if (const auto done = remove_all_rules(side.tables); !done) return done;
    side.bans.clear();
    side.places.clear();
    side.enforcing = false;
  }
  return {};
}

}  // namespace breakwater
