// SPDX-License-Identifier: Apache-2.0
// Start, counting, and the effects. What the hub orders stands in node_core_orders.cpp.
#include "node/core/node_core.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/policy/ban_time.h"

namespace breakwater {

namespace {

// A live line whose date is further off than this is dated by our clock (fail2ban 1.0.2 does the same).
constexpr Duration kOddClock = std::chrono::seconds(60);
constexpr Duration kSaveRetry = std::chrono::seconds(1);
constexpr Duration kEnforceRetry = std::chrono::seconds(1);
constexpr Duration kRenewal = std::chrono::hours(1);
constexpr std::size_t kOrdersPerTick = 10'000;
constexpr std::size_t kMostAnnouncements = 1000;

HubSession make_session(const NodeSettings& settings, const StoredNodeState& state) {
  return HubSession({settings.name, settings.instance, settings.software}, state.epoch, state.applied,
                    SpoolCourier(state.spool, state.last_nseq, settings.has_hub ? state.acked : state.last_nseq));
}

std::minstd_rand dice_from(const std::string& instance) {
  std::seed_seq seed(instance.begin(), instance.end());
  return std::minstd_rand(seed);
}

}  // namespace

NodeCore::NodeCore(NodeSettings settings, std::vector<ActiveJail> jails, StoredNodeState state, Timestamp now)
    : settings_(std::move(settings)),
      jails_(std::move(jails)),
      offenders_(settings_.max_offenders),
      history_(settings_.max_history),
      dice_(dice_from(settings_.instance)),
      session_(make_session(settings_, state)),
      durable_(state.applied),
      enforced_(state.applied),
      enforced_at_(now) {
  list_ignored();
  restore(state, now);
}

NodeCore::~NodeCore() = default;

void NodeCore::restore(const StoredNodeState& state, Timestamp now) {
  for (const StoredBan& ban : state.bans) {
    if (ban.until <= now) {
      unsaved_.forget_bans.push_back({ban.who, ban.op, ban.by_hub});
    } else if (ban.op == wire::DecisionOp::allow) {
      allows_.set(ban.who, ban.until);
    } else {
      bans_.set(ban);
    }
  }
  for (const StoredBanCount& count : state.ban_counts)
    history_.note(count.jail, count.who, count.bans);
  // The windows as they were: counted again, without banning again.
  for (const SpoolRecord& record : state.recent) {
    for (std::size_t i = 0; i < jails_.size(); ++i) {
      const JailConfig& jail = jails_[i].config;
      if (jail.name != record.offence.jail) continue;
      const auto count = offenders_.record(i, record.offence.who, record.offence.at, jail.findtime);
      if (static_cast<int>(count) >= jail.maxretry) offenders_.clear(i, record.offence.who);
    }
  }
}

void NodeCore::on_line(const LogLine& line, const std::vector<std::size_t>& jails, Timestamp now) {
  ++counters_.lines;
  for (const std::size_t index : jails) {
    LineFilter& filter = *jails_[index].filter;
    const LineContext context{.now = now, .record_time = line.record_time};
    const FilterMatch match =
        filter.match(filter.wants_raw_json() ? line.raw : line.text, context, memory(index, *line.source));
    switch (match.verdict) {
      case FilterVerdict::no_match:
      case FilterVerdict::pending:
        continue;
      case FilterVerdict::ignored:
        ++counters_.ignored;
        continue;
      case FilterVerdict::no_address:
        if (match.is_name && jails_[index].config.filter.use_dns) {
          on_match(index, match, line, now);
        } else {
          ++counters_.no_address;
        }
        continue;
      case FilterVerdict::engine_failed:
        ++counters_.filter_errors;
        alarms_.raise("filter " + jails_[index].config.filter.name + " gave up on a line", now);
        continue;
      case FilterVerdict::offence:
        on_match(index, match, line, now);
    }
  }
}

void NodeCore::on_match(std::size_t jail, const FilterMatch& match, const LogLine& line, Timestamp now) {
  ++counters_.matched;
  const Timestamp at = sane_time(line, match.at, now);
  if (line.backlog && at <= now - jails_[jail].config.findtime) {
    ++counters_.old_lines;  // as fail2ban: a log first seen is no reason to ban for what was long ago
    return;
  }
  wire::Offence offence;
  offence.at = at;
  offence.who = match.who;
  offence.jail = jails_[jail].config.name;
  const LogSource& source = *line.source;
  offence.container = valid_utf8(source.container.empty() ? source.path : source.container, wire::kMaxName);
  offence.image = valid_utf8(source.image, wire::kMaxName);
  offence.sample = valid_utf8(line.text, wire::kMaxSample);
  if (match.verdict == FilterVerdict::offence) {
    const StoredPosition position{source.id, line.after};
    on_offence(jail, std::move(offence), &position, now);
  } else if (const auto* addresses = names_.known(match.id, now)) {
    on_addresses({jail, std::move(offence)}, *addresses, now);
  } else {
    names_.wait(match.id, {jail, std::move(offence)});
  }
}

void NodeCore::on_addresses(NamedOffence named, const std::vector<Address>& addresses, Timestamp now) {
  if (addresses.empty()) ++counters_.no_address;
  for (const Address& who : addresses) {
    named.offence.who = who;
    on_offence(named.jail, named.offence, nullptr, now);
  }
}

void NodeCore::on_looked_up(const std::string& name, const std::vector<Address>& addresses, Timestamp now) {
  for (NamedOffence& waited : names_.answer(name, addresses, now))
    on_addresses(std::move(waited), addresses, now);
}

// nullptr for a filter that needs none.
FilterMemory* NodeCore::memory(std::size_t jail, const LogSource& source) {
  const LineFilter& filter = *jails_[jail].filter;
  if (!filter.needs_memory()) return nullptr;
  auto& of_log = memories_[source.id];
  of_log.resize(jails_.size());
  if (!of_log[jail]) of_log[jail] = filter.make_memory();
  return of_log[jail].get();
}

Timestamp NodeCore::sane_time(const LogLine& line, Timestamp at, Timestamp now) {
  const bool future = at > now + kOddClock;
  const bool live_but_old = !line.backlog && !line.missed && !line.record_time && at < now - kOddClock;
  if (!future && !live_but_old) return at;
  ++counters_.odd_clock;
  alarms_.raise("dates in " + (line.source->container.empty() ? line.source->path : line.source->container) +
                    " are off by more than a minute: dated by our clock (time zone?)",
                now);
  return now;
}

void NodeCore::on_offence(std::size_t jail, wire::Offence offence, const StoredPosition* position, Timestamp now) {
  const JailConfig& config = jails_[jail].config;
  if (ignored_[jail].covering(offence.who) != nullptr) {
    ++counters_.ignored;
    return;
  }
  const auto* never = never_ban_.forbids(offence.who);
  if (allows_.covering(offence.who) != nullptr || (never != nullptr && never->second.listed)) {
    ++counters_.ignored;
    return;
  }
  if (never != nullptr) {
    ++counters_.refused_never_ban;
    const std::string reason = never->first.text() + " is " + never->second.text;
    if (alarms_.raise("source IP lost: " + offence.container + " logs " + offence.who.text() + " (jail " +
                          offence.jail + "): " + reason,
                      now)) {
      announce(
          true, "offence of an address that is never banned",
          {{"who", offence.who.text()}, {"jail", offence.jail}, {"container", offence.container}, {"reason", reason}});
    }
    return;
  }
  ++counters_.offences;
  offence.nseq = session_.courier().next_nseq();
  count(jail, offence, now);
  if (unsaved_.offences.size() >= settings_.max_unsaved) {
    ++counters_.unsaved_dropped;
    alarms_.raise("the state directory cannot be written: offences are dropped", now);
    return;
  }
  const bool local = !settings_.has_hub || config.fleet_scope == FleetScope::node;
  unsaved_.offences.push_back({std::move(offence), local});
  if (position != nullptr) positions_[position->source] = position->position;
}

void NodeCore::count(std::size_t jail, const wire::Offence& offence, Timestamp now) {
  const JailConfig& config = jails_[jail].config;
  const auto count = offenders_.record(jail, offence.who, offence.at, config.findtime);
  if (static_cast<int>(count) < config.maxretry) return;
  offenders_.clear(jail, offence.who);
  StoredBan order;
  order.who = offence.who;
  const std::uint32_t earlier = history_.earlier(config.name, config.increment.overalljails, offence.who);
  const double dice = std::uniform_real_distribution<double>()(dice_);
  const auto length = ban_time(config.bantime, config.increment, earlier, dice);
  order.until = length ? saturating_add(offence.at, *length) : kForever;
  order.decided_at = now;
  order.jail = config.name;
  if (order.until <= now) {
    ++counters_.old_lines;  // it would be over already
    return;
  }
  if (config.mode == JailMode::observe) {
    announce(false, "would ban",
             {{"who", order.who.text()}, {"jail", order.jail}, {"offences", std::to_string(count)}});
    return;
  }
  const BanTable::Entry* const standing = bans_.find(order.who);
  const bool is_new = standing == nullptr || standing->until() <= now;
  if (!ban(order, count, now)) return;
  ++counters_.bans_local;
  if (is_new) note_ban(config.name, offence.who, now);
}

void NodeCore::note_ban(const std::string& jail, const Address& who, Timestamp now) {
  const bool growing =
      std::any_of(jails_.begin(), jails_.end(), [](const ActiveJail& j) { return j.config.increment.enabled; });
  if (!growing) return;
  history_.note(jail, who);
  if (unsaved_.ban_counts.size() >= settings_.max_history) return;  // the disk refuses for long: counted in memory
  unsaved_.ban_counts.push_back({jail, who, 1, now});
}

void NodeCore::on_positions(std::vector<StoredPosition> positions, std::vector<std::string> forgotten) {
  for (StoredPosition& stored : positions)
    positions_[std::move(stored.source)] = stored.position;
  for (std::string& source : forgotten) {
    positions_.erase(source);
    memories_.erase(source);
    unsaved_.forget_positions.push_back(std::move(source));
  }
}

void NodeCore::on_tick(Timestamp now, Tick tick) {
  send_failed_ = false;
  take_filter_counters();
  alarms_.drop_old(now);
  offenders_.drop_idle(now);
  for (const StoredBanKey& gone : bans_.expire(now)) {
    if (bans_.find(gone.who) == nullptr) ++counters_.expired;
    unsaved_.forget_bans.push_back(gone);
  }
  std::vector<Prefix> ended;
  for (const auto& [who, until] : allows_) {
    if (until <= now) ended.push_back(who);
  }
  for (const Prefix& who : ended)
    disallow(who);
  if (!ended.empty()) recheck_never_ban(now);
  if (now >= next_retry_) {
    next_retry_ = now + kEnforceRetry;
    for (const Prefix& who : bans_.not_enforced(kOrdersPerTick))
      order(who, now);
  }
  if (now >= next_renewal_) {
    next_renewal_ = now + kRenewal;
    for (const Prefix& who : bans_.due_for_renewal(now, kOrdersPerTick))
      order(who, now);
  }
  if (settings_.has_hub) absorb(session_.on_tick(now, tick, ping()), now);
}

NodeEffects NodeCore::take_effects(Timestamp now, Tick tick) {
  NodeEffects effects;
  if (!orders_.empty()) {
    Enforce enforce;
    for (const auto& [who, change] : orders_)
      enforce.changes.push_back(change);
    orders_.clear();
    effects.emplace_back(std::move(enforce));
  }
  const bool may_save = !saving_ && now >= save_again_at_;
  if (may_save && (!unsaved_.empty() || !positions_.empty())) {
    saving_ = true;
    for (const auto& [source, position] : positions_)
      unsaved_.positions.push_back({source, position});
    positions_.clear();
    effects.emplace_back(Persist{std::exchange(unsaved_, {})});
  }
  for (Announce& line : announcements_)
    effects.emplace_back(std::move(line));
  announcements_.clear();
  if (auto name = names_.take_question()) effects.emplace_back(LookUpName{std::move(*name)});
  if (!effects.empty()) return effects;  // the hub hears of it in the next round, when it is true

  for (wire::Message& message : outbox_)
    effects.emplace_back(SendToHub{std::move(message)});
  outbox_.clear();
  if (session_.established() && !send_failed_) {
    send_offences(effects, tick);
    send_applied(effects, now);
  }
  if (reconnect_) effects.emplace_back(Reconnect{*std::exchange(reconnect_, std::nullopt)});
  return effects;
}

void NodeCore::send_offences(NodeEffects& effects, Tick tick) {
  while (auto batch = session_.courier().next_batch(tick))
    effects.emplace_back(SendToHub{std::move(*batch)});
  if (const auto after = session_.courier().take_wish()) {
    effects.emplace_back(ReadSpool{*after, SpoolCourier::kInMemory});
  }
}

void NodeCore::send_applied(NodeEffects& effects, Timestamp now) {
  const auto failed = static_cast<std::uint32_t>(bans_.failed());
  if (failed == 0 && enforced_ != durable_) {
    enforced_ = durable_;
    enforced_at_ = now;
  }
  if (durable_ == reported_received_ && enforced_ == reported_enforced_) return;
  reported_received_ = durable_;
  reported_enforced_ = enforced_;
  effects.emplace_back(
      SendToHub{wire::Applied{session_.epoch(), durable_, enforced_, failed, to_unix_ms(enforced_at_)}});
}

void NodeCore::on_enforced(const std::vector<FirewallChange>& changes, const std::vector<std::string>& errors,
                           Timestamp now) {
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const bool ok = errors[i].empty();
    bans_.note_result(changes[i], ok);
    if (ok) continue;
    ++counters_.enforce_failed;
    if (alarms_.raise("NOT ENFORCED: the kernel refused a ban: " + errors[i], now)) {
      announce(true, "not enforced", {{"who", changes[i].who.text()}, {"problem", errors[i]}});
    }
  }
}

void NodeCore::on_persisted(NodeChanges changes, const Result<void>& outcome, Timestamp now) {
  saving_ = false;
  if (outcome) {
    for (const SpoolRecord& record : changes.offences) {
      if (!record.local) session_.courier().stored(record.offence);
    }
    if (changes.applied) durable_ = changes.applied->second;
    return;
  }
  ++counters_.persist_failed;
  save_again_at_ = now + kSaveRetry;
  if (alarms_.raise("the state directory cannot be written: " + outcome.error().message(), now)) {
    announce(true, "state not saved", {{"problem", outcome.error().message()}});
  }
  merge_unsaved(std::move(changes));
}

// What could not be saved goes again, together with what came meanwhile: newer wins.
void NodeCore::merge_unsaved(NodeChanges older) {
  NodeChanges newer = std::exchange(unsaved_, std::move(older));
  for (const StoredPosition& stored : std::exchange(unsaved_.positions, {})) {
    positions_.try_emplace(stored.source, stored.position);
  }
  std::erase_if(unsaved_.bans, [&](const StoredBan& ban) {
    const StoredBanKey key{ban.who, ban.op, ban.by_hub};
    return (newer.forget_hub_bans && ban.by_hub) ||
           std::find(newer.forget_bans.begin(), newer.forget_bans.end(), key) != newer.forget_bans.end();
  });
  const auto append = [](auto& to, auto& from) { std::move(from.begin(), from.end(), std::back_inserter(to)); };
  append(unsaved_.offences, newer.offences);
  append(unsaved_.forget_positions, newer.forget_positions);
  append(unsaved_.bans, newer.bans);
  append(unsaved_.forget_bans, newer.forget_bans);
  append(unsaved_.ban_counts, newer.ban_counts);
  unsaved_.forget_hub_bans |= newer.forget_hub_bans;
  if (newer.acked) unsaved_.acked = newer.acked;
  if (newer.applied) unsaved_.applied = newer.applied;
  if (newer.new_spool) unsaved_.new_spool = newer.new_spool;
}

void NodeCore::on_spool(std::vector<wire::Offence> offences) {
  session_.courier().read_back(std::move(offences));
}

// The link is full, or has gone and could not say so yet: it cannot while we try again without a pause.
void NodeCore::on_send_failed(const wire::Message& message) {
  send_failed_ = true;
  if (std::holds_alternative<wire::OffenceBatch>(message)) session_.courier().send_failed();
  // Others are said again by themselves: APPLIED with the next change, PING with the next period, HELLO after the
  // greeting times out.
  if (std::holds_alternative<wire::Applied>(message)) reported_received_ = reported_enforced_ = 0;
}

std::map<std::string, std::uint64_t> NodeCore::counters() const {
  std::map<std::string, std::uint64_t> all = gauges_;
  const std::uint64_t gated = gauges_.contains("lines_gated") ? gauges_.at("lines_gated") : 0;
  const std::pair<const char*, std::uint64_t> own[] = {
      {"lines", counters_.lines + gated},  // those that ended at a gate were read too
      {"matched", counters_.matched},
      {"offences", counters_.offences},
      {"ignored", counters_.ignored},
      {"old_lines", counters_.old_lines},
      {"no_address", counters_.no_address},
      {"names_dropped", names_.dropped()},
      {"filter_errors", counters_.filter_errors},
      {"pcre2_limits", filters_.pcre2_limits},
      {"set_overflows", filters_.set_overflows},
      {"connections_evicted", filters_.connections_evicted},
      {"buffered_lines_dropped", filters_.buffered_lines_dropped},
      {"bans_local", counters_.bans_local},
      {"bans_hub", counters_.bans_hub},
      {"unbans", counters_.unbans},
      {"expired", counters_.expired},
      {"refused_never_ban", counters_.refused_never_ban},
      {"refused_limit", counters_.refused_limit},
      {"enforce_failed", counters_.enforce_failed},
      {"persist_failed", counters_.persist_failed},
      {"unsaved_dropped", counters_.unsaved_dropped},
      {"odd_clock", counters_.odd_clock},
      {"offenders", offenders_.size()},
      {"offenders_evicted", offenders_.evicted()},
      {"bans", bans_.size()},
      {"bans_in_kernel", bans_.in_kernel()},
      {"spool_depth", session_.courier().depth()},
      {"bad_messages", session_.bad_messages()},
  };
  for (const auto& [name, value] : own)
    all[name] = value;
  return all;
}

void NodeCore::take_filter_counters() {
  for (const ActiveJail& jail : jails_) {
    if (jail.filter) filters_ += jail.filter->take_counters();
  }
}

wire::Ping NodeCore::ping() const {
  wire::Ping ping;
  ping.enforced = enforced_;
  ping.counters = counters();
  for (const AlarmBoard::Alarm& alarm : alarms_.all())
    ping.alarms.push_back(alarm.text);
  ping.hub_key = hub_key_;
  ping.hub_keys = hub_keys_;
  return ping;
}

void NodeCore::set_hub_keys(std::vector<std::string> accepted, std::string in_use) {
  hub_keys_ = std::move(accepted);
  hub_key_ = std::move(in_use);
  session_.ping_soon();
}

void NodeCore::announce(bool warning, std::string event, std::vector<std::pair<std::string, std::string>> fields) {
  if (announcements_.size() >= kMostAnnouncements) return;  // the counters tell the rest
  announcements_.push_back({warning, std::move(event), std::move(fields)});
}

}  // namespace breakwater
