// SPDX-License-Identifier: Apache-2.0
#include "hub/core/fleet_policy.h"

#include <algorithm>

#include "common/policy/ban_time.h"

namespace breakwater {

namespace {

using Outcome = PolicyVerdict::Outcome;

// What no log, node or operator can ever have banned: "this network", loopback, link-local, multicast and broadcast.
constexpr const char* kNever[] = {"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3",
                                  "::/128",    "::1/128",     "fe80::/10",      "ff00::/8"};

Timestamp whole_second(Timestamp t) {  // as on the wire, so that all hold the same end
  return t == kForever ? t : std::chrono::ceil<std::chrono::seconds>(t);
}

}  // namespace

FleetPolicy::FleetPolicy(const HubSettings& settings, std::vector<JailConfig> jails, const DecisionLog& log)
    : settings_(settings),
      log_(log),
      sightings_(settings.max_windows),
      history_(settings.max_history),
      dice_(static_cast<std::minstd_rand::result_type>(settings.dice | 1)) {
  fallback_.known = false;
  set_default_jail(settings.default_jail);
  set_ignoreip(settings.ignoreip);
  // Number 0 is for what comes after the last free number: counted together.
  jail_names_.emplace_back();
  node_names_.emplace_back("other nodes");
  quotas_.emplace_back();
  set_jails(std::move(jails));
}

void FleetPolicy::set_jails(std::vector<JailConfig> jails) {
  jails_ = std::move(jails);
  by_name_.clear();
  for (const JailConfig& config : jails_) {
    Jail jail{config, {}, true};
    for (const Prefix& ignored : config.ignoreip)
      jail.ignored.set(ignored, true);
    by_name_.insert_or_assign(config.name, std::move(jail));
  }
  index_jails();
}

void FleetPolicy::set_default_jail(JailConfig jail) {
  fallback_.ignored.clear();
  for (const Prefix& ignored : jail.ignoreip)
    fallback_.ignored.set(ignored, true);
  fallback_.config = std::move(jail);
}

void FleetPolicy::index_jails() {
  jail_of_.clear();
  for (const std::string& name : jail_names_) {
    const auto known = by_name_.find(name);
    jail_of_.push_back(known == by_name_.end() ? &fallback_ : &known->second);
  }
}

void FleetPolicy::set_ignoreip(const std::vector<Prefix>& ignoreip) {
  never_.clear();
  for (const char* range : kNever)
    never_.set(Prefix::parse(range).value(), true);
  for (const Prefix& range : ignoreip)
    never_.set(range, true);
}

std::uint32_t FleetPolicy::jail_number(const std::string& name) {
  const auto known = jail_numbers_.find(name);
  if (known != jail_numbers_.end()) return known->second;
  if (jail_names_.size() >= kNames) return 0;
  const auto number = static_cast<std::uint32_t>(jail_names_.size());
  const auto jail = by_name_.find(name);
  jail_names_.push_back(name);
  jail_of_.push_back(jail == by_name_.end() ? &fallback_ : &jail->second);
  jail_numbers_.emplace(name, number);
  return number;
}

std::uint32_t FleetPolicy::node_number(const std::string& name) {
  const auto known = node_numbers_.find(name);
  if (known != node_numbers_.end()) return known->second;
  if (node_names_.size() >= kNames) return 0;
  const auto number = static_cast<std::uint32_t>(node_names_.size());
  node_names_.push_back(name);
  quotas_.emplace_back();
  node_numbers_.emplace(name, number);
  return number;
}

bool FleetPolicy::ignored(const Jail& jail, const Address& who, Timestamp now) const {
  return jail.ignored.overlapping(who) != nullptr || never_.overlapping(who) != nullptr || log_.allowed(who, now);
}

PolicyVerdict FleetPolicy::record(const std::string& node, const wire::Offence& offence, Timestamp now) {
  PolicyVerdict verdict;
  const std::uint32_t number = jail_number(offence.jail);
  const Jail& jail = *jail_of_[number];
  if (!jail.known) {
    ++counters_.unknown_jail;
    verdict.alarm = "drift: jail " + offence.jail + " is not known here, counted by default options";
  }
  if (jail.config.mode == JailMode::observe || jail.config.fleet_scope == FleetScope::node) {
    ++counters_.observed;
    verdict.outcome = Outcome::observed;
    return verdict;
  }
  if (ignored(jail, offence.who, now)) {
    ++counters_.ignored;
    verdict.outcome = Outcome::ignored;
    return verdict;
  }
  Timestamp at = offence.at;
  if (at > now + kAhead) {
    ++counters_.future_clock;
    verdict.alarm = "an offence of the future: the clock of this node, or of its log, is ahead";
    at = now;
  }
  const Sighting seen = sightings_.record(number, offence.who, node_number(node), at, jail.config.findtime);
  if (seen.late) ++counters_.late_offences;
  const auto quorum =
      std::min<std::size_t>(static_cast<std::size_t>(std::max(jail.config.fleet_quorum, 1)), SightingTable::kNodes);
  if (seen.count < static_cast<std::uint32_t>(std::max(jail.config.fleet_maxretry, 1))) return verdict;
  if (seen.nodes.size() < quorum) return verdict;
  decide(number, node, offence, seen, now, verdict);
  return verdict;
}

void FleetPolicy::decide(std::uint32_t number, const std::string& node, const wire::Offence& offence,
                         const Sighting& seen, Timestamp now, PolicyVerdict& verdict) {
  const JailConfig& config = jail_of_[number]->config;
  const std::uint32_t earlier = history_.earlier(offence.jail, config.increment.overalljails, offence.who);
  const double dice = std::uniform_real_distribution<double>()(dice_);
  const auto length = ban_time(config.bantime, config.increment, earlier, dice);
  const Timestamp until = length ? whole_second(saturating_add(seen.last, *length)) : kForever;
  const auto standing = log_.banned_until(offence.who);
  const bool banned = standing && *standing > now;
  if (until <= now || (banned && *standing >= until)) {
    sightings_.clear(number, offence.who, seen.late);
    verdict.outcome = until <= now ? Outcome::past : Outcome::enough;
    ++(until <= now ? counters_.already_past : counters_.enough);
    return;
  }
  if (log_.full() || !within_quota(node_number(node), now)) {
    ++counters_.capped;
    verdict.outcome = Outcome::capped;
    verdict.alarm = log_.full() ? "the ban table is full: new bans are refused"
                                : "caused more than " + std::to_string(settings_.node_bans_per_minute) +
                                      " fleet bans in a minute: the rest is recorded, not banned";
    return;
  }
  verdict.outcome = banned ? Outcome::extended : Outcome::ban;
  ++(banned ? counters_.extended : counters_.bans);
  verdict.ban = wire::Decision{wire::DecisionOp::ban, offence.who, until, now, offence.jail, reason(seen)};
  history_.note(offence.jail, offence.who);
  sightings_.clear(number, offence.who, seen.late);
}

bool FleetPolicy::within_quota(std::uint32_t node, Timestamp now) {
  Quota& quota = quotas_[node];
  // A clock that was set back starts a new minute, too.
  if (now < quota.minute || now >= quota.minute + std::chrono::minutes(1)) quota = {now, 0};
  if (quota.used >= settings_.node_bans_per_minute) return false;
  ++quota.used;
  return true;
}

std::string FleetPolicy::reason(const Sighting& seen) const {
  std::vector<std::string> names;
  for (const std::uint32_t node : seen.nodes)
    names.push_back(node_names_[node]);
  std::sort(names.begin(), names.end());
  std::string text = std::to_string(seen.count) + (seen.count == 1 ? " offence on " : " offences on ") +
                     std::to_string(names.size()) + (names.size() == 1 ? " node: " : " nodes: ");
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (text.size() + names[i].size() + 6 > wire::kMaxName) return text + ", ...";
    text += (i > 0 ? ", " : "") + names[i];
  }
  return text;
}

void FleetPolicy::restore_history(const std::vector<BanCount>& history) {
  for (const BanCount& count : history)
    history_.note(count.jail, count.who.address(), count.bans);
}

void FleetPolicy::replay(const OffenceRecord& record) {
  const wire::Offence& offence = record.offence;
  const std::uint32_t number = jail_number(offence.jail);
  const Jail& jail = *jail_of_[number];
  if (jail.config.mode == JailMode::observe || jail.config.fleet_scope == FleetScope::node) return;
  if (ignored(jail, offence.who, record.received_at)) return;
  const Timestamp at = offence.at > record.received_at + kAhead ? record.received_at : offence.at;
  const Sighting seen = sightings_.record(number, offence.who, node_number(record.node), at, jail.config.findtime);
  const bool reached = seen.count >= static_cast<std::uint32_t>(std::max(jail.config.fleet_maxretry, 1)) &&
                       seen.nodes.size() >= static_cast<std::size_t>(std::max(jail.config.fleet_quorum, 1));
  if (reached) sightings_.clear(number, offence.who, seen.late);
}

std::optional<Prefix> FleetPolicy::never_ban(const Prefix& who) const {
  if (const auto* never = never_.overlapping(who)) return never->first;
  for (const auto& [name, jail] : by_name_) {
    if (const auto* ignored = jail.ignored.overlapping(who)) return ignored->first;
  }
  return std::nullopt;
}

std::optional<std::string> FleetPolicy::forbidden(const Prefix& who, Timestamp now) const {
  if (const auto never = never_ban(who)) return never->text() + " is never banned (ignoreip or built in)";
  if (const auto allowed = log_.allowed(who, now)) return allowed->text() + " is on the allow list";
  const unsigned widest = who.is_v4() ? settings_.widest_v4 : settings_.widest_v6;
  if (who.length() < widest) return who.text() + " is wider than /" + std::to_string(widest);
  return std::nullopt;
}

void FleetPolicy::on_tick(Timestamp now) {
  sightings_.drop_idle(now);
}

Duration FleetPolicy::longest_findtime() const {
  Duration longest = fallback_.config.findtime;
  for (const JailConfig& jail : jails_)
    longest = std::max(longest, jail.findtime);
  return longest;
}

}  // namespace breakwater
