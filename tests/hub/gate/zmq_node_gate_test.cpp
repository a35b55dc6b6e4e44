// SPDX-License-Identifier: Apache-2.0
#include "hub/adapters/gate/zmq_node_gate.h"

#include <cstring>
#include <fstream>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/base/unique_fd.h"
#include "tests/hub/gate/gate_fixture.h"

namespace breakwater {
namespace {

class ZmqNodeGateTest : public GateFixture {};

wire::Decisions one_decision(std::uint64_t seq) {
  wire::Decision decision;
  decision.who = Prefix(Address::v4(203, 0, 113, 7));
  decision.until = kForever;
  return {.epoch = 1, .first = seq, .sent_ms = 1, .decisions = {decision}};
}

TEST_F(ZmqNodeGateTest, AnEnrolledNodeIsHeardUnderItsName) {
  const CurveKeys keys = enrolled("web1");
  open_gate();
  auto client = introduced(keys, "web1");
  EXPECT_EQ((PeerIdentity{"web1", PeerRole::node}), heard[0].who);
  EXPECT_TRUE(std::holds_alternative<wire::Hello>(heard[0].message));
  EXPECT_EQ(SendOutcome::sent, gate->send(heard[0].peer, wire::Pong{}));
  EXPECT_TRUE(turn([&] { return client->heard("PONG"); }));
  EXPECT_EQ(1u, gate->stats().peers);
  EXPECT_EQ(1u, gate->stats().connections);
}

TEST_F(ZmqNodeGateTest, TheNameIsTheKeysNotTheMessages) {
  const CurveKeys keys = enrolled("web1");
  open_gate();
  auto client = introduced(keys, "somebody-else");
  EXPECT_EQ("web1", heard[0].who.name);
}

TEST_F(ZmqNodeGateTest, AStrangerIsRefusedAndCounted) {
  open_gate();
  auto stranger = dial(generate_keys());
  EXPECT_TRUE(turn([&] { return stranger->saw(ConnectOutcome::unauthorised); }));
  EXPECT_TRUE(turn([&] { return gate->stats().refused_keys == 1; }));
  EXPECT_FALSE(stranger->is_connected());
  EXPECT_EQ(0u, gate->stats().handshakes);
}

TEST_F(ZmqNodeGateTest, AKeyFileThatAppearsWorksWithoutARestart) {
  open_gate();
  const CurveKeys keys = generate_keys();
  ASSERT_TRUE(enrol(key_folders(), PeerRole::node, "late", keys.public_key));  // as another process would
  ASSERT_TRUE(turn([&] { return gate->key_count() == 1; }));
  auto client = introduced(keys, "late");
  EXPECT_EQ("late", heard[0].who.name);
}

TEST_F(ZmqNodeGateTest, ARevokedNodeIsToldAndCutOffLive) {
  const CurveKeys keys = enrolled("web1"), others = enrolled("web2");
  open_gate();
  auto revoked = introduced(keys, "web1");
  auto stays = introduced(others, "web2");
  ASSERT_TRUE(revoke(key_folders(), PeerRole::node, "web1"));
  EXPECT_TRUE(turn([&] { return revoked->saw(ConnectOutcome::lost); }));
  EXPECT_TRUE(turn([&] { return revoked->heard("REVOKED"); }));
  EXPECT_TRUE(turn([&] { return gone.size() == 1; }));
  EXPECT_EQ(heard[0].peer, gone[0]);
  EXPECT_EQ(SendOutcome::gone, gate->send(heard[0].peer, wire::Pong{}));
  EXPECT_EQ(1u, gate->stats().revoked);

  auto again = dial(keys);
  EXPECT_TRUE(turn([&] { return again->saw(ConnectOutcome::unauthorised); }));
  EXPECT_FALSE(stays->saw(ConnectOutcome::lost));
  EXPECT_EQ(SendOutcome::sent, gate->send(heard[1].peer, wire::Pong{}));
}

TEST_F(ZmqNodeGateTest, OfTwoKeysOnlyTheRemovedOneIsCutOff) {
  const CurveKeys old_keys = enrolled("web1"), new_keys = enrolled("web1");
  open_gate();
  auto by_old = introduced(old_keys, "web1");
  auto by_new = introduced(new_keys, "web1");
  EXPECT_EQ(old_keys.public_key.id(), heard[0].who.key);
  EXPECT_EQ(new_keys.public_key.id(), heard[1].who.key);
  ASSERT_TRUE(revoke(key_folders(), PeerRole::node, "web1", old_keys.public_key));
  EXPECT_TRUE(turn([&] { return by_old->saw(ConnectOutcome::lost); }));
  EXPECT_FALSE(by_new->saw(ConnectOutcome::lost));
}

// A peer that has not spoken yet has no routing id that we know; its first word gives it away.
TEST_F(ZmqNodeGateTest, ANodeThatWasRevokedBeforeItSpokeIsNotHeard) {
  const CurveKeys keys = enrolled("web1");
  open_gate();
  auto client = dial(keys);
  ASSERT_TRUE(turn([&] { return client->is_connected(); }));
  ASSERT_TRUE(revoke(key_folders(), PeerRole::node, "web1"));
  ASSERT_TRUE(gate->reload_keys());
  client->send(hello("web1"));
  EXPECT_TRUE(turn([&] { return client->saw(ConnectOutcome::lost); }));
  EXPECT_TRUE(heard.empty());
}

TEST_F(ZmqNodeGateTest, DisconnectLetsTheLastWordOut) {
  const CurveKeys keys = enrolled("web1");
  open_gate();
  auto client = introduced(keys, "web1");
  gate->send(heard[0].peer, wire::Reject{.code = 429, .reason = "too many bad frames", .retry_ms = 1000});
  gate->disconnect(heard[0].peer);
  client->send(hello("web1"));  // on its way out nobody listens
  EXPECT_TRUE(turn([&] { return client->saw(ConnectOutcome::lost); }));
  EXPECT_TRUE(turn([&] { return client->heard("REJECT"); }));
  EXPECT_EQ(1u, heard.size());
  EXPECT_TRUE(turn([&] { return gate->stats().peers == 0 && gate->stats().connections == 0; }));
}

TEST_F(ZmqNodeGateTest, APeerThatLeavesIsNoticed) {
  const CurveKeys keys = enrolled("web1");
  open_gate();
  auto client = introduced(keys, "web1");
  client.reset();
  EXPECT_TRUE(turn([&] { return gone.size() == 1; }));
  EXPECT_EQ(SendOutcome::gone, gate->send(heard[0].peer, wire::Pong{}));
  EXPECT_EQ(0u, gate->stats().peers);
}

TEST_F(ZmqNodeGateTest, APeerThatDoesNotReadIsFullAndDoesNotHoldUpOthers) {
  const CurveKeys slow_keys = enrolled("slow"), quick_keys = enrolled("quick");
  open_gate();
  zmq::socket_t slow = bare_dealer(slow_keys);
  slow.set(zmq::sockopt::rcvhwm, 1);
  slow.connect(gate->bound_endpoint());
  slow.send(zmq::buffer(wire::encode(hello("slow"))), zmq::send_flags::none);
  ASSERT_TRUE(turn([&] { return heard.size() == 1; }));
  auto quick = introduced(quick_keys, "quick");
  wire::Decisions decisions = one_decision(1);
  decisions.decisions.assign(wire::kMaxDecisionsPerMessage, decisions.decisions[0]);
  for (auto& decision : decisions.decisions)
    decision.reason = std::string(200, 'x');
  // What the kernel's buffers take is not ours to say: until it is full, and stays so.
  int sent = 0;
  ASSERT_TRUE(turn([&] {
    while (gate->send(heard[0].peer, decisions) == SendOutcome::sent)
      ++sent;
    return gate->stats().send_full >= 20;
  }));
  EXPECT_GE(sent, 1000);
  EXPECT_EQ(SendOutcome::sent, gate->send(heard[1].peer, wire::Pong{}));
  EXPECT_TRUE(turn([&] { return quick->heard("PONG"); }));
}

TEST_F(ZmqNodeGateTest, MessagesThatARoleMayNotSendAreBadFrames) {
  const CurveKeys node = enrolled("web1"), admin = enrolled("ops", PeerRole::admin);
  open_gate();
  auto client = introduced(node, "web1");
  wire::Query query;
  query.verb = "unban";
  client->send(query);
  client->send(one_decision(1));
  EXPECT_TRUE(turn([&] { return bad.size() == 2; }));
  auto operator_tool = dial(admin);
  ASSERT_TRUE(turn([&] { return operator_tool->is_connected(); }));
  operator_tool->send(hello("web1"));
  EXPECT_TRUE(turn([&] { return bad.size() == 3; }));
  operator_tool->send(query);
  EXPECT_TRUE(turn([&] { return heard.size() == 2; }));
  EXPECT_EQ((PeerIdentity{"ops", PeerRole::admin}), heard[1].who);
}

TEST_F(ZmqNodeGateTest, BadFramesAreCountedAndUnknownTypesAreNotBad) {
  const CurveKeys keys = enrolled("web1");
  open_gate();
  auto client = introduced(keys, "web1");
  client->send(std::string("not msgpack"));
  EXPECT_TRUE(turn([&] { return bad.size() == 1; }));
  EXPECT_EQ("web1", bad[0].who.name);
  client->send(from_hex("921163").value());  // [17, 99]: reserved
  EXPECT_TRUE(turn([&] { return gate->stats().unknown_types == 1; }));
  EXPECT_EQ(1u, gate->stats().bad_frames);
}

TEST_F(ZmqNodeGateTest, ManyFramesOfManyNodesKeepTheirNames) {
  std::vector<CurveKeys> keys;
  for (int i = 0; i < 5; ++i)
    keys.push_back(enrolled("node" + std::to_string(i)));
  open_gate();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 5; ++i)
    clients.push_back(introduced(keys[static_cast<std::size_t>(i)], "node" + std::to_string(i)));
  constexpr int kEach = 300;  // enough that ROUTER prefetches
  for (int n = 0; n < kEach; ++n) {
    for (std::size_t i = 0; i < 5; ++i) {
      while (!clients[i]->send(hello("node" + std::to_string(i))))
        reactor.run_once(Duration(1));
    }
  }
  EXPECT_TRUE(turn([&] { return heard.size() == 5 * (kEach + 1); }));
  for (const auto& each : heard)
    EXPECT_EQ(each.who.name, std::get<wire::Hello>(each.message).node);
}

TEST_F(ZmqNodeGateTest, WhenDescriptorsRunShortNodesAreTurnedAwayButNotOperators) {
  const CurveKeys first = enrolled("web1"), second = enrolled("web2"), ops = enrolled("ops", PeerRole::admin);
  auto options = gate_options();
  options.max_connections = 1;
  open_gate(options);
  auto in = introduced(first, "web1");
  // Connections are counted beside the handshakes: some more may slip in before the count is seen.
  std::vector<std::unique_ptr<RawClient>> more;
  const auto refused = [&] { return !more.empty() && more.back()->saw(ConnectOutcome::hub_refuses); };
  while (!refused() && more.size() < 10) {
    more.push_back(dial(second));
    ASSERT_TRUE(turn([&] { return refused() || more.back()->is_connected(); }));
  }
  EXPECT_TRUE(refused());
  EXPECT_GE(gate->stats().refused_full, 1u);
  EXPECT_EQ(0u, gate->stats().refused_keys);
  auto tool = dial(ops);
  EXPECT_TRUE(turn([&] { return tool->is_connected(); }));
}

// --- local admins

TEST_F(ZmqNodeGateTest, ALocalAdminNeedsNoKey) {
  open_gate();
  struct stat info {};
  ASSERT_EQ(0, ::stat(local_path().c_str(), &info));
  EXPECT_EQ(0660u, info.st_mode & 0777u);
  ASSERT_EQ(0, ::stat((directory / "run").c_str(), &info));
  EXPECT_EQ(0750u, info.st_mode & 0777u);
  auto socket = ClientSocket::dial(client_context, "ipc://" + local_path(), {});
  ASSERT_TRUE(socket);
  RawClient client(reactor, std::move(*socket));
  ASSERT_TRUE(turn([&] { return client.is_connected(); }));
  wire::Query query;
  query.verb = "status";
  client.send(query);
  ASSERT_TRUE(turn([&] { return heard.size() == 1; }));
  EXPECT_EQ((PeerIdentity{"local", PeerRole::admin}), heard[0].who);
  EXPECT_EQ(SendOutcome::sent, gate->send(heard[0].peer, wire::Reply{}));
  EXPECT_TRUE(turn([&] { return client.heard("REPLY"); }));
}

TEST_F(ZmqNodeGateTest, AStaleLocalSocketIsReplaced) {
  std::filesystem::create_directory(directory / "run");
  {
    const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));  // as a killed hub leaves it
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, local_path().c_str());
    ASSERT_EQ(0, ::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
  }
  ASSERT_TRUE(std::filesystem::exists(local_path()));
  open_gate();
}

TEST_F(ZmqNodeGateTest, ALivingHubsLocalSocketIsNotReplaced) {
  open_gate();
  Reactor other_loop;
  auto second = ZmqNodeGate::open(other_loop, gate_options());
  ASSERT_FALSE(second);
  EXPECT_NE(std::string::npos, second.error().message().find("another hub is listening"));
  EXPECT_TRUE(std::filesystem::exists(local_path()));
}

TEST_F(ZmqNodeGateTest, AFileInThePlaceOfTheLocalSocketIsNotRemoved) {
  std::filesystem::create_directory(directory / "run");
  std::ofstream(local_path()) << "precious";
  auto opened = ZmqNodeGate::open(reactor, gate_options());
  ASSERT_FALSE(opened);
  EXPECT_TRUE(std::filesystem::exists(local_path()));
}

TEST_F(ZmqNodeGateTest, APortThatIsTakenIsAnError) {
  open_gate();
  auto options = gate_options(gate->bound_endpoint());
  options.local_path.clear();
  auto second = ZmqNodeGate::open(reactor, options);
  ASSERT_FALSE(second);
  EXPECT_NE(std::string::npos, second.error().message().find("listening at"));
}

}  // namespace
}  // namespace breakwater
