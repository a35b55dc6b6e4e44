// SPDX-License-Identifier: Apache-2.0
// HubCore: the answers of docs/query.md that need no or only some help of the ledger.
#include <algorithm>

#include "common/base/text.h"
#include "hub/core/hub_core.h"
#include "hub/core/query_args.h"
#include "hub/core/query_rows.h"

namespace breakwater {

namespace {

constexpr std::size_t kMaxNamed = 16;      // nodes by name in a row of `bans`
constexpr std::size_t kMaxEnforced = 128;  // in a decision of `why`
constexpr std::size_t kMaxMissing = 64;
constexpr std::size_t kMaxAlarm = 200;      // bytes of one in a row
constexpr std::size_t kMaxLooked = 20'000;  // entries of `bans` looked at for one page

bool is_here(const NodeView& view) {
  return view.state == NodeState::connected || view.state == NodeState::late;
}

RowJson texts_json(const std::vector<std::string>& texts) {
  RowJson list = RowJson::array();
  for (const std::string& text : texts)
    list.push_back(valid_utf8(text, kMaxAlarm));
  return list;
}

RowJson jail_json(const JailConfig& jail) {
  RowJson row;
  row["jail"] = jail.name;
  row["mode"] = jail.mode == JailMode::observe ? "observe" : "enforce";
  row["maxretry"] = jail.maxretry;
  row["findtime_ms"] = jail.findtime.count();
  row["bantime_ms"] = jail.bantime ? RowJson(jail.bantime->count()) : RowJson(nullptr);
  row["fleet_maxretry"] = jail.fleet_maxretry;
  row["fleet_quorum"] = jail.fleet_quorum;
  row["fleet_scope"] = jail.fleet_scope == FleetScope::node ? "node" : "fleet";
  return row;
}

}  // namespace

std::string HubCore::status_row(Timestamp now) const {
  RowJson row;
  row["hub"] = settings_.name;
  row["software"] = settings_.software;
  const std::vector<std::string> wrong = problems();
  row["state"] = wrong.empty() ? "ok" : "degraded";
  row["problems"] = texts_json(wrong);
  row["alarms"] = RowJson::array();
  for (const FleetAlarms::Alarm& alarm : alarms_.all()) {
    const std::string text = alarm.node.empty() ? alarm.text : alarm.node + ": " + alarm.text;
    row["alarms"].push_back({{"text", valid_utf8(text, kMaxAlarm)},
                             {"count", alarm.count},
                             {"first", json_time(alarm.first)},
                             {"last", json_time(alarm.last)}});
  }
  row["now"] = json_time(now);
  row["started"] = json_time(started_);
  row["epoch"] = log_.epoch();
  row["head"] = log_.head();
  row["log_from"] = log_.log_from();
  row["bans"] = log_.bans().size();
  row["allows"] = log_.allows().size();
  std::size_t connected = 0, late = 0, lagging = 0;
  for (const auto& [name, view] : roster_.all()) {
    connected += view.state == NodeState::connected;
    late += view.state == NodeState::late;
    lagging += view.lagging;
  }
  const std::size_t known = std::max(roster_.enrolled(), connected + late);
  row["nodes"] = {{"enrolled", known},
                  {"connected", connected},
                  {"late", late},
                  {"lost", known - connected - late},
                  {"lagging", lagging}};
  row["watchers"] = watchers_.size();
  row["ledger"] = {{"pending_batches", in_flight_.size()},  {"pending_offences", uncommitted_},
                   {"commits", ledger_stats_.commits},      {"failures", ledger_stats_.failures},
                   {"commit_p50_us", ledger_stats_.p50_us}, {"commit_p99_us", ledger_stats_.p99_us}};
  if (!ledger_error_.empty()) row["ledger"]["error"] = ledger_error_;
  row["jails"] = RowJson::array();
  for (const JailConfig& jail : policy_.jails())
    row["jails"].push_back(jail_json(jail));
  row["counters"] = counters();
  row["windows"] = policy_.sightings().size();
  return row_text(std::move(row));
}

Result<wire::Reply> HubCore::nodes_page(const wire::Query& query) const {
  const QueryArgs args = QueryArgs::parse(query).value();
  wire::Reply reply{query.qid, 200, "", {}, ""};
  const auto dropped = [](const NodeView& view) {
    std::uint64_t sum = 0;
    for (const auto& [name, count] : view.counters) {
      if (name.find("dropped") != std::string::npos || name == "bad_messages") sum += count;
    }
    return sum;
  };
  for (auto it = roster_.all().upper_bound(query.cursor); it != roster_.all().end(); ++it) {
    const auto& [name, view] = *it;
    if (!args.node.empty() && !glob_matches(args.node, name)) continue;
    // Known from the ledger alone, and never welcome again.
    if (view.state == NodeState::never && !roster_.is_enrolled(name)) continue;
    if (reply.rows.size() == args.limit) {
      reply.next = std::prev(it)->first;
      break;
    }
    RowJson row;
    row["node"] = name;
    row["state"] = name_of(view.state);
    if (!view.software.empty()) row["software"] = view.software;
    if (view.state != NodeState::never) row["since"] = json_time(view.since);
    if (view.last_seen != Timestamp{}) row["last_seen"] = json_time(view.last_seen);
    row["epoch"] = view.epoch;
    row["received"] = view.received;
    row["enforced"] = view.enforced;
    row["head"] = log_.head();
    const std::uint64_t held = view.epoch == log_.epoch() ? std::min(view.enforced, log_.head()) : 0;
    row["lag"] = log_.head() - held;
    if (log_.head() > held && view.behind_since) row["behind_since"] = json_time(*view.behind_since);
    row["lagging"] = view.lagging;
    row["failed"] = view.failed;
    row["refused"] = view.counter("refused_never_ban") + view.counter("refused_limit");
    row["dropped"] = dropped(view);
    for (const char* gauge : {"spool_depth", "bans_in_kernel", "containers", "files"})
      row[gauge] = view.counter(gauge);
    if (view.clock_skew) row["clock_skew_ms"] = view.clock_skew->count();
    row["offences"] = view.offences;
    row["bans_caused"] = view.bans_caused;
    std::vector<std::string> alarms = view.alarms;
    for (const FleetAlarms::Alarm& alarm : alarms_.all()) {
      if (alarm.node == name) alarms.push_back(alarm.text);
    }
    row["alarms"] = texts_json(alarms);
    row["counters"] = view.counters;
    reply.rows.push_back(row_text(std::move(row)));
  }
  return reply;
}

Result<wire::Reply> HubCore::bans_page(const wire::Query& query, Timestamp now) const {
  const QueryArgs args = QueryArgs::parse(query).value();
  const bool bans = args.kind != "allow";
  const PrefixMap<StandingEntry>& entries = bans ? log_.bans() : log_.allows();
  wire::Reply reply{query.qid, 200, "", {}, ""};
  std::vector<std::pair<std::uint64_t, std::string>> here;  // (enforced up to, node)
  for (const auto& [name, view] : roster_.all()) {
    if (is_here(view)) here.emplace_back(view.epoch == log_.epoch() ? view.enforced : 0, name);
  }
  std::sort(here.begin(), here.end());
  const auto add = [&](const Prefix& who, const StandingEntry& entry) {
    if (entry.until <= now || (!args.jail.empty() && entry.jail != args.jail)) return;
    if (!args.node.empty() && entry.node != args.node) return;
    const auto held = std::lower_bound(here.begin(), here.end(), std::pair(entry.seq, std::string()));
    RowJson row = {{"kind", bans ? "ban" : "allow"},
                   {"who", who.text()},
                   {"until", json_time(entry.until)},
                   {"decided_at", json_time(entry.decided_at)},
                   {"epoch", entry.epoch},
                   {"seq", entry.seq}};
    if (!entry.jail.empty()) row["jail"] = entry.jail;
    if (!entry.node.empty()) row["node"] = entry.node;
    row["by"] = entry.by;
    row["reason"] = entry.reason;
    row["enforced_on"] = here.end() - held;
    row["connected"] = here.size();
    for (auto it = here.begin(); it != held && it - here.begin() < static_cast<std::ptrdiff_t>(kMaxNamed); ++it)
      row["missing"].push_back(it->second);
    reply.rows.push_back(row_text(std::move(row)));
  };
  Prefix start(Address::v4(0, 0, 0, 0), 0);
  if (!query.cursor.empty()) {
    auto cursor = Prefix::parse(query.cursor);
    if (!cursor) return Error("this cursor is not one of ours");
    start = *cursor;
  } else if (args.who) {
    // Wider entries around it come first; the others stand behind it.
    start = *args.who;
    for (unsigned length = 0; length < args.who->length(); ++length) {
      const Prefix wider(args.who->address(), length);
      if (const StandingEntry* entry = entries.find(wider)) add(wider, *entry);
    }
  }
  std::size_t looked = 0;
  for (auto it = entries.lower_bound(start); it != entries.end(); ++it) {
    if (args.who && !args.who->contains(it->first)) break;
    if (reply.rows.size() >= args.limit || ++looked > kMaxLooked) {
      reply.next = it->first.text();
      break;
    }
    add(it->first, it->second);
  }
  return reply;
}

wire::Reply HubCore::why_page(const Asked& asked, const LedgerAnswer& answer, Timestamp now) const {
  const LedgerQuery& q = asked.ledger_query;
  wire::Reply reply{asked.query.qid, 200, "", {}, ""};
  if (q.with_summary) {
    const bool known = answer.total_offences + answer.total_decisions > 0 || log_.banned_until(*q.who) ||
                       log_.allowed(*q.who, now) || policy_.never_ban(*q.who);
    if (!known) return {asked.query.qid, 404, "nothing is known of " + q.who->text(), {}, ""};
    reply.rows.push_back(why_summary(*q.who, answer, now));
  }
  std::uint64_t before_offence = q.before_offence, before_decision = q.before_decision;
  auto offence = answer.offences.begin();
  auto decision = answer.decisions.begin();
  while (reply.rows.size() < q.limit) {
    const bool more_offences = offence != answer.offences.end();
    const bool more_decisions = decision != answer.decisions.end();
    // The ledger stopped looking here: what is older on the other side waits for the next page.
    if (!more_offences && (answer.next_offence > 0 || !more_decisions)) break;
    if (more_offences && (!more_decisions || offence->received_at > decision->decision.decided_at)) {
      before_offence = offence->id;
      reply.rows.push_back(offence_row(*offence++, true));
    } else {
      before_decision = decision->seq;
      reply.rows.push_back(why_decision(*decision++, now));
    }
  }
  const bool over = offence == answer.offences.end() && decision == answer.decisions.end() &&
                    answer.next_offence == 0 && answer.decisions.size() < q.limit;
  if (over) return reply;
  if (offence == answer.offences.end()) before_offence = answer.next_offence > 0 ? answer.next_offence : 1;
  reply.next = why_cursor(before_offence, before_decision);
  return reply;
}

std::string HubCore::why_summary(const Prefix& who, const LedgerAnswer& answer, Timestamp now) const {
  RowJson row = {{"type", "summary"}, {"who", who.text()}};
  const auto stands = [&](const PrefixMap<StandingEntry>& entries) {
    const auto* entry = entries.covering(who);
    return entry != nullptr && entry->second.until > now ? entry : nullptr;
  };
  const auto* ban = stands(log_.bans());
  const auto* allow = stands(log_.allows());
  row["banned"] = ban != nullptr;
  row["allowed"] = allow != nullptr;
  if (const auto* entry = ban != nullptr ? ban : allow) {
    row["until"] = json_time(entry->second.until);
    row["decided_at"] = json_time(entry->second.decided_at);
    if (!entry->second.jail.empty()) row["jail"] = entry->second.jail;
    row["reason"] = entry->second.reason;
    if (entry->first != who) row["covered_by"] = entry->first.text();
  }
  if (const auto never = policy_.never_ban(who)) row["never_ban"] = never->text();
  row["offences"] = answer.total_offences;
  row["nodes"] = answer.total_nodes;
  row["decisions"] = answer.total_decisions;
  if (answer.total_offences > 0) {
    row["first"] = json_time(answer.first);
    row["last"] = json_time(answer.last);
  }
  return row_text(std::move(row));
}

std::string HubCore::why_decision(const DecisionRecord& record, Timestamp now) const {
  RowJson row = decision_json(record);
  const auto& entries = record.decision.op == wire::DecisionOp::ban || record.decision.op == wire::DecisionOp::unban
                            ? log_.bans()
                            : log_.allows();
  const StandingEntry* stands = entries.find(record.decision.who);
  const bool sets = record.decision.op == wire::DecisionOp::ban || record.decision.op == wire::DecisionOp::allow;
  row["superseded"] = sets ? stands == nullptr || stands->seq != record.seq || stands->until <= now
                           : stands != nullptr && stands->seq > record.seq;
  if (record.epoch != log_.epoch()) return row_text(std::move(row));
  std::vector<std::pair<Timestamp, RowJson>> enforced;
  RowJson missing = RowJson::array();
  std::size_t held_by = 0;
  for (const auto& [name, view] : roster_.all()) {
    const EnforcedAt held = view.enforced_at(record.epoch, record.seq);
    held_by += held.held;
    if (held.held && enforced.size() < kMaxEnforced) {
      RowJson one = {{"node", name}};
      if (held.at) {
        one["at"] = json_time(*held.at);
        one["after_ms"] = (*held.at - record.decision.decided_at).count();
      }
      enforced.emplace_back(held.at.value_or(Timestamp::max()), std::move(one));
    } else if (!held.held && roster_.is_enrolled(name) && missing.size() < kMaxMissing) {
      missing.push_back({{"node", name}, {"state", name_of(view.state)}});
    }
  }
  std::stable_sort(enforced.begin(), enforced.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  row["enforced"] = RowJson::array();
  for (auto& [at, one] : enforced)
    row["enforced"].push_back(std::move(one));
  row["enforced_on"] = held_by;
  row["missing"] = std::move(missing);
  return row_text(std::move(row));
}

std::vector<std::string> HubCore::problems() const {
  std::vector<std::string> found;
  if (!ledger_error_.empty()) found.push_back("the ledger does not commit: " + ledger_error_);
  if (log_.full()) found.push_back("the ban table is full: new bans are refused");
  std::vector<std::string> lost, lagging;
  for (const auto& [name, view] : roster_.all()) {
    if (!roster_.is_enrolled(name)) continue;
    if (view.state == NodeState::lost || view.state == NodeState::late) lost.push_back(name);
    if (view.lagging) lagging.push_back(name);
    if (view.failed > 0 && is_here(view)) {
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
