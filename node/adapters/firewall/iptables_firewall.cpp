// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/iptables_firewall.h"

#include <algorithm>

#include "common/log/log.h"

namespace breakwater {

Result<std::unique_ptr<IptablesFirewall>> IptablesFirewall::open(const Clock& clock, Options options) {
  auto sets = IpsetNetlink::open();
  if (!sets) return sets.error();
  auto watcher = FirewallWatcher::open();
  if (!watcher) return watcher.error();
  auto families = Xtables::detect_families();
  if (!families) return families.error();
  std::unique_ptr<IptablesFirewall> firewall(
      new IptablesFirewall(clock, std::move(options), std::move(*sets), std::move(*watcher)));
  for (Xtables& tables : *families) {
    const bool v4 = tables.v4();
    firewall->watcher_.watch_legacy(v4, tables.variant() == XtablesVariant::legacy);
    firewall->sides_.push_back(Side{.v4 = v4,
                                    .set = v4 ? firewall->options_.set_v4 : firewall->options_.set_v6,
                                    .tables = std::move(tables),
                                    .canary = {},
                                    .set_problem = {}});
  }
  return firewall;
}

Result<void> IptablesFirewall::install() {
  const Tick now = clock_.steady();
  schedule_.looked(now);
  for (auto& side : sides_) {
    if (const auto made = ensure_set(side); !made) return made.error();
    check_rules(side, now);
    if (side.filter.failed && side.early.failed) return Error(side.filter.problem);
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
  side.set_problem = made ? "" : made.error().message();
  if (!made) return;
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
  check_fence(side, side.filter, now);  // first: it may find another variant of iptables
  const bool failed = side.early.failed;
  check_fence(side, side.early, now);
  if (side.early.failed && !failed) {
    log_warning("firewall.no_early_rules", {{"family", side.v4 ? "ip" : "ip6"}, {"why", side.early.problem}});
  }
}

void IptablesFirewall::check_fence(Side& side, Fence& fence, Tick now) {
  auto plan = mend(side, fence, now);
  // Somebody else edited between our reading and our writing: once more.
  if (!plan) plan = mend(side, fence, now);
  fence.failed = !plan;
  if (plan) return account(side, fence, *plan, now);
  fence.places.clear();
  fence.in_effect = false;
  fence.problem = plan.error().message();
  // A kernel without the raw table is asked again as often as we look anyway.
  if (fence.table == kFilterTable) schedule_.again_at(now + std::chrono::seconds(1));
}

Result<RulePlan> IptablesFirewall::mend(Side& side, const Fence& fence, Tick now) {
  const bool early = fence.table == kRawTable;
  auto table = side.tables.read(fence.table);
  if (!table) return table.error();
  if (!early && !has_docker_chains(*table)) {
    const auto followed = follow_docker(side);
    if (!followed) return followed.error();
    if (*followed) table = side.tables.read(fence.table);
    if (!table) return table.error();
  }
  const auto may_move = [&](const std::string& chain) { return backoff_.allows(side.place(fence, chain), now); };
  const auto plan = early ? plan_early_rules(*table, side.set, may_move) : plan_rules(*table, side.set, may_move);
  if (const auto edited = side.tables.edit(fence.table, plan.edits); !edited) return edited.error();
  return plan;
}

// dockerd may have started after us, with the other variant of iptables. True if we changed over to it.
Result<bool> IptablesFirewall::follow_docker(Side& side) {
  auto found = Xtables::detect(side.v4);
  if (!found) return found.error();
  if (found->variant() == side.tables.variant()) return false;
  log_info("firewall.variant", {{"was", side.tables.name()}, {"is", found->name()}});
  const auto cleaned = remove_all_rules(side.tables);
  side.tables = std::move(*found);
  watcher_.watch_legacy(side.v4, side.tables.variant() == XtablesVariant::legacy);
  if (!cleaned) return cleaned.error();
  return true;
}

void IptablesFirewall::account(const Side& side, Fence& fence, const RulePlan& plan, Tick now) {
  fence.places = plan.places;
  fence.in_effect = plan.enforcing;
  fence.problem.clear();
  if (installed_ && !plan.missing.empty()) {
    repairs_ += plan.missing.size();
    std::string places;
    for (const auto& chain : plan.missing)
      places += (places.empty() ? "" : ", ") + side.place(fence, chain);
    log_warning("firewall.repaired", {{"places", places}});
  }
  std::set<std::string> shadowed;
  for (const auto& shadow : plan.shadows) {
    const std::string key = side.place(fence, shadow.chain);
    if (!fence.shadowed.contains(shadow.chain)) ++contended_;
    if (shadow.moved) {
      backoff_.moved(key, now);
      log_info("firewall.moved_up", {{"chain", key}, {"above", shadow.by}});
      continue;
    }
    shadowed.insert(shadow.chain);
    schedule_.again_at(backoff_.next(key));
    if (shadow.chain != "DOCKER") fence.problem = key + ": a rule above ours may accept: " + shadow.by;
  }
  fence.shadowed = std::move(shadowed);
}

std::string IptablesFirewall::Side::place(const Fence& fence, const std::string& chain) const {
  return label() + (fence.table == kRawTable ? "raw " : "") + chain;
}

bool IptablesFirewall::Side::enforcing() const {
  return set_problem.empty() && (early.in_effect || filter.in_effect);
}

std::string IptablesFirewall::Side::problem() const {
  if (!set_problem.empty()) return set_problem;
  return filter.failed || !enforcing() ? filter.problem : "";
}

FirewallHealth IptablesFirewall::report() {
  FirewallHealth health{.enforcing = true,
                        .places = {},
                        .repairs = repairs_,
                        .contended = contended_,
                        .entries_lost = std::exchange(entries_lost_, false),
                        .problem = {}};
  for (const auto& side : sides_) {
    health.enforcing = health.enforcing && side.enforcing();
    for (const auto* fence : {&side.early, &side.filter}) {
      for (const auto& chain : fence->places)
        health.places.push_back(side.place(*fence, chain));
    }
    const auto problem = side.problem();
    if (!problem.empty()) health.problem += (health.problem.empty() ? "" : "; ") + problem;
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
    if (const auto done = remove_all_rules(side.tables); !done) return done;
    if (const auto done = sets_.destroy(side.set); !done) return done.error();
    side.canary.lost();
    side.early = {.table = kRawTable};
    side.filter = {.table = kFilterTable};
  }
  installed_ = false;
  return {};
}

}  // namespace breakwater
