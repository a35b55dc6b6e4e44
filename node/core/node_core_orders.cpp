// SPDX-License-Identifier: Apache-2.0
// NodeCore: bans, never-ban, and what the hub orders.
#include <algorithm>

#include "common/base/text.h"
#include "node/core/node_core.h"

namespace breakwater {

std::optional<std::string> NodeCore::forbidden(const Prefix& who) const {
  if (const auto* entry = never_ban_.forbids(who)) return entry->first.text() + " is " + entry->second.text;
  if (const auto* allowed = allows_.overlapping(who)) return allowed->first.text() + " is on the fleet's allow list";
  const unsigned widest = who.is_v4() ? settings_.widest_v4 : settings_.widest_v6;
  if (who.length() < widest) return who.text() + " is wider than /" + std::to_string(widest);
  return std::nullopt;
}

void NodeCore::order(const Prefix& who, Timestamp now) {
  orders_[who] = bans_.order(who, now);
}

// Returns true if the kernel is told something.
bool NodeCore::ban(const StoredBan& order_, std::uint32_t offences, Timestamp now) {
  const BanTable::Entry* known = bans_.find(order_.who);
  if (known == nullptr && bans_.size() >= settings_.max_bans) {
    ++counters_.refused_limit;
    alarms_.raise("the ban table is full (" + std::to_string(settings_.max_bans) + "): new bans are refused", now);
    return false;
  }
  // A local ban that ends no later than the one that stands changes nothing.
  if (!order_.by_hub && known != nullptr && known->until() >= order_.until) return false;
  const auto reason = forbidden(order_.who);
  const bool changed = bans_.set(order_);
  unsaved_.bans.push_back(order_);
  bans_.set_refused(order_.who, reason.has_value());
  if (reason) {
    ++counters_.refused_never_ban;
    if (alarms_.raise("refused to ban " + order_.who.text() + ": " + *reason, now)) {
      announce(true, "ban refused", {{"who", order_.who.text()}, {"reason", *reason}});
    }
    return false;
  }
  if (!changed && bans_.find(order_.who)->in_kernel) return false;
  order(order_.who, now);
  const auto length =
      order_.until == kForever
          ? std::string("ever")
          : std::to_string(std::chrono::duration_cast<std::chrono::seconds>(order_.until - now).count()) + "s";
  std::vector<std::pair<std::string, std::string>> fields = {
      {"who", order_.who.text()}, {"jail", order_.jail}, {"for", length}};
  if (offences > 0) fields.emplace_back("offences", std::to_string(offences));
  fields.emplace_back("by", order_.by_hub ? "hub" : "node");
  announce(false, "ban", std::move(fields));
  return true;
}

void NodeCore::lift(const Prefix& who, const char* why, Timestamp) {
  for (const bool by_hub : {false, true})
    unsaved_.forget_bans.push_back({who, wire::DecisionOp::ban, by_hub});
  // Records of it that wait for the disk must not outlive it.
  std::erase_if(unsaved_.bans, [&](const StoredBan& b) { return b.who == who && b.op == wire::DecisionOp::ban; });
  orders_[who] = {who, std::nullopt, true};
  if (!bans_.lift(who)) return;
  ++counters_.unbans;
  announce(false, "unban", {{"who", who.text()}, {"why", why}});
}

void NodeCore::allow(const StoredBan& order, Timestamp now) {
  allows_.set(order.who, order.until);
  unsaved_.bans.push_back(order);
  std::vector<Prefix> overlapped;
  for (const auto& [who, entry] : bans_.entries()) {
    if (who.overlaps(order.who)) overlapped.push_back(who);
  }
  for (const Prefix& who : overlapped)
    lift(who, "allowed", now);
}

void NodeCore::disallow(const Prefix& who) {
  if (!allows_.erase(who)) return;
  std::erase_if(unsaved_.bans, [&](const StoredBan& b) { return b.who == who && b.op == wire::DecisionOp::allow; });
  unsaved_.forget_bans.push_back({who, wire::DecisionOp::allow, true});
}

void NodeCore::on_never_ban(NeverBan never_ban, Timestamp now) {
  if (never_ban == never_ban_) return;
  never_ban_ = std::move(never_ban);
  recheck_never_ban(now);
}

void NodeCore::recheck_never_ban(Timestamp now) {
  for (const auto& [who, entry] : bans_.entries()) {
    const auto reason = forbidden(who);
    if (reason.has_value() == entry.refused) continue;
    bans_.set_refused(who, reason.has_value());
    if (!reason) {
      order(who, now);
      continue;
    }
    orders_[who] = {who, std::nullopt, true};
    ++counters_.refused_never_ban;
    announce(true, "ban refused", {{"who", who.text()}, {"reason", *reason}});
  }
}

void NodeCore::on_kernel_list(const std::vector<FirewallEntry>& in_kernel, Timestamp now) {
  std::map<Prefix, FirewallEntry> held;
  for (const FirewallEntry& entry : in_kernel)
    held.emplace(entry.who, entry);
  for (const auto& [who, entry] : bans_.entries()) {
    const auto found = held.find(who);
    if (found == held.end()) {
      bans_.note_held(who, false, {});
      continue;
    }
    // Held long enough? A ban that was extended just before a crash may not be; one for ever must not outlive its end.
    const Timestamp until = found->second.remaining ? now + *found->second.remaining : kForever;
    const Timestamp wanted =
        entry.until() == kForever ? kForever : std::min(entry.until(), saturating_add(now, BanTable::kLongestOrder));
    const bool close = until == wanted || (until != kForever && wanted != kForever &&
                                           std::chrono::abs(until - wanted) <= std::chrono::seconds(2));
    bans_.note_held(who, close && !entry.refused, until);
    if (entry.refused) orders_[who] = {who, std::nullopt, true};
    held.erase(found);
  }
  for (const auto& [who, entry] : held)
    adopt(entry, now);
  for (const Prefix& who : bans_.not_enforced(bans_.size()))
    order(who, now);
}

// In the kernel's sets and not in our table: ordered by us and not yet on disk when we were killed. Kept as if the hub
// had said it, so that a snapshot may take it back.
void NodeCore::adopt(const FirewallEntry& held, Timestamp now) {
  if (forbidden(held.who) || bans_.size() >= settings_.max_bans) {
    orders_[held.who] = {held.who, std::nullopt, true};
    return;
  }
  const Timestamp until = held.remaining ? now + *held.remaining : kForever;
  const StoredBan ban{held.who, wire::DecisionOp::ban, until, now, true, ""};
  bans_.set(ban);
  bans_.note_held(held.who, true, until);
  unsaved_.bans.push_back(ban);
  announce(false, "ban adopted from the kernel", {{"who", held.who.text()}});
}

void NodeCore::on_link(LinkState state, const std::string& why, Timestamp now, Tick tick) {
  reported_received_ = reported_enforced_ = 0;
  send_failed_ = false;
  outbox_.clear();
  if (state != LinkState::up && session_.established()) announce(true, "hub away", {{"why", why}});
  if (state == LinkState::unauthorised || state == LinkState::wrong_hub_key) {
    const std::string text = state == LinkState::unauthorised ? "the hub does not know our key: enrol this node"
                                                              : "what answers at the hub's address has another key";
    if (alarms_.raise(text, now)) announce(true, "hub refused the handshake", {{"problem", text}, {"why", why}});
  }
  absorb(session_.on_link(state, now, tick, static_cast<std::uint32_t>(bans_.size())), now);
}

void NodeCore::on_hub_message(const wire::Message& message, Timestamp now, Tick tick) {
  absorb(session_.on_message(message, now, tick), now);
}

void NodeCore::absorb(SessionOutput output, Timestamp now) {
  if (output.new_spool) {
    unsaved_.new_spool = output.new_spool;
    // Not yet on disk: they get numbers of the new spool.
    for (SpoolRecord& record : unsaved_.offences)
      record.offence.nseq = session_.courier().next_nseq();
  }
  if (output.acked) unsaved_.acked = output.acked;
  if (output.snapshot) replace_with_snapshot(*output.snapshot, now);
  for (const SequencedDecision& next : output.decisions)
    decide(next.decision, now);
  if (output.snapshot || !output.decisions.empty()) {
    unsaved_.applied = std::pair(session_.epoch(), session_.received());
  }
  for (wire::Message& message : output.send)
    outbox_.push_back(std::move(message));
  if (output.reconnect) reconnect_ = output.reconnect;
  for (auto& [warning, text] : output.notes)
    announce(warning, "hub", {{"note", text}});
}

void NodeCore::decide(const wire::Decision& decision, Timestamp now) {
  const StoredBan order{decision.who, decision.op, decision.until, decision.decided_at, true, decision.jail};
  switch (decision.op) {
    case wire::DecisionOp::ban:
      if (decision.until <= now) return;  // came too late to matter
      if (ban(order, 0, now)) ++counters_.bans_hub;
      return;
    case wire::DecisionOp::unban:
      return lift(decision.who, decision.reason.empty() ? "unban" : decision.reason.c_str(), now);
    case wire::DecisionOp::allow:
      if (decision.until > now) allow(order, now);
      return;
    case wire::DecisionOp::disallow:
      disallow(decision.who);
      return recheck_never_ban(now);
  }
}

void NodeCore::replace_with_snapshot(const std::vector<wire::SnapshotRow>& rows, Timestamp now) {
  unsaved_.forget_hub_bans = true;
  std::erase_if(unsaved_.bans, [](const StoredBan& b) { return b.by_hub; });
  allows_.clear();
  std::set<Prefix> listed;
  for (const wire::SnapshotRow& row : rows) {
    if (row.until <= now) continue;
    const StoredBan order{row.who, row.op, row.until, now, true, ""};
    if (row.op == wire::DecisionOp::allow) {
      allow(order, now);
    } else if (row.op == wire::DecisionOp::ban) {
      listed.insert(row.who);
    }
  }
  std::vector<Prefix> stale;
  for (const auto& [who, entry] : bans_.entries()) {
    if (entry.hub && !listed.contains(who)) stale.push_back(who);
  }
  for (const Prefix& who : stale) {
    if (bans_.drop_hub(who)) {
      orders_[who] = {who, std::nullopt, true};
    } else {
      order(who, now);  // the local one is left, with its own end
    }
  }
  for (const wire::SnapshotRow& row : rows) {
    if (row.op != wire::DecisionOp::ban || row.until <= now) continue;
    if (ban({row.who, row.op, row.until, now, true, ""}, 0, now)) ++counters_.bans_hub;
  }
  recheck_never_ban(now);
}

}  // namespace breakwater
