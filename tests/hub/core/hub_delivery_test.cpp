// SPDX-License-Identifier: Apache-2.0
// HubCore: who is sent what, and that nobody waits behind anybody.
#include <numeric>

#include "tests/hub/core/hub_harness.h"

namespace breakwater {
namespace {

using namespace std::chrono_literals;

std::vector<std::uint64_t> numbers(std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> all(to - from + 1);
  std::iota(all.begin(), all.end(), from);
  return all;
}

// Makes `count` decisions, one an address.
void decide(HubHarness& hub, int count, int from = 0) {
  for (int i = from; i < from + count; ++i)
    hub.ask("ban", {{"who", "198.51." + std::to_string(i / 250) + "." + std::to_string(i % 250)}});
}

TEST(HubDelivery, ManyDecisionsOfOneCommitAreOneMessage) {
  HubHarness hub({jail_named("sshd", 1)});
  hub.greet("host1", hub.epoch());
  wire::OffenceBatch batch{std::string(16, 's'), 0, {}};
  for (std::uint64_t i = 1; i <= 100; ++i)
    batch.offences.push_back(hub.offence(i, "203.0.113." + std::to_string(i)));
  hub.say("host1", batch);
  EXPECT_EQ(hub.told<wire::Decisions>("host1").size(), 1u);
  EXPECT_EQ(hub.pushed("host1"), numbers(1, 100));
}

TEST(HubDelivery, ANodeThatWasAwayGetsWhatItMissed) {
  HubHarness hub;
  decide(hub, 600);
  hub.greet("host1", hub.epoch(), 100);
  EXPECT_EQ(hub.told<wire::Welcome>("host1").at(0).mode, wire::CatchUpMode::delta);
  EXPECT_EQ(hub.pushed("host1"), numbers(101, 600));
}

TEST(HubDelivery, AwayForTooLongIsASnapshotThenLive) {
  HubSettings settings;
  settings.decisions_in_ring = 10;
  HubHarness hub({jail_named("sshd")}, settings);
  decide(hub, 30);
  hub.ask("unban", {{"who", "198.51.0.3"}});
  hub.ask("allow", {{"who", "192.0.2.0/24"}});
  hub.greet("host1", hub.epoch(), 5);
  EXPECT_EQ(hub.told<wire::Welcome>("host1").at(0).mode, wire::CatchUpMode::snapshot);
  const auto chunk = hub.told<wire::SnapshotChunk>("host1").at(0);
  EXPECT_EQ(chunk.total, 1u);
  EXPECT_EQ(chunk.rows.size(), 30u);  // 29 bans and the allow
  EXPECT_EQ(hub.told<wire::SnapshotEnd>("host1").at(0).seq, 32u);
  decide(hub, 2, 100);
  EXPECT_EQ(hub.pushed("host1"), numbers(33, 34));
}

TEST(HubDelivery, ALargeSnapshotComesInChunksWithOthersInBetween) {
  constexpr int kBans = 50'000;
  HubHarness hub({jail_named("sshd", 1)});
  LedgerBatch batch;
  batch.epoch = 9;
  for (int i = 0; i < kBans; ++i) {
    const auto who = Address::v4(10, static_cast<std::uint8_t>(i >> 16), static_cast<std::uint8_t>(i >> 8),
                                 static_cast<std::uint8_t>(i));
    batch.decisions.push_back({9,
                               static_cast<std::uint64_t>(i + 1),
                               {wire::DecisionOp::ban, who, kForever, hub.now, "sshd", "r"},
                               "policy",
                               "host1"});
  }
  hub.ledger->commit(1, std::move(batch));
  hub.ledger->take_events();
  hub.start();
  hub.greet("other", 9, kBans);
  // By hand, turn by turn.
  hub.core->on_message("fresh", {"fresh", PeerRole::node}, hub.hello("fresh"), hub.now, hub.tick);
  std::size_t turns = 0, most_in_a_turn = 0, chunks = 0;
  do {
    std::size_t in_this_turn = 0;
    for (const HubEffect& effect : hub.core->take_effects(hub.now, hub.tick)) {
      const auto* message = std::get_if<SendTo>(&effect);
      in_this_turn += message != nullptr && std::holds_alternative<wire::SnapshotChunk>(*message->message);
    }
    chunks += in_this_turn;
    most_in_a_turn = std::max(most_in_a_turn, in_this_turn);
    ++turns;
  } while (hub.core->has_more());
  EXPECT_EQ(chunks, (kBans + wire::kMaxSnapshotRowsPerChunk - 1) / wire::kMaxSnapshotRowsPerChunk);
  EXPECT_LE(most_in_a_turn, 8u);
  EXPECT_GT(turns, 1u);
  EXPECT_TRUE(hub.told<wire::SnapshotChunk>("other").empty());
}

TEST(HubDelivery, SnapshotsHaveTheirTurn) {
  HubSettings settings;
  settings.max_snapshots = 2;
  HubHarness hub({jail_named("sshd")}, settings);
  decide(hub, 5);
  for (int i = 0; i < 20; ++i)
    hub.core->on_message("n" + std::to_string(i), {"n" + std::to_string(i), PeerRole::node},
                         hub.hello("n" + std::to_string(i)), hub.now, hub.tick);
  hub.run();
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(hub.told<wire::SnapshotEnd>("n" + std::to_string(i)).size(), 1u) << i;
}

TEST(HubDelivery, ASlowNodeCostsNobodyAnythingAndCatchesUp) {
  HubHarness hub;
  hub.greet("slow", hub.epoch());
  hub.greet("quick", hub.epoch());
  hub.full = {"slow"};
  decide(hub, 300);
  EXPECT_EQ(hub.pushed("quick"), numbers(1, 300));
  EXPECT_TRUE(hub.pushed("slow").empty());
  EXPECT_TRUE(hub.core->roster().find("slow")->lagging);
  hub.full.clear();
  hub.pass(250ms);
  EXPECT_EQ(hub.pushed("slow"), numbers(1, 300));
  EXPECT_FALSE(hub.core->roster().find("slow")->lagging);
}

TEST(HubDelivery, ANodeThatConfirmsNothingIsSentNoMoreThanTheWindow) {
  HubSettings settings;
  settings.window = 10;
  HubHarness hub({jail_named("sshd")}, settings);
  hub.greet("host1", hub.epoch());
  decide(hub, 25);
  EXPECT_EQ(hub.pushed("host1"), numbers(1, 10));
  hub.say("host1", wire::Applied{hub.epoch(), 6, 6, 0, 0});
  EXPECT_EQ(hub.pushed("host1"), numbers(1, 16));
  hub.say("host1", wire::Applied{hub.epoch(), 16, 16, 0, 0});
  hub.say("host1", wire::Applied{hub.epoch(), 25, 25, 0, 0});
  EXPECT_EQ(hub.pushed("host1"), numbers(1, 25));
}

TEST(HubDelivery, FullInTheMiddleGoesOnFromThere) {
  HubHarness hub;
  decide(hub, 600);
  hub.core->on_message("host1", {"host1", PeerRole::node}, hub.hello("host1", hub.epoch(), 0), hub.now, hub.tick);
  std::vector<std::uint64_t> firsts;
  for (const HubEffect& effect : hub.core->take_effects(hub.now, hub.tick)) {
    const auto* message = std::get_if<SendTo>(&effect);
    const auto* decisions = message != nullptr ? std::get_if<wire::Decisions>(message->message.get()) : nullptr;
    if (decisions == nullptr) continue;
    firsts.push_back(decisions->first);
    if (firsts.size() > 1) {
      hub.core->on_send_outcome("host1", *message->message, SendOutcome::full, hub.now, hub.tick);
    }
  }
  ASSERT_EQ(firsts, (std::vector<std::uint64_t>{1, 257, 513}));
  hub.pass(250ms);
  EXPECT_EQ(hub.pushed("host1"), numbers(257, 600));
}

TEST(HubDelivery, AHoleIsFilledOnRequest) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  decide(hub, 10);
  hub.inbox.clear();
  hub.say("host1", wire::CatchUp{hub.epoch(), 4});
  EXPECT_EQ(hub.pushed("host1"), numbers(4, 10));
  hub.inbox.clear();
  hub.say("host1", wire::CatchUp{hub.epoch() + 1, 4});
  EXPECT_EQ(hub.told<wire::SnapshotEnd>("host1").size(), 1u) << "not of our epoch: all of it";
  hub.inbox.clear();
  hub.say("host1", wire::SnapshotRequest{hub.epoch()});
  EXPECT_EQ(hub.told<wire::SnapshotEnd>("host1").at(0).rows, 10u);
}

TEST(HubDelivery, AChunkThatFoundNoRoomComesAgain) {
  HubHarness hub;
  decide(hub, 3);
  hub.greet("host1", hub.epoch());
  hub.inbox.clear();
  hub.full = {"host1"};
  hub.say("host1", wire::SnapshotRequest{hub.epoch()});
  EXPECT_TRUE(hub.told<wire::SnapshotEnd>("host1").empty());
  hub.full.clear();
  for (int i = 0; i < 4; ++i)
    hub.pass(250ms);
  EXPECT_EQ(hub.told<wire::SnapshotEnd>("host1").back().rows, 3u);
  EXPECT_EQ(hub.told<wire::SnapshotChunk>("host1").back().rows.size(), 3u);
}

TEST(HubDelivery, AnAcknowledgementThatFoundNoRoomComesAgain) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  hub.full = {"host1"};
  hub.core->on_message("host1", {"host1", PeerRole::node},
                       wire::OffenceBatch{std::string(16, 's'), 0, {hub.offence(1)}}, hub.now, hub.tick);
  HubEffects effects = hub.core->take_effects(hub.now, hub.tick);
  hub.core->on_committed(std::get<CommitBatch>(effects.at(0)).ticket, hub.now, hub.tick);
  for (const HubEffect& effect : hub.core->take_effects(hub.now, hub.tick)) {
    const auto* message = std::get_if<SendTo>(&effect);
    if (message != nullptr) hub.core->on_send_outcome("host1", *message->message, SendOutcome::full, hub.now, hub.tick);
  }
  hub.full.clear();
  hub.pass(250ms);
  EXPECT_EQ(hub.told<wire::OffenceAck>("host1").at(0).nseq, 1u);
}

TEST(HubDelivery, WhoIsGoneIsForgottenAtTheFirstSend) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  hub.gone = {"host1"};
  decide(hub, 1);
  EXPECT_EQ(hub.core->node_state("host1"), NodeState::lost);
  EXPECT_EQ(hub.core->peers(), 1u) << "the tool";
}

TEST(HubDelivery, DecisionsAreMadeOnceAndSharedByAllReceivers) {
  HubHarness hub;
  for (const char* node : {"a", "b", "c"})
    hub.greet(node, hub.epoch());
  hub.core->on_message("tool", {"alice", PeerRole::admin}, wire::Query{1, "ban", {{"who", "203.0.113.9"}}, "", 1},
                       hub.now, hub.tick);
  HubEffects effects = hub.core->take_effects(hub.now, hub.tick);
  hub.core->on_committed(std::get<CommitBatch>(effects.at(0)).ticket, hub.now, hub.tick);
  std::set<const wire::Message*> messages;
  for (const HubEffect& effect : hub.core->take_effects(hub.now, hub.tick)) {
    const auto* message = std::get_if<SendTo>(&effect);
    if (message != nullptr && std::holds_alternative<wire::Decisions>(*message->message)) {
      messages.insert(message->message.get());
    }
  }
  EXPECT_EQ(messages.size(), 1u);
}

}  // namespace
}  // namespace breakwater
