// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "hub/core/ledger.h"

namespace breakwater {

// What is on the disk; survives its FakeLedger.
struct FakeLedgerDisk {
  std::uint64_t epoch = 0, head = 0;
  std::vector<OffenceRecord> offences;
  std::vector<DecisionRecord> decisions;
  std::map<std::pair<std::string, std::string>, std::pair<std::uint64_t, std::uint64_t>> marks;  // nseq, touched
  std::vector<AuditRecord> audit;
  std::uint64_t touched = 0;
};

// A Ledger in memory. Commits when it is asked for events; `hold` lets batches wait, `full` refuses them. Ending it is
// a crash: what waited is lost.
class FakeLedger final : public Ledger {
 public:
  explicit FakeLedger(std::shared_ptr<FakeLedgerDisk> disk = std::make_shared<FakeLedgerDisk>())
      : disk_(std::move(disk)) {}

  bool hold = false;
  bool full = false;

  Result<LedgerState> load(const LoadRequest& request) override {
    LedgerState state;
    state.epoch = disk_->epoch;
    state.head = disk_->head;
    state.standing = standing(request.now);
    for (const DecisionRecord& record : disk_->decisions) {
      if (record.epoch == disk_->epoch) state.recent.push_back(record);
    }
    keep_newest(state.recent, request.most_recent);
    load_marks(state);
    for (const OffenceRecord& record : disk_->offences) {
      if (record.received_at >= request.offences_since) state.offences.push_back(record);
    }
    keep_newest(state.offences, request.most_offences);
    load_history(request, state);
    return state;
  }

  void commit(std::uint64_t ticket, LedgerBatch batch) override { waiting_.emplace_back(ticket, std::move(batch)); }

  void look_up(std::uint64_t id, LedgerQuery query) override { questions_.emplace_back(id, std::move(query)); }

  int fd() const override { return -1; }

  std::vector<LedgerEvent> take_events() override {
    std::vector<LedgerEvent> events;
    if (full && !waiting_.empty()) {
      ++stats_.failures;
      events.emplace_back(CommitFailed{waiting_.front().first, "database or disk is full"});
    } else if (!hold && !waiting_.empty()) {
      for (auto& [ticket, batch] : waiting_)
        append(std::move(batch));
      ++stats_.commits;
      events.emplace_back(Committed{waiting_.back().first});
      waiting_.clear();
    }
    for (const auto& [id, query] : std::exchange(questions_, {}))
      events.emplace_back(LookedUp{id, answer(query)});
    return events;
  }

  LedgerStats stats() const override { return stats_; }

  const FakeLedgerDisk& disk() const { return *disk_; }
  std::shared_ptr<FakeLedgerDisk> share() const { return disk_; }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  template <class T>
  static void keep_newest(std::vector<T>& all, std::size_t most) {
    if (all.size() > most) all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(most));
  }

  void append(LedgerBatch batch) {
    FakeLedgerDisk& disk = *disk_;
    if (batch.epoch != 0) disk.epoch = batch.epoch;
    for (OffenceRecord& record : batch.offences) {
      record.id = disk.offences.empty() ? 1 : disk.offences.back().id + 1;
      disk.offences.push_back(std::move(record));
    }
    for (DecisionRecord& record : batch.decisions) {
      disk.head = record.seq;
      disk.decisions.push_back(std::move(record));
    }
    for (const SpoolMark& mark : batch.marks)
      disk.marks[{mark.node, mark.spool}] = {mark.nseq, ++disk.touched};
    disk.audit.insert(disk.audit.end(), batch.audit.begin(), batch.audit.end());
  }

  std::vector<DecisionRecord> standing(Timestamp now) const {
    using wire::DecisionOp;
    std::map<Prefix, DecisionRecord> bans, allows;
    for (const DecisionRecord& record : disk_->decisions) {
      const Prefix& who = record.decision.who;
      if (record.decision.op == DecisionOp::ban) bans[who] = record;
      if (record.decision.op == DecisionOp::unban) bans.erase(who);
      if (record.decision.op == DecisionOp::disallow) allows.erase(who);
      if (record.decision.op != DecisionOp::allow) continue;
      allows[who] = record;
      std::erase_if(bans, [&](const auto& ban) { return ban.first.overlaps(who); });
    }
    std::vector<DecisionRecord> all;
    for (const auto* entries : {&bans, &allows}) {
      for (const auto& [who, record] : *entries) {
        if (record.decision.until > now) all.push_back(record);
      }
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.seq < b.seq; });
    return all;
  }

  void load_marks(LedgerState& state) const {
    std::map<std::string, std::vector<std::pair<std::uint64_t, SpoolMark>>> by_node;
    for (const auto& [key, mark] : disk_->marks)
      by_node[key.first].push_back({mark.second, {key.first, key.second, mark.first}});
    for (auto& [node, marks] : by_node) {
      std::sort(marks.begin(), marks.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      keep_newest(marks, kMarksPerNode);
      for (const auto& [touched, mark] : marks)
        state.marks.push_back(mark);
    }
  }

  void load_history(const LoadRequest& request, LedgerState& state) const {
    std::map<std::pair<std::string, Prefix>, std::uint32_t> counts;
    for (const DecisionRecord& record : disk_->decisions) {
      const bool counts_as_ban = record.by == "policy" && record.decision.op == wire::DecisionOp::ban;
      if (counts_as_ban) ++counts[{record.decision.jail, record.decision.who}];
    }
    for (const auto& [key, bans] : counts) {
      if (state.history.size() < request.most_history) state.history.push_back({key.first, key.second, bans});
    }
  }

  static bool asked_for(const LedgerQuery& query, const OffenceRecord& record) {
    return (!query.who || query.who->contains(record.offence.who)) &&
           (query.jail.empty() || query.jail == record.offence.jail) &&
           (query.node.empty() || query.node == record.node) && (!query.since || record.received_at >= *query.since) &&
           (!query.until || record.received_at <= *query.until);
  }

  LedgerAnswer answer(const LedgerQuery& query) const {
    LedgerAnswer found;
    if (query.kind == LedgerQuery::Kind::top) {
      found.top = top(query);
      return found;
    }
    std::set<std::string> nodes;
    for (auto it = disk_->offences.rbegin(); it != disk_->offences.rend(); ++it) {
      if (!asked_for(query, *it)) continue;
      if (query.with_summary) {
        if (++found.total_offences == 1) found.last = it->received_at;
        found.first = it->received_at;
        nodes.insert(it->node);
      }
      const bool here = query.before_offence == 0 || it->id < query.before_offence;
      if (here && found.offences.size() < query.limit) found.offences.push_back(*it);
    }
    found.total_nodes = nodes.size();
    if (found.offences.size() == query.limit) found.next_offence = found.offences.back().id;
    if (query.kind != LedgerQuery::Kind::why) return found;
    for (auto it = disk_->decisions.rbegin(); it != disk_->decisions.rend(); ++it) {
      if (!it->decision.who.overlaps(*query.who)) continue;
      if (query.with_summary) ++found.total_decisions;
      const bool here = query.before_decision == 0 || it->seq < query.before_decision;
      if (here && found.decisions.size() < query.limit) found.decisions.push_back(*it);
    }
    return found;
  }

  static std::string top_key(const LedgerQuery& query, const OffenceRecord& record) {
    const Address& who = record.offence.who;
    if (query.by == "jail") return record.offence.jail;
    if (query.by == "node") return record.node;
    if (query.by == "container") return record.offence.container;
    if (query.by == "image") return record.offence.image;
    return query.by == "network" ? Prefix(who, who.is_v4() ? 24 : 64).text() : who.text();
  }

  std::vector<TopRow> top(const LedgerQuery& query) const {
    struct Group {
      TopRow row;
      std::set<Address> addresses;
      std::set<std::string> nodes;
    };
    std::map<std::string, Group> groups;
    for (const OffenceRecord& record : disk_->offences) {
      if (!asked_for(query, record)) continue;
      Group& group = groups[top_key(query, record)];
      ++group.row.offences;
      group.row.last = record.received_at;
      group.addresses.insert(record.offence.who);
      group.nodes.insert(record.node);
    }
    std::vector<TopRow> rows;
    for (auto& [key, group] : groups)
      rows.push_back({key, group.row.offences, group.addresses.size(), group.nodes.size(), group.row.last});
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.offences > b.offences; });
    if (rows.size() > query.limit) rows.resize(query.limit);
    return rows;
  }

  std::shared_ptr<FakeLedgerDisk> disk_;
  std::deque<std::pair<std::uint64_t, LedgerBatch>> waiting_;
  std::vector<std::pair<std::uint64_t, LedgerQuery>> questions_;
  LedgerStats stats_;
};

}  // namespace breakwater
