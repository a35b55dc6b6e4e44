// SPDX-License-Identifier: Apache-2.0
// What every Ledger must do. A fixture derives from LedgerContract<Maker>; Maker::make() opens the ledger again on the
// same content, as after a restart; Maker::wait() waits until take_events() may have something.
#pragma once

#include <algorithm>
#include <memory>

#include <gtest/gtest.h>

#include "hub/core/ledger.h"

namespace breakwater {

inline constexpr Timestamp kLedgerNow = from_unix_ms(1'790'000'000'000);

inline OffenceRecord ledger_offence(const std::string& who, const std::string& node, std::int64_t ms,
                                    const std::string& jail = "sshd") {
  OffenceRecord record;
  record.received_at = kLedgerNow + Duration(ms);
  record.node = node;
  record.offence = {static_cast<std::uint64_t>(ms + 1),
                    kLedgerNow + Duration(ms - 5),
                    Address::parse(who).value(),
                    jail,
                    "web",
                    "nginx:1",
                    "line \"" + std::to_string(ms) + "\" \xc3\xa9"};
  return record;
}

inline DecisionRecord ledger_decision(std::uint64_t seq, wire::DecisionOp op, const char* who,
                                      Timestamp until = kForever, std::uint64_t epoch = 7) {
  return {epoch,
          seq,
          {op, Prefix::parse(who).value(), until, kLedgerNow + Duration(seq), "sshd", "why not"},
          "policy",
          "host1"};
}

template <class Maker>
class LedgerContract : public ::testing::Test {
 protected:
  // Until the batch is durable.
  void commit(Ledger& ledger, LedgerBatch batch) {
    if (batch.epoch == 0) batch.epoch = 7;
    ledger.commit(++ticket_, std::move(batch));
    for (int i = 0; i < 1000; ++i) {
      maker_.wait(ledger);
      for (const LedgerEvent& event : ledger.take_events()) {
        const auto* committed = std::get_if<Committed>(&event);
        if (committed != nullptr && committed->ticket >= ticket_) return;
      }
    }
    FAIL() << "never committed";
  }
  LedgerAnswer ask(Ledger& ledger, const LedgerQuery& query) {
    ledger.look_up(++question_, query);
    for (int i = 0; i < 1000; ++i) {
      maker_.wait(ledger);
      for (LedgerEvent& event : ledger.take_events()) {
        auto* found = std::get_if<LookedUp>(&event);
        if (found != nullptr && found->id == question_) return std::move(found->answer).value();
      }
    }
    ADD_FAILURE() << "never answered";
    return {};
  }
  static LoadRequest everything() { return {kLedgerNow, Timestamp{}, 1000, 1000, 1000}; }

  Maker maker_;
  std::uint64_t ticket_ = 0, question_ = 0;
};
TYPED_TEST_SUITE_P(LedgerContract);

TYPED_TEST_P(LedgerContract, StartsEmpty) {
  const LedgerState state = this->maker_.make()->load(this->everything()).value();
  EXPECT_EQ(state.epoch, 0u);
  EXPECT_EQ(state.head, 0u);
  EXPECT_TRUE(state.standing.empty() && state.recent.empty() && state.marks.empty() && state.offences.empty());
}

TYPED_TEST_P(LedgerContract, RemembersOverARestart) {
  LedgerBatch batch;
  batch.offences = {ledger_offence("203.0.113.7", "host1", 1), ledger_offence("2001:db8::7", "host2", 2)};
  batch.decisions = {ledger_decision(1, wire::DecisionOp::ban, "203.0.113.7", kLedgerNow + std::chrono::hours(1)),
                     ledger_decision(2, wire::DecisionOp::ban, "2001:db8::/64")};
  batch.marks = {{"host1", std::string(16, 'a'), 4}, {"host1", std::string(16, 'a'), 9}};
  const LedgerBatch written = batch;
  this->commit(*this->maker_.make(), std::move(batch));
  const LedgerState state = this->maker_.make()->load(this->everything()).value();
  EXPECT_EQ(state.epoch, 7u);
  EXPECT_EQ(state.head, 2u);
  EXPECT_EQ(state.standing, written.decisions);
  EXPECT_EQ(state.recent, written.decisions);
  ASSERT_EQ(state.marks.size(), 1u);
  EXPECT_EQ(state.marks[0], (SpoolMark{"host1", std::string(16, 'a'), 9}));
  ASSERT_EQ(state.offences.size(), 2u);
  EXPECT_EQ(state.offences[1].offence, written.offences[1].offence);
  EXPECT_EQ(state.offences[1].node, "host2");
  ASSERT_EQ(state.history.size(), 2u);
  EXPECT_EQ(state.history[0].bans, 1u);
}

TYPED_TEST_P(LedgerContract, WhatWasLiftedOrIsOverDoesNotStand) {
  using wire::DecisionOp;
  const Timestamp soon = kLedgerNow + std::chrono::hours(1);
  LedgerBatch batch;
  batch.decisions = {ledger_decision(1, DecisionOp::ban, "203.0.113.1", soon),
                     ledger_decision(2, DecisionOp::ban, "203.0.113.2", kLedgerNow - Duration(1)),  // over
                     ledger_decision(3, DecisionOp::ban, "203.0.113.3", soon),
                     ledger_decision(4, DecisionOp::unban, "203.0.113.3"),
                     ledger_decision(5, DecisionOp::ban, "198.51.100.9", soon),
                     ledger_decision(6, DecisionOp::allow, "198.51.100.0/24"),  // lifts it
                     ledger_decision(7, DecisionOp::allow, "192.0.2.0/24"),
                     ledger_decision(8, DecisionOp::disallow, "192.0.2.0/24"),
                     ledger_decision(9, DecisionOp::ban, "203.0.113.1", soon + std::chrono::hours(1))};  // extended
  this->commit(*this->maker_.make(), std::move(batch));
  const LedgerState state = this->maker_.make()->load(this->everything()).value();
  std::vector<std::uint64_t> standing;
  for (const DecisionRecord& record : state.standing)
    standing.push_back(record.seq);
  EXPECT_EQ(standing, (std::vector<std::uint64_t>{6, 9}));
  EXPECT_EQ(state.recent.size(), 9u);
}

TYPED_TEST_P(LedgerContract, ANewEpochEndsTheDelta) {
  auto ledger = this->maker_.make();
  LedgerBatch old;
  old.decisions = {ledger_decision(1, wire::DecisionOp::ban, "203.0.113.1")};
  this->commit(*ledger, old);
  LedgerBatch fresh;
  fresh.epoch = 8;
  fresh.decisions = {ledger_decision(2, wire::DecisionOp::ban, "203.0.113.2", kForever, 8)};
  this->commit(*ledger, fresh);
  const LedgerState state = ledger->load(this->everything()).value();
  EXPECT_EQ(state.epoch, 8u);
  EXPECT_EQ(state.head, 2u);
  EXPECT_EQ(state.standing.size(), 2u);
  EXPECT_EQ(state.recent, fresh.decisions);
}

TYPED_TEST_P(LedgerContract, LoadsNoMoreThanAskedFor) {
  auto ledger = this->maker_.make();
  LedgerBatch batch;
  for (int i = 0; i < 20; ++i) {
    batch.offences.push_back(ledger_offence("203.0.113.7", "host1", i));
    batch.decisions.push_back(ledger_decision(static_cast<std::uint64_t>(i + 1), wire::DecisionOp::ban,
                                              ("203.0.113." + std::to_string(i)).c_str()));
    batch.marks.push_back({"host1", std::string(16, static_cast<char>('a' + i)), 1});
  }
  this->commit(*ledger, batch);
  LoadRequest request = this->everything();
  request.most_offences = 5;
  request.most_recent = 4;
  request.most_history = 3;
  const LedgerState state = ledger->load(request).value();
  ASSERT_EQ(state.offences.size(), 5u);
  EXPECT_EQ(state.offences.back().received_at, kLedgerNow + Duration(19));
  ASSERT_EQ(state.recent.size(), 4u);
  EXPECT_EQ(state.recent.back().seq, 20u);
  EXPECT_EQ(state.history.size(), 3u);
  ASSERT_EQ(state.marks.size(), kMarksPerNode);
  EXPECT_EQ(state.marks.back().spool, std::string(16, 'a' + 19)) << "latest last";
  request.offences_since = kLedgerNow + Duration(18);
  EXPECT_EQ(ledger->load(request).value().offences.size(), 2u);
}

TYPED_TEST_P(LedgerContract, AnswersByAddressJailNodeAndTime) {
  auto ledger = this->maker_.make();
  LedgerBatch batch;
  batch.offences = {ledger_offence("203.0.113.7", "host1", 1), ledger_offence("203.0.113.8", "host2", 2, "web"),
                    ledger_offence("2001:db8::7", "host2", 3), ledger_offence("203.0.113.7", "host2", 4, "web")};
  this->commit(*ledger, batch);
  const auto times = [&](LedgerQuery query) {
    std::vector<std::int64_t> found;
    for (const OffenceRecord& record : this->ask(*ledger, query).offences)
      found.push_back((record.received_at - kLedgerNow).count());
    return found;
  };
  using Times = std::vector<std::int64_t>;
  EXPECT_EQ(times({}), (Times{4, 3, 2, 1}));
  EXPECT_EQ(times({.who = Prefix::parse("203.0.113.7").value()}), (Times{4, 1}));
  EXPECT_EQ(times({.who = Prefix::parse("203.0.113.0/24").value()}), (Times{4, 2, 1}));
  EXPECT_EQ(times({.who = Prefix::parse("2001:db8::/32").value()}), (Times{3}));
  EXPECT_EQ(times({.jail = "web"}), (Times{4, 2}));
  EXPECT_EQ(times({.jail = "web", .node = "host1"}), Times{});
  EXPECT_EQ(times({.since = kLedgerNow + Duration(3)}), (Times{4, 3}));
  EXPECT_EQ(times({.until = kLedgerNow + Duration(1)}), (Times{1}));
}

TYPED_TEST_P(LedgerContract, PagesThroughOffencesWithoutLossOrRepetition) {
  auto ledger = this->maker_.make();
  LedgerBatch batch;
  for (int i = 0; i < 25; ++i)
    batch.offences.push_back(ledger_offence("203.0.113.7", "host1", i));
  this->commit(*ledger, batch);
  LedgerQuery query;
  query.limit = 10;
  std::vector<std::uint64_t> ids;
  for (int page = 0; page < 10; ++page) {
    const LedgerAnswer answer = this->ask(*ledger, query);
    for (const OffenceRecord& record : answer.offences)
      ids.push_back(record.id);
    if (answer.next_offence == 0) break;
    query.before_offence = answer.next_offence;
  }
  EXPECT_EQ(ids.size(), 25u);
  EXPECT_TRUE(std::is_sorted(ids.rbegin(), ids.rend()));
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
}

TYPED_TEST_P(LedgerContract, WhyTellsAllDecisionsThatOverlap) {
  using wire::DecisionOp;
  auto ledger = this->maker_.make();
  LedgerBatch batch;
  batch.offences = {ledger_offence("203.0.113.7", "host1", 1), ledger_offence("203.0.113.7", "host2", 2),
                    ledger_offence("203.0.113.8", "host2", 3)};
  batch.decisions = {
      ledger_decision(1, DecisionOp::ban, "203.0.113.7"), ledger_decision(2, DecisionOp::ban, "203.0.113.0/24"),
      ledger_decision(3, DecisionOp::ban, "203.0.113.8"), ledger_decision(4, DecisionOp::unban, "203.0.113.7")};
  this->commit(*ledger, batch);
  LedgerQuery query;
  query.kind = LedgerQuery::Kind::why;
  query.who = Prefix::parse("203.0.113.7").value();
  query.with_summary = true;
  LedgerAnswer answer = this->ask(*ledger, query);
  ASSERT_EQ(answer.decisions.size(), 3u);
  EXPECT_EQ(answer.decisions[0], batch.decisions[3]);
  EXPECT_EQ(answer.decisions[2], batch.decisions[0]);
  EXPECT_EQ(answer.total_offences, 2u);
  EXPECT_EQ(answer.total_nodes, 2u);
  EXPECT_EQ(answer.total_decisions, 3u);
  EXPECT_EQ(answer.first, kLedgerNow + Duration(1));
  EXPECT_EQ(answer.last, kLedgerNow + Duration(2));
  query.before_decision = 4;
  query.before_offence = answer.offences.front().id;
  answer = this->ask(*ledger, query);
  EXPECT_EQ(answer.decisions.size(), 2u);
  EXPECT_EQ(answer.offences.size(), 1u);
  EXPECT_EQ(answer.total_offences, 2u) << "counts all, whatever the page";
}

TYPED_TEST_P(LedgerContract, TopCounts) {
  auto ledger = this->maker_.make();
  LedgerBatch batch;
  batch.offences = {ledger_offence("203.0.113.7", "host1", 1), ledger_offence("203.0.113.8", "host2", 2, "web"),
                    ledger_offence("203.0.113.7", "host2", 3), ledger_offence("2001:db8::7", "host1", 4),
                    ledger_offence("2001:db8::8", "host1", 5)};
  this->commit(*ledger, batch);
  LedgerQuery query;
  query.kind = LedgerQuery::Kind::top;
  query.by = "address";
  auto top = this->ask(*ledger, query).top;
  ASSERT_EQ(top.size(), 4u);
  EXPECT_EQ(top[0], (TopRow{"203.0.113.7", 2, 1, 2, kLedgerNow + Duration(3)}));
  query.by = "network";
  top = this->ask(*ledger, query).top;
  ASSERT_EQ(top.size(), 2u);
  EXPECT_EQ(top[0], (TopRow{"203.0.113.0/24", 3, 2, 2, kLedgerNow + Duration(3)}));
  EXPECT_EQ(top[1], (TopRow{"2001:db8::/64", 2, 2, 1, kLedgerNow + Duration(5)}));
  query.by = "jail";
  query.limit = 1;
  top = this->ask(*ledger, query).top;
  ASSERT_EQ(top.size(), 1u);
  EXPECT_EQ(top[0].key, "sshd");
  EXPECT_EQ(top[0].offences, 4u);
}

TYPED_TEST_P(LedgerContract, CommitsInOrderWhateverIsQueued) {
  auto ledger = this->maker_.make();
  for (std::uint64_t seq = 1; seq <= 50; ++seq) {
    LedgerBatch batch;
    batch.epoch = 7;
    batch.decisions = {ledger_decision(seq, wire::DecisionOp::ban, "203.0.113.7")};
    ledger->commit(++this->ticket_, std::move(batch));
  }
  std::uint64_t last = 0;
  while (last < this->ticket_) {
    this->maker_.wait(*ledger);
    for (const LedgerEvent& event : ledger->take_events()) {
      ASSERT_GT(std::get<Committed>(event).ticket, last);
      last = std::get<Committed>(event).ticket;
    }
  }
  EXPECT_EQ(ledger->load(this->everything()).value().recent.size(), 50u);
  EXPECT_GE(ledger->stats().commits, 1u);
}

REGISTER_TYPED_TEST_SUITE_P(LedgerContract, StartsEmpty, RemembersOverARestart, WhatWasLiftedOrIsOverDoesNotStand,
                            ANewEpochEndsTheDelta, LoadsNoMoreThanAskedFor, AnswersByAddressJailNodeAndTime,
                            PagesThroughOffencesWithoutLossOrRepetition, WhyTellsAllDecisionsThatOverlap, TopCounts,
                            CommitsInOrderWhateverIsQueued);

}  // namespace breakwater
