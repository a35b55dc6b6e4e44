// SPDX-License-Identifier: Apache-2.0
// HubCore: what operators ask and order.
#include <algorithm>

#include "common/base/text.h"
#include "hub/core/hub_core.h"
#include "hub/core/query_args.h"
#include "hub/core/query_rows.h"

namespace breakwater {

namespace {

bool changes_something(const std::string& verb) {
  return verb == "ban" || verb == "unban" || verb == "allow" || verb == "disallow";
}

wire::Reply failed(const wire::Query& query, std::uint16_t status, std::string error) {
  return {query.qid, status, std::move(error), {}, ""};
}

std::string arguments_json(const wire::Query& query) {
  RowJson json = RowJson::object();
  for (const auto& [name, text] : query.args)
    json[name] = text;
  return row_text(std::move(json));
}

wire::DecisionOp op_of(const std::string& verb) {
  using wire::DecisionOp;
  return verb == "ban"     ? DecisionOp::ban
         : verb == "unban" ? DecisionOp::unban
         : verb == "allow" ? DecisionOp::allow
                           : DecisionOp::disallow;
}

}  // namespace

void HubCore::on_query(const PeerId& peer, const PeerIdentity& identity, const wire::Query& query, Timestamp now,
                       Tick tick) {
  ++counters_.queries;
  if (auto args = QueryArgs::parse(query); !args) return send(peer, failed(query, 400, args.error().message()));
  if (changes_something(query.verb)) return on_order(peer, identity, query, now);
  if (query.verb == "watch") return on_watch(peer, query, tick);
  if (query.verb == "offences" || query.verb == "why" || query.verb == "top") return ask_ledger(peer, query, now);
  auto reply = answer_now(query, now);
  send(peer, reply ? std::move(*reply) : failed(query, 400, reply.error().message()));
}

Result<wire::Reply> HubCore::answer_now(const wire::Query& query, Timestamp now) const {
  if (query.verb == "nodes") return nodes_page(query);
  if (query.verb == "bans") return bans_page(query, now);
  return wire::Reply{query.qid, 200, "", {status_row(now)}, ""};
}

void HubCore::ask_ledger(const PeerId& peer, const wire::Query& query, Timestamp now) {
  const QueryArgs args = QueryArgs::parse(query).value();
  auto asked = ledger_query(query, args, now);
  if (!asked) return send(peer, failed(query, 400, asked.error().message()));
  if (asked_.size() >= settings_.max_lookups) {
    ++counters_.busy_lookups;
    return send(peer, failed(query, 503, "too many questions wait for the ledger: try again"));
  }
  asked_.emplace(++lookups_, Asked{peer, query, *asked});
  outbox_.emplace_back(LookUp{lookups_, std::move(*asked)});
}

void HubCore::on_looked_up(std::uint64_t id, const Result<LedgerAnswer>& answer, Timestamp now) {
  const auto found = asked_.find(id);
  if (found == asked_.end()) return;
  const Asked asked = std::move(found->second);
  asked_.erase(found);
  if (!answer) return send(asked.peer, failed(asked.query, 503, answer.error().message()));
  if (asked.ledger_query.kind == LedgerQuery::Kind::why) return send(asked.peer, why_page(asked, *answer, now));
  wire::Reply reply{asked.query.qid, 200, "", {}, ""};
  for (const OffenceRecord& record : answer->offences)
    reply.rows.push_back(offence_row(record, false));
  for (const TopRow& row : answer->top)
    reply.rows.push_back(top_row(asked.ledger_query.by, row, answer->partial));
  if (answer->next_offence > 0) reply.next = std::to_string(answer->next_offence);
  send(asked.peer, std::move(reply));
}

void HubCore::on_watch(const PeerId& peer, const wire::Query& query, Tick tick) {
  const QueryArgs args = QueryArgs::parse(query).value();
  if (!watchers_.add(peer, query.qid, {args.jail, args.node, args.who}, tick)) {
    send(peer, failed(query, 503, "too many are watching already"));
  }
}

void HubCore::on_order(const PeerId& peer, const PeerIdentity& identity, const wire::Query& query, Timestamp now) {
  wire::Reply reply = order(identity.name, query, now);
  const bool done = reply.status == 200;
  if (!ledger_error_.empty()) return send(peer, std::move(reply));
  const std::string outcome = std::to_string(reply.status) + (done ? "" : " " + reply.error);
  batch_.audit.push_back({now, identity.name, query.verb, arguments_json(query), outcome});
  note(!done, "order",
       {{"verb", query.verb}, {"arguments", arguments_json(query)}, {"by", identity.name}, {"outcome", outcome}});
  if (!done) return send(peer, std::move(reply));
  open_.replies.push_back({peer, std::move(reply)});
}

wire::Reply HubCore::order(const std::string& operator_name, const wire::Query& query, Timestamp now) {
  if (!ledger_error_.empty()) return failed(query, 503, "the ledger does not commit: " + ledger_error_);
  const QueryArgs args = QueryArgs::parse(query).value();
  const Prefix who = *args.who;
  const wire::DecisionOp op = op_of(query.verb);
  const auto allowed = log_.allowed(who, now);
  const auto banned = log_.banned_until(who);
  if (op == wire::DecisionOp::ban) {
    if (const auto why = policy_.forbidden(who, now)) return failed(query, 403, *why);
  }
  if (op == wire::DecisionOp::allow && who.length() < (who.is_v4() ? settings_.widest_v4 : settings_.widest_v6)) {
    return failed(query, 403, who.text() + " is wider than this hub allows at once");
  }
  if (op == wire::DecisionOp::disallow && allowed != who) {
    return failed(query, 404,
                  allowed ? "on the allow list is " + allowed->text() + ", not " + who.text()
                          : who.text() + " is not on the allow list");
  }
  const std::optional<Duration> length =
      args.length.value_or(op == wire::DecisionOp::ban ? settings_.operator_bantime : std::nullopt);
  wire::Decision decision{op, who, kForever, now, "", "by operator " + operator_name};
  if (length) decision.until = std::chrono::ceil<std::chrono::seconds>(saturating_add(now, *length));
  if (!args.reason.empty()) decision.reason += ": " + args.reason;
  decision.reason = valid_utf8(decision.reason, wire::kMaxName);
  if (op == wire::DecisionOp::unban || op == wire::DecisionOp::allow) policy_.forget(who);
  propose(decision, operator_name, "");
  RowJson row = decision_json(batch_.decisions.back());
  row.erase("type");
  row["was"] = allowed == who ? "allowed" : banned && *banned > now ? "banned" : "none";
  row["connected"] = greeted_;
  return {query.qid, 200, "", {row_text(std::move(row))}, ""};
}

}  // namespace breakwater
