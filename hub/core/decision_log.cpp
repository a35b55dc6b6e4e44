// SPDX-License-Identifier: Apache-2.0
#include "hub/core/decision_log.h"

#include <algorithm>
#include <cassert>
#include <functional>

namespace breakwater {

using wire::DecisionOp;

void DecisionLog::restore(const LedgerState& state, Timestamp now) {
  epoch_ = proposal_epoch_ = state.epoch;
  for (const DecisionRecord& record : state.standing)
    apply(record);
  ring_.assign(state.recent.begin(), state.recent.end());
  while (ring_.size() > ring_limit_)
    ring_.pop_front();
  head_ = proposed_ = state.head;
  assert(ring_.empty() || ring_.back().seq == head_);
  expire(now);
}

DecisionRecord DecisionLog::propose(wire::Decision decision, std::string by, std::string node) {
  DecisionRecord record{proposal_epoch_, ++proposed_, std::move(decision), std::move(by), std::move(node)};
  const Proposed proposed{record.decision.op, record.decision.until, record.seq};
  const bool about_bans = record.decision.op == DecisionOp::ban || record.decision.op == DecisionOp::unban;
  (about_bans ? proposed_bans_ : proposed_allows_).set(record.decision.who, proposed);
  proposals_.push_back(record);
  return record;
}

void DecisionLog::commit(std::uint64_t seq) {
  while (!proposals_.empty() && proposals_.front().seq <= seq) {
    DecisionRecord record = std::move(proposals_.front());
    proposals_.pop_front();
    for (auto* proposed : {&proposed_bans_, &proposed_allows_}) {
      const Proposed* last = proposed->find(record.decision.who);
      if (last != nullptr && last->seq == record.seq) proposed->erase(record.decision.who);
    }
    apply(record);
    head_ = record.seq;
    ring_.push_back(std::move(record));
    if (ring_.size() > ring_limit_) ring_.pop_front();
  }
}

void DecisionLog::start_epoch(std::uint64_t epoch) {
  epoch_ = proposal_epoch_ = epoch;
  ring_.clear();
}

void DecisionLog::apply(const DecisionRecord& record) {
  const wire::Decision& d = record.decision;
  const auto entry = [&] {
    return StandingEntry{d.until, d.decided_at, record.epoch, record.seq, d.jail, record.by, record.node, d.reason};
  };
  switch (d.op) {
    case DecisionOp::ban:
      bans_.set(d.who, entry());
      remember_end(d.who, d.until);
      return;
    case DecisionOp::unban:
      bans_.erase(d.who);
      return;
    case DecisionOp::allow:
      allows_.set(d.who, entry());
      remember_end(d.who, d.until);
      while (const auto* lifted = bans_.overlapping(d.who)) {
        const Prefix who = lifted->first;
        bans_.erase(who);
      }
      return;
    case DecisionOp::disallow:
      allows_.erase(d.who);
      return;
  }
}

void DecisionLog::remember_end(const Prefix& who, Timestamp until) {
  if (until == kForever) return;
  ends_.emplace_back(until, who);
  std::push_heap(ends_.begin(), ends_.end(), std::greater<>());
  // Extended bans leave outdated entries behind: sorted out before they outnumber the others.
  if (ends_.size() < 2 * (bans_.size() + allows_.size()) + 1000) return;
  ends_.clear();
  for (const auto* entries : {&bans_, &allows_}) {
    for (const auto& [range, entry] : *entries) {
      if (entry.until != kForever) ends_.emplace_back(entry.until, range);
    }
  }
  std::make_heap(ends_.begin(), ends_.end(), std::greater<>());
}

void DecisionLog::expire(Timestamp now) {
  while (!ends_.empty() && ends_.front().first <= now) {
    const Prefix who = ends_.front().second;
    std::pop_heap(ends_.begin(), ends_.end(), std::greater<>());
    ends_.pop_back();
    for (auto* entries : {&bans_, &allows_}) {
      const StandingEntry* entry = entries->find(who);
      if (entry != nullptr && entry->until <= now) entries->erase(who);
    }
  }
}

std::optional<Timestamp> DecisionLog::banned_until(const Prefix& who) const {
  std::optional<Timestamp> until;
  const auto consider = [&](Timestamp t) { until = until ? std::max(*until, t) : t; };
  // A proposal replaces what stands for the same range.
  const auto standing = [&](const Prefix& range, const StandingEntry& entry) {
    if (proposed_bans_.find(range) == nullptr) consider(entry.until);
  };
  if (const auto* wide = bans_.covering(who)) standing(wide->first, wide->second);
  if (const auto* exact = bans_.find(who)) standing(who, *exact);
  if (proposals_.empty()) return until;
  if (const auto* wide = proposed_bans_.covering(who); wide != nullptr && wide->second.op == DecisionOp::ban) {
    consider(wide->second.until);
  }
  if (const auto* exact = proposed_bans_.find(who); exact != nullptr && exact->op == DecisionOp::ban) {
    consider(exact->until);
  }
  return until;
}

std::optional<Prefix> DecisionLog::allowed(const Prefix& who, Timestamp now) const {
  if (const auto* coming = proposed_allows_.overlapping(who)) {
    if (coming->second.op == DecisionOp::allow && coming->second.until > now) return coming->first;
  }
  const auto* entry = allows_.overlapping(who);
  if (entry == nullptr || entry->second.until <= now) return std::nullopt;
  const Proposed* replaced = proposed_allows_.find(entry->first);
  if (replaced != nullptr && replaced->op == DecisionOp::disallow) return std::nullopt;
  return entry->first;
}

std::vector<wire::Decision> DecisionLog::delta(std::uint64_t from, std::size_t most) const {
  std::vector<wire::Decision> decisions;
  if (from > head_) return decisions;
  assert(from >= log_from());
  const std::size_t start = static_cast<std::size_t>(from - ring_.front().seq);
  const std::size_t end = std::min(ring_.size(), start + most);
  decisions.reserve(end - start);
  for (std::size_t i = start; i < end; ++i)
    decisions.push_back(ring_[i].decision);
  return decisions;
}

const DecisionRecord* DecisionLog::find(std::uint64_t seq) const {
  if (seq < log_from() || seq > head_) return nullptr;
  return &ring_[static_cast<std::size_t>(seq - ring_.front().seq)];
}

std::vector<wire::SnapshotRow> DecisionLog::snapshot(Timestamp now) const {
  std::vector<wire::SnapshotRow> rows;
  rows.reserve(bans_.size() + allows_.size());
  for (const auto& [who, entry] : allows_) {
    if (entry.until > now) rows.push_back({DecisionOp::allow, who, entry.until});
  }
  for (const auto& [who, entry] : bans_) {
    if (entry.until > now) rows.push_back({DecisionOp::ban, who, entry.until});
  }
  return rows;
}

}  // namespace breakwater
