// SPDX-License-Identifier: Apache-2.0
// HubCore and its nodes: admission, offences, what survives a crash.
#include "tests/hub/core/hub_harness.h"

namespace breakwater {
namespace {

using namespace std::chrono_literals;
using wire::CatchUpMode;

TEST(HubNodes, AFreshNodeGetsASnapshotEvenOfNothing) {
  HubHarness hub;
  hub.greet("host1");
  const auto welcome = hub.told<wire::Welcome>("host1").at(0);
  EXPECT_EQ(welcome.mode, CatchUpMode::snapshot);
  EXPECT_EQ(welcome.epoch, hub.epoch());
  EXPECT_EQ(welcome.spool_acked, 0u);
  const auto end = hub.told<wire::SnapshotEnd>("host1").at(0);
  EXPECT_EQ(end.rows, 0u);
  EXPECT_EQ(end.seq, 0u);
}

TEST(HubNodes, ANodeThatIsInStepHearsNothingNew) {
  HubHarness hub;
  hub.greet("host1", hub.epoch(), 0);
  EXPECT_EQ(hub.told<wire::Welcome>("host1").at(0).mode, CatchUpMode::current);
  EXPECT_TRUE(hub.told<wire::SnapshotEnd>("host1").empty());
}

TEST(HubNodes, TwoFailuresOnEachOfThreeHostsBanOnAll) {
  HubHarness hub({jail_named("sshd", 6)});
  for (const char* node : {"host1", "host2", "host3"})
    hub.greet(node, hub.epoch());
  for (const char* node : {"host1", "host2", "host3"})
    hub.offend(node, 2);
  for (const char* node : {"host1", "host2", "host3"}) {
    const auto pushed = hub.told<wire::Decisions>(node);
    ASSERT_EQ(pushed.size(), 1u) << node;
    EXPECT_EQ(pushed[0].first, 1u);
    EXPECT_EQ(pushed[0].decisions.at(0).who.text(), "203.0.113.7");
    EXPECT_EQ(pushed[0].decisions.at(0).reason, "6 offences on 3 nodes: host1, host2, host3");
    EXPECT_EQ(hub.told<wire::OffenceAck>(node).back().nseq, 2u);
  }
  EXPECT_EQ(hub.disk->decisions.size(), 1u);
  EXPECT_EQ(hub.disk->offences.size(), 6u);
}

TEST(HubNodes, NothingIsAcknowledgedOrPushedBeforeTheCommit) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  hub.ledger->hold = true;
  hub.offend("host1", 3);
  EXPECT_TRUE(hub.told<wire::OffenceAck>("host1").empty());
  EXPECT_TRUE(hub.pushed("host1").empty());
  hub.ledger->hold = false;
  hub.run();
  EXPECT_EQ(hub.told<wire::OffenceAck>("host1").at(0).nseq, 3u);
  EXPECT_EQ(hub.pushed("host1"), (std::vector<std::uint64_t>{1}));
}

TEST(HubNodes, ADiskThatIsFullStopsAcknowledgementsLoudly) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  hub.ledger->full = true;
  hub.offend("host1", 3);
  EXPECT_TRUE(hub.told<wire::OffenceAck>("host1").empty());
  EXPECT_TRUE(hub.core->degraded());
  EXPECT_NE(hub.core->problems().at(0).find("disk is full"), std::string::npos);
  EXPECT_EQ(hub.ask("ban", {{"who", "203.0.113.9"}}).status, 503);
  hub.ledger->full = false;
  hub.run();
  EXPECT_FALSE(hub.core->degraded());
  EXPECT_EQ(hub.pushed("host1"), (std::vector<std::uint64_t>{1}));
}

TEST(HubNodes, WhatIsSentTwiceCountsOnce) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  wire::OffenceBatch batch{std::string(16, 's'), 0, {hub.offence(1), hub.offence(2)}};
  hub.say("host1", batch);
  hub.say("host1", batch);
  EXPECT_EQ(hub.disk->offences.size(), 2u);
  EXPECT_EQ(hub.core->counters()["duplicates"], 2u);
  EXPECT_EQ(hub.told<wire::OffenceAck>("host1").size(), 2u) << "told again, in case the first was lost";
  EXPECT_TRUE(hub.pushed("host1").empty());
  // Half known, half new.
  hub.say("host1", wire::OffenceBatch{std::string(16, 's'), 1, {hub.offence(2), hub.offence(3)}});
  EXPECT_EQ(hub.disk->offences.size(), 3u);
  EXPECT_EQ(hub.pushed("host1").size(), 1u);
}

TEST(HubNodes, ABatchBehindAMissingOneIsNotTaken) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  hub.say("host1", wire::OffenceBatch{std::string(16, 's'), 2, {hub.offence(3)}});
  EXPECT_TRUE(hub.disk->offences.empty());
  EXPECT_EQ(hub.told<wire::OffenceAck>("host1").at(0).nseq, 0u);
  hub.say("host1", wire::OffenceBatch{std::string(16, 's'), 0, {hub.offence(2)}});  // 1 never left the node
  hub.say("host1", wire::OffenceBatch{std::string(16, 's'), 2, {hub.offence(3)}});
  EXPECT_EQ(hub.disk->offences.size(), 2u);
  EXPECT_EQ(hub.told<wire::OffenceAck>("host1").back().nseq, 3u);
}

TEST(HubNodes, ACrashBeforeTheCommitLosesNothingThatWasAcknowledged) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  hub.offend("host1", 2);
  hub.ledger->hold = true;
  hub.offend("host1", 1);  // the third: a ban, if it were durable
  hub.start();
  const std::uint64_t epoch = hub.epoch();
  hub.greet("host1", epoch);
  EXPECT_EQ(hub.told<wire::Welcome>("host1").at(0).spool_acked, 2u);
  EXPECT_TRUE(hub.pushed("host1").empty());
  hub.say("host1", wire::OffenceBatch{std::string(16, 's'), 2, {hub.offence(3)}});
  EXPECT_EQ(hub.pushed("host1"), (std::vector<std::uint64_t>{1})) << "counted with the two of before the crash";
  EXPECT_EQ(hub.disk->offences.size(), 3u);
}

TEST(HubNodes, ACrashBetweenCommitAndPushSendsTheSameDecisions) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  const std::uint64_t epoch = hub.epoch();
  hub.offend("host1", 3);
  const auto before = hub.told<wire::Decisions>("host1").at(0);
  hub.start();
  EXPECT_EQ(hub.epoch(), epoch);
  hub.greet("host1", epoch, 0);  // it heard nothing
  EXPECT_EQ(hub.told<wire::Welcome>("host1").at(0).mode, CatchUpMode::delta);
  const auto after = hub.told<wire::Decisions>("host1").at(0);
  EXPECT_EQ(after.first, before.first);
  EXPECT_EQ(after.decisions, before.decisions);
  EXPECT_EQ(hub.core->log().bans().size(), 1u);
}

TEST(HubNodes, ANodeThatLostTheEndOfItsSpoolIsTold) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  hub.offend("host1", 2);
  wire::Hello hello = hub.hello("host1", hub.epoch());
  hello.spool_last = 1;
  hub.say("again", hello, "host1");
  EXPECT_EQ(hub.told<wire::Welcome>("again").at(0).spool_acked, 2u) << "more than it knows of: it begins a new spool";
  wire::OffenceBatch batch{std::string(16, 'n'), 0, {hub.offence(1)}};
  hub.say("again", batch, "host1");
  EXPECT_EQ(hub.disk->offences.size(), 3u);
  EXPECT_EQ(hub.told<wire::OffenceAck>("again").back(), (wire::OffenceAck{std::string(16, 'n'), 1, 16}));
}

TEST(HubNodes, ALedgerThatWasSetBackBeginsANewEpoch) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  hub.greet("host2", hub.epoch());
  const FakeLedgerDisk backup = *hub.disk;
  hub.offend("host1", 3);
  const std::uint64_t old_epoch = hub.epoch();
  *hub.disk = backup;
  hub.disk->epoch = old_epoch;
  hub.start();
  hub.greet("host2", old_epoch, 0);
  hub.ledger->hold = true;
  hub.greet("host1", old_epoch, 1);
  EXPECT_TRUE(hub.told<wire::Welcome>("host1").empty()) << "not before the new epoch is durable";
  hub.ledger->hold = false;
  hub.run();
  EXPECT_GT(hub.epoch(), old_epoch);
  EXPECT_EQ(hub.told<wire::Welcome>("host1").at(0).epoch, hub.epoch());
  EXPECT_EQ(hub.told<wire::Welcome>("host1").at(0).mode, CatchUpMode::snapshot);
  EXPECT_EQ(hub.told<wire::SnapshotEnd>("host1").at(0).epoch, hub.epoch());
  EXPECT_EQ(hub.told<wire::SnapshotEnd>("host2").at(0).epoch, hub.epoch()) << "those connected, too";
  EXPECT_EQ(hub.disk->epoch, hub.epoch());
  EXPECT_FALSE(hub.core->alarms().all().empty());
}

TEST(HubNodes, NameAndKeyMustAgree) {
  HubHarness hub;
  hub.say("p", hub.hello("host2"), "host1");
  EXPECT_EQ(hub.told<wire::Reject>("p").at(0).code, 403);
  EXPECT_TRUE(hub.disconnected.count("p"));
}

TEST(HubNodes, VersionsMustOverlap) {
  HubHarness hub;
  wire::Hello hello = hub.hello("host1");
  hello.proto_min = hello.proto_max = wire::kProtocolMax + 1;
  hub.say("host1", hello);
  EXPECT_EQ(hub.told<wire::Reject>("host1").at(0).code, 426);
  hello.proto_min = wire::kProtocolMin;
  hub.say("host1", hello);
  EXPECT_EQ(hub.told<wire::Welcome>("host1").at(0).proto, wire::kProtocolMax);
}

TEST(HubNodes, TheNewestInstanceWinsAndAClonedKeyShows) {
  HubHarness hub;
  const auto greet = [&](const PeerId& peer, char instance) {
    wire::Hello hello = hub.hello("host1", hub.epoch());
    hello.instance = std::string(16, instance);
    hub.say(peer, hello, "host1");
  };
  greet("p1", 'a');
  greet("p2", 'a');
  EXPECT_TRUE(hub.told<wire::Reject>("p1").empty()) << "the same process, connected again";
  EXPECT_TRUE(hub.disconnected.count("p1"));
  greet("p3", 'b');
  EXPECT_EQ(hub.told<wire::Reject>("p2").at(0).code, 409);
  EXPECT_TRUE(hub.core->alarms().all().empty()) << "a restart";
  greet("p4", 'a');
  ASSERT_FALSE(hub.core->alarms().all().empty()) << "a process that was replaced does not come back";
  EXPECT_NE(hub.core->alarms().all()[0].text.find("cloned"), std::string::npos);
  EXPECT_EQ(hub.core->peers(), 1u);
}

TEST(HubNodes, TenBadFramesAMinuteAreEnough) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  for (int i = 0; i < 9; ++i)
    hub.core->on_bad_frame("host1", {"host1", PeerRole::node}, "trailing bytes", hub.now, hub.tick);
  hub.run();
  EXPECT_TRUE(hub.disconnected.empty());
  hub.tick += 2min;
  hub.core->on_bad_frame("host1", {"host1", PeerRole::node}, "trailing bytes", hub.now, hub.tick);
  hub.run();
  EXPECT_TRUE(hub.disconnected.empty()) << "those were another minute's";
  for (int i = 0; i < 9; ++i)
    hub.say("host1", wire::Pong{});  // decodable, and not a node's to say
  EXPECT_EQ(hub.told<wire::Reject>("host1").at(0).code, 429);
  EXPECT_TRUE(hub.disconnected.count("host1"));
}

TEST(HubNodes, WhoDidNotGreetIsAskedTo) {
  HubHarness hub;
  hub.say("host1", wire::Ping{});
  EXPECT_EQ(hub.told<wire::Reject>("host1").at(0).code, 503);
  EXPECT_LE(hub.told<wire::Reject>("host1").at(0).retry_ms, 1000u);
}

TEST(HubNodes, SilenceIsLateThenLost) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  hub.pass(14s);
  EXPECT_EQ(hub.core->node_state("host1"), NodeState::connected);
  hub.pass(2s);
  EXPECT_EQ(hub.core->node_state("host1"), NodeState::late);
  hub.say("host1", wire::Ping{});
  EXPECT_EQ(hub.core->node_state("host1"), NodeState::connected);
  hub.pass(31s);
  EXPECT_EQ(hub.core->node_state("host1"), NodeState::lost);
  EXPECT_TRUE(hub.disconnected.count("host1"));
  EXPECT_TRUE(hub.core->degraded());
}

TEST(HubNodes, PingIsAnswered) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  hub.offend("host1", 3);
  wire::Ping ping;
  ping.n = 5;
  ping.clock_ms = 77;
  hub.say("host1", ping);
  const auto pong = hub.told<wire::Pong>("host1").at(0);
  EXPECT_EQ(pong.n, 5u);
  EXPECT_EQ(pong.clock_ms, 77);
  EXPECT_EQ(pong.hub_clock_ms, to_unix_ms(hub.now));
  EXPECT_EQ(pong.head, 1u);
}

TEST(HubNodes, ARevokedKeyIsCutOffAtOnce) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  hub.greet("host2", hub.epoch());
  hub.core->set_enrolled({"host2", "host3"}, {}, hub.now);
  hub.run();
  EXPECT_EQ(hub.told<wire::Revoked>("host1").size(), 1u);
  EXPECT_TRUE(hub.disconnected.count("host1"));
  EXPECT_FALSE(hub.disconnected.count("host2"));
  hub.greet("host1", hub.epoch(), 0, "new connection");
  EXPECT_TRUE(hub.told<wire::Welcome>("new connection").empty());
  EXPECT_EQ(hub.ask("status").status, 0) << "alice is no admin any more: no reply";
}

TEST(HubNodes, WhenTheLedgerIsBehindOffencesStayWithTheNodes) {
  HubSettings settings;
  settings.max_uncommitted = 150;
  HubHarness hub({jail_named("sshd", 1000)}, settings);
  hub.greet("host1", hub.epoch());
  hub.ledger->hold = true;
  hub.offend("host1", 100);
  hub.offend("host1", 100);
  hub.offend("host1", 100);
  EXPECT_EQ(hub.core->uncommitted_offences(), 100u);
  hub.ledger->hold = false;
  hub.run();
  EXPECT_EQ(hub.core->uncommitted_offences(), 0u);
  EXPECT_EQ(hub.told<wire::OffenceAck>("host1").back().nseq, 100u);
}

TEST(HubNodes, ABigFleetIsAdmittedUpToTheLimit) {
  HubSettings settings;
  settings.max_nodes = 3;
  HubHarness hub({jail_named("sshd")}, settings);
  for (const char* node : {"a", "b", "c"})
    hub.greet(node, hub.epoch());
  hub.greet("d", hub.epoch());
  EXPECT_EQ(hub.told<wire::Reject>("d").at(0).code, 503);
  hub.greet("c", hub.epoch(), 0, "c again");
  EXPECT_EQ(hub.told<wire::Welcome>("c again").size(), 1u) << "who was in may come back";
}

TEST(HubNodes, NodesMayNotAskOrOrder) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  hub.say("host1", wire::Query{1, "ban", {{"who", "203.0.113.9"}}, "", 10});
  EXPECT_EQ(hub.told<wire::Reply>("host1").at(0).status, 403);
  EXPECT_TRUE(hub.core->log().bans().empty());
}

}  // namespace
}  // namespace breakwater
