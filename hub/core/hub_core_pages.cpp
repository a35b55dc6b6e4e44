// SPDX-License-Identifier: Apache-2.0
// HubCore: the answers of docs/query.md that need no or only some help of the ledger.
#include <algorithm>

#include "common/base/text.h"
#include "hub/core/hub_core.h"
#include "hub/core/query_args.h"
#include "hub/core/query_rows.h"

namespace breakwater {

namespace {

constexpr std::size_t kMaxNamed = 16;       // nodes by name in a row of `bans`
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

std::uint64_t dropped_by(const NodeView& view) {
  std::uint64_t sum = 0;
  for (const auto& [name, count] : view.counters) {
    const bool lost = name.find("dropped") != std::string::npos || name.find("evicted") != std::string::npos;
    if (lost || name == "bad_messages") sum += count;
  }
  return sum;
}

using Holders = std::vector<std::pair<std::uint64_t, std::string>>;  // (enforced up to, connected node), sorted

std::string ban_row(bool ban, const Prefix& who, const StandingEntry& entry, const Holders& here) {
  const auto held = std::lower_bound(here.begin(), here.end(), std::pair(entry.seq, std::string()));
  RowJson row = {{"kind", ban ? "ban" : "allow"},
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
  const auto missing = static_cast<std::size_t>(held - here.begin());
  for (std::size_t i = 0; i < std::min(missing, kMaxNamed); ++i)
    row["missing"].push_back(here[i].second);
  return row_text(std::move(row));
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
  for (const AlarmBoard::Alarm& alarm : alarms_.all()) {
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

std::string HubCore::node_row(const std::string& name, const NodeView& view) const {
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
  row["dropped"] = dropped_by(view);
  for (const char* gauge : {"spool_depth", "bans_in_kernel", "containers", "files"})
    row[gauge] = view.counter(gauge);
  if (is_here(view)) {
    if (!view.key.empty()) row["key"] = view.key;
    if (!view.hub_key.empty()) row["hub_key"] = view.hub_key;
    if (!view.hub_keys.empty()) row["hub_keys"] = texts_json(view.hub_keys);
  }
  if (view.clock_skew) row["clock_skew_ms"] = view.clock_skew->count();
  row["offences"] = view.offences;
  row["bans_caused"] = view.bans_caused;
  std::vector<std::string> alarms = view.alarms;
  for (const AlarmBoard::Alarm& alarm : alarms_.all()) {
    if (alarm.node == name) alarms.push_back(alarm.text);
  }
  row["alarms"] = texts_json(alarms);
  row["counters"] = view.counters;
  return row_text(std::move(row));
}

Result<wire::Reply> HubCore::nodes_page(const wire::Query& query) const {
  const QueryArgs args = QueryArgs::parse(query).value();
  wire::Reply reply{query.qid, 200, "", {}, ""};
  for (auto it = roster_.all().upper_bound(query.cursor); it != roster_.all().end(); ++it) {
    const auto& [name, view] = *it;
    if (!args.node.empty() && !glob_matches(args.node, name)) continue;
    // Known from the ledger alone, and never welcome again.
    if (view.state == NodeState::never && !roster_.is_enrolled(name)) continue;
    if (reply.rows.size() == args.limit) {
      reply.next = std::prev(it)->first;
      break;
    }
    reply.rows.push_back(node_row(name, view));
  }
  return reply;
}

Result<wire::Reply> HubCore::bans_page(const wire::Query& query, Timestamp now) const {
  const QueryArgs args = QueryArgs::parse(query).value();
  const bool bans = args.kind != "allow";
  const PrefixMap<StandingEntry>& entries = bans ? log_.bans() : log_.allows();
  wire::Reply reply{query.qid, 200, "", {}, ""};
  Holders here;
  for (const auto& [name, view] : roster_.all()) {
    if (is_here(view)) here.emplace_back(view.epoch == log_.epoch() ? view.enforced : 0, name);
  }
  std::sort(here.begin(), here.end());
  const auto add = [&](const Prefix& who, const StandingEntry& entry) {
    if (entry.until <= now || (!args.jail.empty() && entry.jail != args.jail)) return;
    if (!args.node.empty() && entry.node != args.node) return;
    reply.rows.push_back(ban_row(bans, who, entry, here));
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

}  // namespace breakwater
