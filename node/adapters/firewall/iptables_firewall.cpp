// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/iptables_firewall.h"

#include <algorithm>

#include <unistd.h>

#include "common/log/log.h"

namespace breakwater {
namespace {

bool kernel_has_ipv6() {
  return ::access("/proc/thread-self/net/if_inet6", F_OK) == 0;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

Result<std::unique_ptr<IptablesFirewall>> IptablesFirewall::open(const Clock& clock, Options options) {
  auto sets = IpsetNetlink::open();
  if (!sets) return sets.error();
  auto watcher = FirewallWatcher::open();
  if (!watcher) return watcher.error();
  std::unique_ptr<IptablesFirewall> firewall(
      new IptablesFirewall(clock, std::move(options), std::move(*sets), std::move(*watcher)));
  for (const bool v4 : {true, false}) {
    if (!v4 && !kernel_has_ipv6()) continue;
    auto tables = Xtables::detect(v4);
    if (!tables) return tables.error();
    const auto& names = firewall->options_;
    firewall->sides_.push_back(Side{.v4 = v4,
                                    .set = v4 ? names.set_v4 : names.set_v6,
                                    .tables = std::move(*tables),
                                    .canary = {},
                                    .shadowed = {},
                                    .places = {},
                                    .enforcing = false,
                                    .problem = {}});
  }
  firewall->watch_variants();
  return firewall;
}

void IptablesFirewall::watch_variants() {
  bool legacy[2] = {false, false};
  for (const auto& side : sides_)
    legacy[side.v4 ? 0 : 1] = side.tables.variant() == XtablesVariant::legacy;
  watcher_.watch_legacy(legacy[0], legacy[1]);
}

Result<void> IptablesFirewall::install() {
  const Tick now = clock_.steady();
  schedule_.looked(now);
  for (auto& side : sides_) {
    if (const auto made = ensure_set(side); !made) return made.error();
    check_rules(side, now);
    if (side.places.empty()) return Error(side.problem);
  }
  installed_ = true;
  return {};
}

Result<bool> IptablesFirewall::ensure_set(Side& side) {
  const auto there = sets_.header(side.set);
  if (!there) return there.error();
  if (there->has_value()) {
    if ((*there)->type == "hash:net" && (*there)->v4 == side.v4) return false;
    return Error("there is a foreign ipset " + side.set + " of type " + (*there)->type + ": remove it (ipset destroy " +
                 side.set + ")");
  }
  const auto made = sets_.create(side.set, {.v4 = side.v4, .max_elements = options_.max_elements});
  if (!made) return made.error();
  return true;
}

Result<FirewallHealth> IptablesFirewall::heal() {
  const Tick now = clock_.steady();
  if (watcher_.changed()) schedule_.on_change(now);
  for (auto& side : sides_)
    check_set(side, now);
  if (schedule_.due(now)) {
    schedule_.looked(now);
    for (auto& side : sides_)
      check_rules(side, now);
  } else {
    watcher_.wake_in(schedule_.next() - now);
  }
  return report();
}

void IptablesFirewall::check_set(Side& side, Tick now) {
  const auto made = ensure_set(side);
  if (!made) {
    side.problem = made.error().message();
    side.enforcing = false;
    return;
  }
  const auto wanted = side.canary.wanted(now);
  if (*made) {
    // A set that is gone had no rule, for a rule keeps its set alive.
    schedule_.on_loss(now);
    entries_lost_ = entries_lost_ || installed_;
    repairs_ += installed_ ? 1 : 0;
    side.canary.lost();
    return;
  }
  if (!wanted) return;
  const auto alive = sets_.contains(side.set, *wanted);
  if (!alive) return;
  if (*alive) return side.canary.seen();
  log_warning("firewall.set_emptied", {{"set", side.set}, {"missing", wanted->text()}});
  entries_lost_ = true;
  side.canary.lost();
}

void IptablesFirewall::check_rules(Side& side, Tick now) {
  auto plan = mend_rules(side, now);
  // Somebody else edited between our reading and our writing: once more.
  if (!plan) plan = mend_rules(side, now);
  if (!plan) {
    side.enforcing = false;
    side.problem = plan.error().message();
    schedule_.again_at(now + std::chrono::seconds(1));
    return;
  }
  account(side, *plan, now);
}

Result<RulePlan> IptablesFirewall::mend_rules(Side& side, Tick now) {
  auto table = side.tables.read();
  if (!table) return table.error();
  if (!has_docker_chains(*table)) {
    const auto followed = follow_docker(side, *table);
    if (!followed) return followed.error();
    if (*followed) table = side.tables.read();
    if (!table) return table.error();
  }
  const auto plan = plan_rules(*table, side.set,
                               [&](const std::string& chain) { return backoff_.allows(side.label() + chain, now); });
  if (const auto edited = side.tables.edit(plan.edits); !edited) return edited.error();
  return plan;
}

// dockerd may have started after us, with the other variant of iptables. True if we changed over to it.
Result<bool> IptablesFirewall::follow_docker(Side& side, const FilterTable& table) {
  auto found = Xtables::detect(side.v4);
  if (!found) return found.error();
  if (found->variant() == side.tables.variant()) return false;
  log_info("firewall.variant", {{"was", side.tables.name()}, {"is", found->name()}});
  const auto cleaned = side.tables.edit(removal_edits(table));
  side.tables = std::move(*found);
  watch_variants();
  if (!cleaned) return cleaned.error();
  return true;
}

void IptablesFirewall::account(Side& side, const RulePlan& plan, Tick now) {
  side.places = plan.places;
  side.enforcing = plan.enforcing;
  side.problem.clear();
  if (installed_) repairs_ += plan.missing.size();
  if (installed_ && !plan.missing.empty()) {
    log_warning("firewall.repaired", {{"family", side.v4 ? "ip" : "ip6"}, {"chains", joined(plan.missing)}});
  }
  std::set<std::string> shadowed;
  for (const auto& shadow : plan.shadows) {
    const std::string key = side.label() + shadow.chain;
    shadowed.insert(shadow.chain);
    if (!side.shadowed.contains(shadow.chain)) ++contended_;
    if (shadow.moved) {
      backoff_.moved(key, now);
      shadowed.erase(shadow.chain);
      log_info("firewall.moved_up", {{"chain", key}, {"above", shadow.by}});
      continue;
    }
    schedule_.again_at(backoff_.next(key));
    if (shadow.chain != "DOCKER") side.problem = key + ": a rule above ours may accept: " + shadow.by;
  }
  side.shadowed = std::move(shadowed);
}

FirewallHealth IptablesFirewall::report() {
  FirewallHealth health{.enforcing = true,
                        .places = {},
                        .repairs = repairs_,
                        .contended = contended_,
                        .entries_lost = std::exchange(entries_lost_, false),
                        .problem = {}};
  for (const auto& side : sides_) {
    health.enforcing = health.enforcing && side.enforcing;
    for (const auto& chain : side.places)
      health.places.push_back(side.label() + chain);
    if (!side.problem.empty()) health.problem += (health.problem.empty() ? "" : "; ") + side.problem;
  }
  return health;
}

std::vector<std::string> IptablesFirewall::apply(const std::vector<FirewallChange>& changes) {
  std::vector<std::string> errors(changes.size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (changes[i].who.length() == 0) errors[i] = changes[i].who.text() + " is everybody";
  }
  for (auto& side : sides_)
    apply_side(side, changes, errors);
  if (sides_.size() == 2) return errors;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (!changes[i].who.is_v4() && !lifts(changes[i])) errors[i] = "this kernel has no IPv6";
  }
  return errors;
}

void IptablesFirewall::apply_side(Side& side, const std::vector<FirewallChange>& changes,
                                  std::vector<std::string>& errors) {
  std::vector<IpsetOp> ops;
  std::vector<std::size_t> origin;
  ops.reserve(changes.size());
  origin.reserve(changes.size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const auto& change = changes[i];
    if (change.who.is_v4() != side.v4 || change.who.length() == 0) continue;
    const bool lift = lifts(change);
    const auto timeout = lift || !change.remaining ? 0 : kernel_seconds(*change.remaining).count();
    ops.push_back({change.who, static_cast<std::uint32_t>(timeout), lift});
    origin.push_back(i);
  }
  if (ops.empty()) return;
  const auto failures = apply_ops(side, ops);
  std::vector<bool> failed(ops.size());
  for (const auto& failure : failures) {
    failed[failure.index] = true;
    errors[origin[failure.index]] =
        "set " + side.set + ": " + ops[failure.index].who.text() + ": " + ipset_error_text(failure.code);
  }
  const Tick now = clock_.steady();
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if (failed[i]) continue;
    if (ops[i].lift) {
      side.canary.lifted(ops[i].who);
    } else {
      side.canary.added(ops[i].who, ops[i].timeout == 0 ? Tick::max() : now + std::chrono::seconds(ops[i].timeout));
    }
  }
}

std::vector<IpsetFailure> IptablesFirewall::apply_ops(Side& side, const std::vector<IpsetOp>& ops) {
  auto failures = sets_.apply(side.set, ops);
  const bool no_set = std::any_of(failures.begin(), failures.end(), [](const auto& f) { return f.code == ENOENT; });
  if (!no_set) return failures;
  // Destroyed behind our back: the next heal() says so and puts the rules back.
  const auto made = ensure_set(side);
  if (!made || !*made) return failures;
  entries_lost_ = entries_lost_ || installed_;
  side.canary.lost();
  schedule_.on_loss(clock_.steady());
  return sets_.apply(side.set, ops);
}

Result<std::vector<FirewallEntry>> IptablesFirewall::list() {
  std::vector<FirewallEntry> entries;
  const Tick now = clock_.steady();
  for (auto& side : sides_) {
    const auto there = sets_.header(side.set);
    if (!there) return there.error();
    if (!there->has_value()) continue;
    const auto elements = sets_.list(side.set);
    if (!elements) return elements.error();
    for (const auto& element : *elements) {
      const auto seconds = std::chrono::seconds(element.timeout);
      entries.push_back({element.who, element.timeout == 0 ? std::nullopt : std::optional<Duration>(seconds)});
      side.canary.added(element.who, element.timeout == 0 ? Tick::max() : now + seconds);
    }
  }
  return entries;
}

Result<void> IptablesFirewall::remove() {
  for (auto& side : sides_) {
    const auto table = side.tables.read();
    if (!table) return table.error();
    if (const auto done = side.tables.edit(removal_edits(*table)); !done) return done.error();
    if (const auto done = sets_.destroy(side.set); !done) return done.error();
    side.canary.lost();
    side.places.clear();
    side.enforcing = false;
  }
  installed_ = false;
  return {};
}

}  // namespace breakwater
