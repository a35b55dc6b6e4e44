// SPDX-License-Identifier: Apache-2.0
#include "node/core/node_core.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/fakes/node_harness.h"

namespace breakwater {
namespace {

using namespace std::chrono_literals;
using wire::DecisionOp;

constexpr const char* kAttacker = "203.0.113.7";

wire::Decisions decisions(std::uint64_t epoch, std::uint64_t first, std::vector<wire::Decision> list) {
  return {epoch, first, 0, std::move(list)};
}

TEST(NodeCore, BansAtMaxretryWithoutAnyHub) {
  NodeHarness node({simple_jail("sshd", 3)});
  node.offend(kAttacker, 2);
  EXPECT_FALSE(node.banned(kAttacker));
  node.offend(kAttacker);
  EXPECT_TRUE(node.banned(kAttacker));
  EXPECT_FALSE(node.banned("203.0.113.8"));
}

TEST(NodeCore, SlowOffencesNeverBan) {
  NodeHarness node({simple_jail("sshd", 3)});
  for (int i = 0; i < 20; ++i) {
    node.offend(kAttacker);
    node.pass(11min);
  }
  EXPECT_FALSE(node.banned(kAttacker));
}

TEST(NodeCore, ABanEndsWithItsTimeAndIsForgotten) {
  NodeHarness node({simple_jail("sshd", 1)});
  node.offend(kAttacker);
  node.pass(59min);
  EXPECT_TRUE(node.banned(kAttacker));
  node.pass(2min);
  EXPECT_FALSE(node.banned(kAttacker));
  EXPECT_TRUE(node.store.load().value().bans.empty());
  EXPECT_EQ(node.core->bans().size(), 0u);
}

JailConfig growing_jail(std::string name = "sshd") {
  JailConfig jail = simple_jail(std::move(name), 2);
  jail.bantime = std::chrono::minutes(10);
  jail.increment.enabled = true;
  return jail;
}

// Bans, and says for how long.
std::int64_t minutes_of_next_ban(NodeHarness& node, std::size_t jail = 0) {
  node.offend(kAttacker, 2, jail);
  const Timestamp began = node.now;
  while (node.banned(kAttacker))
    node.pass(std::chrono::minutes(1));
  return std::chrono::duration_cast<std::chrono::minutes>(node.now - began).count();
}

TEST(NodeCore, BansGrowWithoutAHubToo) {
  NodeHarness node({growing_jail()});
  EXPECT_EQ(10, minutes_of_next_ban(node));
  EXPECT_EQ(20, minutes_of_next_ban(node));
  EXPECT_EQ(40, minutes_of_next_ban(node));
  node.restart();
  EXPECT_EQ(80, minutes_of_next_ban(node));
}

TEST(NodeCore, ABanThatStandsIsNotCountedAgain) {
  NodeHarness node({growing_jail()});
  node.offend(kAttacker, 2);
  node.offend(kAttacker, 2);  // lines that came before the packets were dropped: the ban gets longer
  node.pass(std::chrono::minutes(21));
  ASSERT_FALSE(node.banned(kAttacker));
  EXPECT_EQ(20, minutes_of_next_ban(node));
}

TEST(NodeCore, BansOfAnotherJailCountIfItSaysSo) {
  JailConfig overall = growing_jail("web");
  overall.increment.overalljails = true;
  NodeHarness node({growing_jail(), overall, growing_jail("mail")});
  EXPECT_EQ(10, minutes_of_next_ban(node, 0));
  EXPECT_EQ(20, minutes_of_next_ban(node, 1));
  EXPECT_EQ(10, minutes_of_next_ban(node, 2));
}

TEST(NodeCore, WhereNoBansGrowNothingIsRemembered) {
  NodeHarness node({simple_jail("sshd", 2)});
  EXPECT_EQ(60, minutes_of_next_ban(node));
  EXPECT_EQ(60, minutes_of_next_ban(node));
  EXPECT_TRUE(node.store.load().value().ban_counts.empty());
}

TEST(NodeCore, AFullDiskDoesNotStopBansFromGrowing) {
  NodeHarness node({growing_jail()});
  node.store.full = true;
  EXPECT_EQ(10, minutes_of_next_ban(node));
  EXPECT_EQ(20, minutes_of_next_ban(node));
  node.store.full = false;
  node.pass(std::chrono::seconds(2));
  node.restart();
  EXPECT_EQ(40, minutes_of_next_ban(node));
}

TEST(NodeCore, ObserveNeverBansButReports) {
  JailConfig jail = simple_jail("sshd", 1);
  jail.mode = JailMode::observe;
  NodeHarness node({jail});
  node.connect();
  node.offend(kAttacker);
  EXPECT_FALSE(node.banned(kAttacker));
  EXPECT_TRUE(node.link.take<wire::OffenceBatch>());
}

TEST(NodeCore, AnOffenceIsOnDiskBeforeTheHubHearsOfIt) {
  NodeHarness node({simple_jail()});
  node.connect();
  node.store.full = true;
  node.offend(kAttacker);
  EXPECT_FALSE(node.link.take<wire::OffenceBatch>());
  node.store.full = false;
  node.pass(2s);
  const auto batch = node.link.take<wire::OffenceBatch>();
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->offences.at(0).nseq, 1u);
  EXPECT_EQ(node.store.spooled(0, 10).value().size(), 1u);
}

TEST(NodeCore, ALinkThatTakesNothingIsTriedAgainWithTheNextTickAndNotForEver) {
  NodeHarness node({simple_jail("sshd", 1)});
  node.connect();
  node.link.accepts = false;  // gone, and the link could not say so yet
  node.offend(kAttacker);     // would never return
  EXPECT_TRUE(node.banned(kAttacker));
  node.link.accepts = true;
  EXPECT_FALSE(node.link.take<wire::OffenceBatch>());
  node.pass(2s);
  EXPECT_TRUE(node.link.take<wire::OffenceBatch>());
}

TEST(NodeCore, WhatTheKernelHoldsIsToldAgainWithTheNextTickIfTheLinkTookNothing) {
  NodeHarness node({simple_jail()});
  node.connect(1);
  node.receive(wire::SnapshotEnd{0, 1, 0, 0});
  node.link.accepts = false;
  node.receive(decisions(1, 1, {decision(DecisionOp::ban, kAttacker)}));
  EXPECT_TRUE(node.banned(kAttacker));
  node.link.accepts = true;
  node.link.sent.clear();
  node.pass(2s);
  EXPECT_TRUE(node.link.take<wire::Applied>());
}

TEST(NodeCore, AFullDiskNeverStopsALocalBan) {
  NodeHarness node({simple_jail("sshd", 3)});
  node.store.full = true;
  node.offend(kAttacker, 3);
  EXPECT_TRUE(node.banned(kAttacker));
  EXPECT_GT(node.counter("persist_failed"), 0u);
}

TEST(NodeCore, OffencesInMemoryAreBoundedWhileTheDiskIsFull) {
  NodeSettings settings;
  settings.max_unsaved = 10;
  NodeHarness node({simple_jail("sshd", 100)}, settings);
  node.store.full = true;
  node.offend(kAttacker, 25);
  EXPECT_EQ(node.counter("unsaved_dropped"), 15u);
}

TEST(NodeCore, RestartKeepsBansAndCounts) {
  NodeHarness node({simple_jail("sshd", 4)});
  node.offend("203.0.113.1", 4);
  node.offend(kAttacker, 3);
  node.restart();
  EXPECT_TRUE(node.banned("203.0.113.1"));
  node.offend(kAttacker);
  EXPECT_TRUE(node.banned(kAttacker)) << "three before the restart and one after it are four";
}

TEST(NodeCore, ARebootBringsBansBackWithTheRestOfTheirTime) {
  NodeHarness node({simple_jail("sshd", 1)});
  node.offend(kAttacker);
  node.kernel.lose_everything();
  node.now += 40min;
  node.restart();
  EXPECT_TRUE(node.banned(kAttacker));
  node.pass(21min);
  EXPECT_FALSE(node.banned(kAttacker));
}

TEST(NodeCore, AFlushedKernelIsFilledAgainWithoutTheLogs) {
  NodeHarness node({simple_jail("sshd", 1)});
  node.offend(kAttacker);
  node.kernel.lose_everything();
  node.core->on_kernel_list(node.kernel.list().value(), node.now);
  node.settle();
  EXPECT_TRUE(node.banned(kAttacker));
}

TEST(NodeCore, WhatOnlyTheKernelRemembersIsAdopted) {
  NodeHarness node({simple_jail("sshd", 1)});
  (void)node.kernel.apply({{Prefix::parse(kAttacker).value(), Duration(10min), false}});
  node.restart();
  EXPECT_TRUE(node.banned(kAttacker));
  EXPECT_EQ(node.core->bans().size(), 1u);
}

TEST(NodeCore, AKernelThatRefusesIsToldAgain) {
  NodeHarness node({simple_jail("sshd", 1)});
  node.kernel.refuse = "set is full";
  node.offend(kAttacker);
  EXPECT_FALSE(node.banned(kAttacker));
  EXPECT_EQ(node.core->bans().failed(), 1u);
  node.kernel.refuse.reset();
  node.pass(2s);
  EXPECT_TRUE(node.banned(kAttacker));
  EXPECT_EQ(node.core->bans().failed(), 0u);
}

TEST(NodeCore, NeverBanIsAskedLast) {
  NodeHarness node({simple_jail("sshd", 1)});
  NeverBan never;
  never.add(Prefix::parse("198.51.100.0/24").value(), "docker network bridge");
  node.core->on_never_ban(never, node.now);
  node.offend("198.51.100.1");
  EXPECT_FALSE(node.banned("198.51.100.1"));
  EXPECT_EQ(node.counter("refused_never_ban"), 1u);
  node.connect(1);
  node.receive(wire::SnapshotEnd{0, 1, 0, 0});
  node.receive(decisions(1, 1,
                         {decision(DecisionOp::ban, "198.51.100.0/23"), decision(DecisionOp::ban, "127.0.0.1"),
                          decision(DecisionOp::ban, "0.0.0.0/0"), decision(DecisionOp::ban, kAttacker)}));
  EXPECT_EQ(node.kernel.size(), 1u);
  EXPECT_TRUE(node.banned(kAttacker));
}

TEST(NodeCore, AnAddressThatBecomesOursIsLifted) {
  NodeHarness node({simple_jail("sshd", 1)});
  node.offend(kAttacker);
  NeverBan never;
  never.add(Prefix::parse(kAttacker).value(), "own address of eth0");
  node.core->on_never_ban(never, node.now);
  node.settle();
  EXPECT_FALSE(node.banned(kAttacker));
  node.core->on_never_ban(NeverBan(), node.now);
  node.settle();
  EXPECT_TRUE(node.banned(kAttacker)) << "no longer ours: the ban stands again";
}

TEST(NodeCore, IgnoreipIsNeitherCountedNorReported) {
  JailConfig jail = simple_jail("sshd", 1);
  jail.ignoreip = {Prefix::parse("203.0.113.0/24").value()};
  NodeHarness node({jail});
  node.connect();
  node.offend(kAttacker, 5);
  EXPECT_FALSE(node.banned(kAttacker));
  EXPECT_FALSE(node.link.take<wire::OffenceBatch>());
  EXPECT_EQ(node.counter("ignored"), 5u);
}

TEST(NodeCore, AnOldAttackInTheLogIsNotBannedAfterItsTime) {
  NodeHarness node({simple_jail("sshd", 3)});
  for (int i = 0; i < 3; ++i) {
    wire::Offence offence;
    offence.at = node.now - 61min;
    offence.who = Address::parse(kAttacker).value();
    offence.jail = "sshd";
    node.core->on_offence(0, offence, nullptr, node.now);
  }
  node.settle();
  EXPECT_FALSE(node.banned(kAttacker));
}

TEST(NodeCore, DecisionsAreEnforcedAndReported) {
  NodeHarness node({simple_jail()});
  node.connect(1);
  node.receive(wire::SnapshotEnd{0, 1, 0, 0});
  node.receive(decisions(1, 1, {decision(DecisionOp::ban, kAttacker, node.now + 1h)}));
  EXPECT_TRUE(node.banned(kAttacker));
  std::optional<wire::Applied> last;
  while (auto applied = node.link.take<wire::Applied>())
    last = applied;
  ASSERT_TRUE(last);
  EXPECT_EQ(last->received, 1u);
  EXPECT_EQ(last->enforced, 1u);
  EXPECT_EQ(last->epoch, 1u);
  EXPECT_EQ(node.store.load().value().applied, 1u);
}

TEST(NodeCore, ReceivedIsNotEnforced) {
  NodeHarness node({simple_jail()});
  node.connect(1);
  node.receive(wire::SnapshotEnd{0, 1, 0, 0});
  node.kernel.refuse = "no such set";
  node.receive(decisions(1, 1, {decision(DecisionOp::ban, kAttacker)}));
  std::optional<wire::Applied> last;
  while (auto applied = node.link.take<wire::Applied>())
    last = applied;
  ASSERT_TRUE(last);
  EXPECT_EQ(last->received, 1u);
  EXPECT_EQ(last->enforced, 0u);
  EXPECT_EQ(last->failed, 1u);
}

TEST(NodeCore, AGapIsAskedForAndADuplicateIsNothing) {
  NodeHarness node({simple_jail()});
  node.connect(1);
  node.receive(wire::SnapshotEnd{0, 1, 10, 0});
  node.receive(decisions(1, 13, {decision(DecisionOp::ban, "203.0.113.3")}));
  const auto catch_up = node.link.take<wire::CatchUp>();
  ASSERT_TRUE(catch_up);
  EXPECT_EQ(catch_up->from, 11u);
  EXPECT_FALSE(node.banned("203.0.113.3"));
  node.receive(decisions(1, 10,
                         {decision(DecisionOp::ban, "203.0.113.9"), decision(DecisionOp::ban, "203.0.113.1"),
                          decision(DecisionOp::ban, "203.0.113.2"), decision(DecisionOp::ban, "203.0.113.3")}));
  EXPECT_FALSE(node.banned("203.0.113.9")) << "sequence 10 was known";
  EXPECT_TRUE(node.banned("203.0.113.3"));
  EXPECT_EQ(node.core->session().received(), 13u);
}

TEST(NodeCore, AnotherEpochAsksForASnapshotWhichReplacesWhatTheHubSaid) {
  NodeHarness node({simple_jail("sshd", 1)});
  node.connect(1);
  node.receive(wire::SnapshotEnd{0, 1, 0, 0});
  node.receive(decisions(1, 1, {decision(DecisionOp::ban, "203.0.113.1"), decision(DecisionOp::ban, "203.0.113.2")}));
  node.offend("203.0.113.50");
  node.receive(decisions(2, 1, {decision(DecisionOp::ban, "203.0.113.3")}));
  ASSERT_TRUE(node.link.take<wire::SnapshotRequest>());
  EXPECT_FALSE(node.banned("203.0.113.3"));
  node.receive(wire::SnapshotChunk{9,
                                   2,
                                   5,
                                   0,
                                   1,
                                   {{DecisionOp::ban, Prefix::parse("203.0.113.2").value(), kForever},
                                    {DecisionOp::allow, Prefix::parse("198.51.100.9").value(), kForever}}});
  node.receive(wire::SnapshotEnd{9, 2, 5, 2});
  EXPECT_FALSE(node.banned("203.0.113.1"));
  EXPECT_TRUE(node.banned("203.0.113.2"));
  EXPECT_TRUE(node.banned("203.0.113.50")) << "a local ban is not the hub's to forget";
  EXPECT_EQ(node.store.load().value().epoch, 2u);
  EXPECT_EQ(node.store.load().value().applied, 5u);
  node.restart();
  EXPECT_FALSE(node.banned("203.0.113.1"));
  EXPECT_TRUE(node.banned("203.0.113.2"));
  EXPECT_EQ(node.core->allows().size(), 1u);
}

TEST(NodeCore, ASnapshotWithAHoleIsAskedForAgain) {
  NodeHarness node({simple_jail()});
  node.connect(1);
  node.link.sent.clear();
  node.receive(wire::SnapshotChunk{9, 1, 5, 1, 2, {{DecisionOp::ban, Prefix::parse(kAttacker).value(), kForever}}});
  EXPECT_TRUE(node.link.take<wire::SnapshotRequest>());
  EXPECT_FALSE(node.banned(kAttacker));
}

TEST(NodeCore, UnbanLiftsLocalAndFleetBans) {
  NodeHarness node({simple_jail("sshd", 1)});
  node.connect(1);
  node.receive(wire::SnapshotEnd{0, 1, 0, 0});
  node.offend(kAttacker);
  node.receive(decisions(1, 1, {decision(DecisionOp::ban, kAttacker), decision(DecisionOp::unban, kAttacker)}));
  EXPECT_FALSE(node.banned(kAttacker));
  node.restart();
  EXPECT_FALSE(node.banned(kAttacker));
}

TEST(NodeCore, AllowLiftsAndPreventsBansUntilItEnds) {
  NodeHarness node({simple_jail("sshd", 1)});
  node.connect(1);
  node.receive(wire::SnapshotEnd{0, 1, 0, 0});
  node.offend(kAttacker);
  node.receive(decisions(1, 1, {decision(DecisionOp::allow, "203.0.113.0/24", node.now + 1h)}));
  EXPECT_FALSE(node.banned(kAttacker));
  node.offend(kAttacker);
  node.receive(decisions(1, 2, {decision(DecisionOp::ban, "203.0.113.8")}));
  EXPECT_EQ(node.kernel.size(), 0u);
  node.pass(61min);
  EXPECT_TRUE(node.banned("203.0.113.8")) << "the allow is over, the ban is not";
  node.offend(kAttacker);
  EXPECT_TRUE(node.banned(kAttacker));
}

TEST(NodeCore, TheHubExtendsALocalBanAndNeverShortensIt) {
  NodeHarness node({simple_jail("sshd", 1)});
  node.connect(1);
  node.receive(wire::SnapshotEnd{0, 1, 0, 0});
  node.offend(kAttacker);
  node.receive(decisions(1, 1, {decision(DecisionOp::ban, kAttacker, node.now + 10min)}));
  node.pass(30min);
  EXPECT_TRUE(node.banned(kAttacker));
  node.connect(1, 1);  // it was silent for half an hour
  node.receive(decisions(1, 2, {decision(DecisionOp::ban, kAttacker, node.now + 5h)}));
  node.pass(4h);
  EXPECT_TRUE(node.banned(kAttacker));
  node.pass(2h);
  EXPECT_FALSE(node.banned(kAttacker));
}

TEST(NodeCore, OffencesGoOutInBatchesWithinTheCreditAndAreResentUntilAcknowledged) {
  NodeHarness node({simple_jail("sshd", 1'000'000)});
  node.offend(kAttacker, 250);
  node.connect();
  std::vector<wire::Offence> got;
  while (auto batch = node.link.take<wire::OffenceBatch>()) {
    got.insert(got.end(), batch->offences.begin(), batch->offences.end());
  }
  ASSERT_EQ(got.size(), 250u);
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_EQ(got[i].nseq, i + 1);
  node.receive(wire::OffenceAck{node.core->session().courier().spool(), 100, 16});
  node.connect(0, 0, 100);
  const auto again = node.link.take<wire::OffenceBatch>();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->offences.front().nseq, 101u);
}

TEST(NodeCore, ABatchSaysWhatStoodBeforeIt) {
  NodeHarness node({simple_jail("sshd", 1'000'000)});
  node.offend(kAttacker, 120);
  node.connect(0, 0, 10);
  EXPECT_EQ(node.link.take<wire::OffenceBatch>()->after, 10u);
  EXPECT_EQ(node.link.take<wire::OffenceBatch>()->after, 110u);
}

TEST(NodeCore, AHubThatForgotGetsItAgain) {
  NodeHarness node({simple_jail("sshd", 1'000'000)});
  node.offend(kAttacker, 50);
  node.connect();
  node.receive(wire::OffenceAck{node.core->session().courier().spool(), 50, 16});
  node.link.sent.clear();
  node.connect(0, 0, 20);  // restored from a backup
  const auto batch = node.link.take<wire::OffenceBatch>();
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->after, 20u);
  EXPECT_EQ(batch->offences.size(), 30u);
}

TEST(NodeCore, ALongSpoolIsReadFromDiskPieceByPiece) {
  NodeHarness node({simple_jail("sshd", 1'000'000)});
  for (int i = 0; i < 100; ++i)
    node.offend(kAttacker, 100);
  node.restart();
  node.connect();
  std::uint64_t next = 1;
  for (int rounds = 0; next <= 10'000 && rounds < 1000; ++rounds) {
    while (auto batch = node.link.take<wire::OffenceBatch>()) {
      for (const auto& offence : batch->offences)
        EXPECT_EQ(offence.nseq, next++);
    }
    node.receive(wire::OffenceAck{node.core->session().courier().spool(), next - 1, 4});
  }
  EXPECT_EQ(next, 10'001u);
}

TEST(NodeCore, AHubThatKnowsMoreThanTheDiskGetsANewSpool) {
  NodeHarness node({simple_jail("sshd", 100)});
  const std::string before = node.core->session().courier().spool();
  node.connect(0, 0, 17);
  EXPECT_NE(node.core->session().courier().spool(), before);
  node.offend(kAttacker);
  const auto batch = node.link.take<wire::OffenceBatch>();
  ASSERT_TRUE(batch);
  EXPECT_NE(batch->spool, before);
  EXPECT_EQ(batch->offences.at(0).nseq, 1u);
  EXPECT_EQ(node.store.load().value().spool, batch->spool);
}

TEST(NodeCore, AJailOfTheNodeAloneNeverLeavesIt) {
  JailConfig jail = simple_jail("sshd", 2);
  jail.fleet_scope = FleetScope::node;
  NodeHarness node({jail});
  node.connect();
  node.offend(kAttacker, 2);
  EXPECT_TRUE(node.banned(kAttacker));
  EXPECT_FALSE(node.link.take<wire::OffenceBatch>());
}

// Whoever rotates keys waits for this: not until the next ping is due.
TEST(NodeCore, ChangedHubKeysAreToldAtOnce) {
  NodeHarness node({simple_jail("sshd", 2)});
  node.connect();
  node.pass(250ms);
  ASSERT_TRUE(node.link.take<wire::Ping>());
  node.core->set_hub_keys({"8899aabbccddeeff", "0011223344556677"}, "8899aabbccddeeff");
  node.pass(250ms);
  const auto ping = node.link.take<wire::Ping>();
  ASSERT_TRUE(ping);
  EXPECT_EQ("8899aabbccddeeff", ping->hub_key);
  EXPECT_EQ(2u, ping->hub_keys.size());
}

TEST(NodeCore, ASilentHubIsLeftAndCountingGoesOn) {
  NodeHarness node({simple_jail("sshd", 2)});
  node.connect();
  node.pass(5s);
  EXPECT_TRUE(node.link.take<wire::Ping>());
  node.pass(16s);
  EXPECT_TRUE(node.link.reconnected);
  node.offend(kAttacker, 2);
  EXPECT_TRUE(node.banned(kAttacker));
}

TEST(NodeCore, ARejectComesBackLater) {
  NodeHarness node({simple_jail()});
  node.core->on_link(LinkState::up, "", node.now, node.tick);
  node.settle();
  node.receive(wire::Reject{426, "no common version", 5000});
  ASSERT_TRUE(node.link.reconnected);
  EXPECT_GE(*node.link.reconnected, 5s);
}

TEST(NodeCore, MessagesThatAreNotForANodeAreCounted) {
  NodeHarness node({simple_jail()});
  node.connect();
  node.receive(wire::Hello{});
  node.receive(wire::Query{});
  EXPECT_EQ(node.counter("bad_messages"), 2u);
}

TEST(NodeCore, AFullBanTableRefusesLoudly) {
  NodeSettings settings;
  settings.max_bans = 2;
  NodeHarness node({simple_jail("sshd", 1)}, settings);
  node.offend("203.0.113.1");
  node.offend("203.0.113.2");
  node.offend("203.0.113.3");
  EXPECT_FALSE(node.banned("203.0.113.3"));
  EXPECT_EQ(node.counter("refused_limit"), 1u);
}

TEST(NodeCore, ABanLongerThanTheKernelCanHoldIsRenewed) {
  JailConfig jail = simple_jail("sshd", 1);
  jail.bantime = std::chrono::hours(24 * 60);
  NodeHarness node({jail});
  node.offend(kAttacker);
  for (int day = 0; day < 59; ++day) {
    node.pass(24h);
    ASSERT_TRUE(node.banned(kAttacker)) << "day " << day;
  }
  node.pass(48h);
  EXPECT_FALSE(node.banned(kAttacker));
}

JailConfig jail_of_names(bool use_dns) {
  JailConfig jail = simple_jail("mail", 2);
  jail.filter.name = "mail";
  jail.filter.failregex = {{"^refused <HOST>$", {"filter.d/mail.conf", 2}}};
  jail.filter.use_dns = use_dns;
  return jail;
}

TEST(Names, AreLookedUpOnceAndTheirAddressesCount) {
  NodeHarness node({jail_of_names(true)});
  node.read("refused host.example");
  node.read("refused host.example");
  ASSERT_EQ(node.looked_up, std::vector<std::string>{"host.example"});
  EXPECT_FALSE(node.banned(kAttacker));
  node.core->on_looked_up("host.example", {*Address::parse(kAttacker), *Address::parse("2001:db8::7")}, node.now);
  node.settle();
  EXPECT_TRUE(node.banned(kAttacker));
  EXPECT_TRUE(node.banned("2001:db8::7"));
}

TEST(Names, AnAnswerHoldsForFiveMinutes) {
  NodeHarness node({jail_of_names(true)});
  node.read("refused host.example");
  node.core->on_looked_up("host.example", {*Address::parse(kAttacker)}, node.now);
  node.pass(4min);
  node.read("refused host.example");
  EXPECT_TRUE(node.banned(kAttacker));
  EXPECT_EQ(node.looked_up.size(), 1u);
  node.pass(2min);
  node.read("refused host.example");
  EXPECT_EQ(node.looked_up.size(), 2u);
}

TEST(Names, OneThatLeadsNowhereIsCounted) {
  NodeHarness node({jail_of_names(true)});
  node.read("refused host.example");
  node.core->on_looked_up("host.example", {}, node.now);
  EXPECT_EQ(node.counter("no_address"), 1u);
  EXPECT_EQ(node.counter("offences"), 0u);
}

TEST(Names, AreAskedOneAfterTheOther) {
  NodeHarness node({jail_of_names(true)});
  node.read("refused a.example");
  node.read("refused b.example");
  EXPECT_EQ(node.looked_up.size(), 1u);
  node.core->on_looked_up("a.example", {}, node.now);
  node.settle();
  EXPECT_EQ(node.looked_up, (std::vector<std::string>{"a.example", "b.example"}));
}

TEST(Names, AFloodOfThemIsBoundedAndCounted) {
  NodeHarness node({jail_of_names(true)});
  for (int i = 0; i < 1010; ++i)
    node.read("refused h" + std::to_string(i) + ".example");
  EXPECT_EQ(node.counter("names_dropped"), 10u);
  EXPECT_EQ(node.looked_up.size(), 1u);
}

TEST(Names, AreNotLookedUpWhereTheJailDoesNotAskForIt) {
  NodeHarness node({jail_of_names(false)});
  node.read("refused host.example");
  EXPECT_TRUE(node.looked_up.empty());
}

TEST(Names, MayNotBeUsedToBanOneOfOurs) {
  NodeHarness node({jail_of_names(true)});
  NeverBan never;
  never.add(Prefix::parse("203.0.113.0/24").value(), "a gateway");
  node.core->on_never_ban(std::move(never), node.now);
  node.read("refused host.example");
  node.read("refused host.example");
  node.core->on_looked_up("host.example", {*Address::parse(kAttacker)}, node.now);
  node.settle();
  EXPECT_FALSE(node.banned(kAttacker));
  EXPECT_EQ(node.counter("refused_never_ban"), 2u);
}

TEST(Counters, TellWhichBoundsTheFiltersReached) {
  JailConfig jail = simple_jail("app", 1);
  jail.filter.name = "app";
  jail.filter.failregex = {{"^c<F-MLFID>\\d+</F-MLFID>: (?:bad password|<HOST>)$", {"filter.d/app.conf", 2}}};
  NodeHarness node({jail});
  for (int i = 0; i < 103; ++i)
    node.read("c" + std::to_string(i) + ": bad password");
  node.pass(1s);
  EXPECT_EQ(node.counter("connections_evicted"), 3u);
  EXPECT_EQ(node.counter("buffered_lines_dropped"), 0u);
}

TEST(Counters, AreAllInTheDocument) {
  std::ifstream file("docs/wire.md");
  std::stringstream document;
  document << file.rdbuf();
  const NodeHarness node({simple_jail()});
  for (const auto& [name, value] : node.core->counters())
    EXPECT_NE(document.str().find('`' + name + '`'), std::string::npos) << name;
}

}  // namespace
}  // namespace breakwater
