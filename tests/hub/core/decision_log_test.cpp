// SPDX-License-Identifier: Apache-2.0
#include "hub/core/decision_log.h"

#include <gtest/gtest.h>

namespace breakwater {
namespace {

using wire::DecisionOp;
using namespace std::chrono_literals;

constexpr Timestamp kNow = from_unix_ms(1'790'000'000'000);

Prefix range(const char* text) {
  return Prefix::parse(text).value();
}

class DecisionLogTest : public ::testing::Test {
 protected:
  DecisionLogTest() {
    LedgerState state;
    state.epoch = 7;
    log_.restore(state, kNow);
  }
  std::uint64_t propose(DecisionOp op, const char* who, Timestamp until = kForever) {
    return log_.propose({op, range(who), until, kNow, "sshd", ""}, "policy", "host1").seq;
  }
  void decide(DecisionOp op, const char* who, Timestamp until = kForever) { log_.commit(propose(op, who, until)); }

  DecisionLog log_{5, 100};
};

TEST_F(DecisionLogTest, AProposalIsKnownToThePolicyAndToNobodyElse) {
  const std::uint64_t seq = propose(DecisionOp::ban, "203.0.113.7", kNow + 1h);
  EXPECT_EQ(log_.banned_until(range("203.0.113.7")), kNow + 1h);
  EXPECT_EQ(log_.head(), 0u);
  EXPECT_TRUE(log_.delta(1, 10).empty());
  EXPECT_TRUE(log_.snapshot(kNow).empty());
  log_.commit(seq);
  EXPECT_EQ(log_.head(), 1u);
  EXPECT_EQ(log_.delta(1, 10).size(), 1u);
  EXPECT_EQ(log_.snapshot(kNow).size(), 1u);
}

TEST_F(DecisionLogTest, TheLastWordOnARangeCounts) {
  decide(DecisionOp::ban, "203.0.113.7", kNow + 2h);
  decide(DecisionOp::ban, "203.0.113.7", kNow + 1h);
  EXPECT_EQ(log_.banned_until(range("203.0.113.7")), kNow + 1h) << "absolute: whatever was before";
  propose(DecisionOp::unban, "203.0.113.7");
  EXPECT_FALSE(log_.banned_until(range("203.0.113.7")));
  log_.commit(3);
  EXPECT_TRUE(log_.bans().empty());
}

TEST_F(DecisionLogTest, AWiderBanCoversItsAddresses) {
  decide(DecisionOp::ban, "203.0.113.0/24", kNow + 1h);
  decide(DecisionOp::ban, "203.0.113.7", kNow + 2h);
  EXPECT_EQ(log_.banned_until(range("203.0.113.8")), kNow + 1h);
  EXPECT_EQ(log_.banned_until(range("203.0.113.7")), kNow + 2h);
  decide(DecisionOp::unban, "203.0.113.7");
  EXPECT_EQ(log_.banned_until(range("203.0.113.7")), kNow + 1h) << "the wider one still stands";
}

TEST_F(DecisionLogTest, AnAllowLiftsWhatItOverlaps) {
  decide(DecisionOp::ban, "203.0.113.7");
  decide(DecisionOp::ban, "198.51.100.0/24");
  decide(DecisionOp::ban, "192.0.2.1");
  decide(DecisionOp::allow, "203.0.113.0/24");
  decide(DecisionOp::allow, "198.51.100.9");
  ASSERT_EQ(log_.bans().size(), 1u);
  EXPECT_EQ(log_.bans().begin()->first, range("192.0.2.1"));
  EXPECT_EQ(log_.allowed(range("203.0.113.9"), kNow), range("203.0.113.0/24"));
  EXPECT_FALSE(log_.allowed(range("192.0.2.1"), kNow));
  propose(DecisionOp::disallow, "203.0.113.0/24");
  EXPECT_FALSE(log_.allowed(range("203.0.113.9"), kNow));
}

TEST_F(DecisionLogTest, BansEndByTimeAlone) {
  decide(DecisionOp::ban, "203.0.113.1", kNow + 1h);
  decide(DecisionOp::ban, "203.0.113.2", kNow + 2h);
  decide(DecisionOp::ban, "203.0.113.1", kNow + 3h);  // extended: its first end means nothing any more
  log_.expire(kNow + 2h);
  ASSERT_EQ(log_.bans().size(), 1u);
  EXPECT_EQ(log_.bans().begin()->first, range("203.0.113.1"));
  log_.expire(kNow + 3h);
  EXPECT_TRUE(log_.bans().empty());
  EXPECT_EQ(log_.head(), 3u);
}

TEST_F(DecisionLogTest, TheRingKeepsTheNewest) {
  for (int i = 1; i <= 8; ++i)
    decide(DecisionOp::ban, ("203.0.113." + std::to_string(i)).c_str());
  EXPECT_EQ(log_.log_from(), 4u);
  const auto delta = log_.delta(5, 2);
  ASSERT_EQ(delta.size(), 2u);
  EXPECT_EQ(delta[0].who, range("203.0.113.5"));
  EXPECT_EQ(log_.find(3), nullptr);
  EXPECT_EQ(log_.find(8)->decision.who, range("203.0.113.8"));
  EXPECT_EQ(log_.find(9), nullptr);
}

TEST_F(DecisionLogTest, ANewEpochKeepsTheNumbersAndEndsTheDelta) {
  decide(DecisionOp::ban, "203.0.113.1");
  log_.begin_epoch(8);
  EXPECT_EQ(log_.epoch(), 7u);
  log_.start_epoch(8);
  EXPECT_EQ(log_.epoch(), 8u);
  EXPECT_EQ(log_.head(), 1u);
  EXPECT_EQ(log_.log_from(), 2u);
  decide(DecisionOp::ban, "203.0.113.2");
  EXPECT_EQ(log_.head(), 2u);
  EXPECT_EQ(log_.find(2)->epoch, 8u);
}

TEST_F(DecisionLogTest, ComesBackFromTheLedger) {
  LedgerState state;
  state.epoch = 9;
  state.head = 12;
  const auto record = [](std::uint64_t seq, const char* who, Timestamp until) {
    return DecisionRecord{9, seq, {DecisionOp::ban, range(who), until, kNow, "sshd", "r"}, "policy", "host1"};
  };
  state.standing = {record(3, "203.0.113.1", kForever), record(4, "203.0.113.2", kNow - 1s)};
  state.recent = {record(11, "203.0.113.3", kNow + 1h), record(12, "203.0.113.4", kNow + 1h)};
  DecisionLog log(5, 100);
  log.restore(state, kNow);
  EXPECT_EQ(log.head(), 12u);
  EXPECT_EQ(log.log_from(), 11u);
  ASSERT_EQ(log.bans().size(), 1u) << "what is over does not stand";
  EXPECT_EQ(log.bans().begin()->second.seq, 3u);
  EXPECT_EQ(log.propose({DecisionOp::ban, range("192.0.2.1"), kForever, kNow, "", ""}, "x", "").seq, 13u);
}

}  // namespace
}  // namespace breakwater
