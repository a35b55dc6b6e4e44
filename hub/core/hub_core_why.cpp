// SPDX-License-Identifier: Apache-2.0
// HubCore: the story of an address, for `why`.
#include <algorithm>

#include "hub/core/hub_core.h"
#include "hub/core/query_args.h"
#include "hub/core/query_rows.h"

namespace breakwater {

namespace {

constexpr std::size_t kMaxEnforced = 128;  // nodes by name in a decision
constexpr std::size_t kMaxMissing = 64;

}  // namespace

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

}  // namespace breakwater
