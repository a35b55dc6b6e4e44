// SPDX-License-Identifier: Apache-2.0
// Traps of libzmq 4.3.4 that the gate must not fall into. Each test shows the trap itself where it can, so that a newer
// libzmq which has none is noticed too.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/unique_fd.h"
#include "common/runtime/endpoint.h"
#include "hub/adapters/gate/gate_self_test.h"
#include "hub/adapters/gate/router_socket.h"
#include "hub/adapters/gate/zap_handler.h"
#include "tests/hub/gate/gate_fixture.h"

namespace breakwater {
namespace {

class Traps : public GateFixture {
 protected:
  UniqueFd tcp_to_gate() {
    const auto endpoint = parse_endpoint(gate->bound_endpoint()).value();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    ::inet_pton(AF_INET, endpoint.host.c_str(), &address.sin_addr);
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(0, ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
    return fd;
  }
  // True once the gate has hung up.
  bool hung_up(int fd) {
    char buffer[4096];
    ssize_t got = 0;
    while ((got = ::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
    }
    return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  }
  static int integer_option(zmq::socket_t& socket, int option) {
    int value = -1;
    std::size_t size = sizeof value;
    EXPECT_EQ(0, zmq_getsockopt(socket.handle(), option, &value, &size));
    return value;
  }
};

zmq::socket_t bare_curve_router(zmq::context_t& context, const CurveKeys& keys) {
  zmq::socket_t router(context, zmq::socket_type::router);
  router.set(zmq::sockopt::linger, 0);
  router.set(zmq::sockopt::curve_server, true);
  const auto secret = keys.secret_key.bytes();
  router.set(zmq::sockopt::curve_secretkey, zmq::buffer(secret.data(), secret.size()));
  return router;
}

// The trap: CURVE with a ZAP domain and nobody bound to answer lets everybody in. The self-test must see it.
TEST_F(Traps, TheSelfTestSeesAServerThatLetsEverybodyIn) {
  zmq::context_t context;
  auto router = bare_curve_router(context, hub_keys);
  router.set(zmq::sockopt::zap_domain, kZapDomain);
  const auto result = a_stranger_is_refused(router, hub_keys.public_key);
  ASSERT_FALSE(result);
  EXPECT_NE(std::string::npos, result.error().message().find("let in"));
}

TEST_F(Traps, TheSelfTestSeesAHandlerThatSaysYesToAll) {
  zmq::context_t context;
  auto zap = ZapHandler::start(context, [](const PublicKey&) { return ZapVerdict{200, "anybody"}; });
  ASSERT_TRUE(zap);
  auto router = RouterSocket::create(context, {.keys = hub_keys});
  ASSERT_TRUE(router);
  EXPECT_FALSE(a_stranger_is_refused((*router)->socket(), hub_keys.public_key));
  router->reset();
}

// Our socket has option 93: without a handler nobody comes in at all, which the self-test also reports.
TEST_F(Traps, WithoutAHandlerOurSocketLetsNobodyIn) {
  zmq::context_t context;
  auto router = RouterSocket::create(context, {.keys = hub_keys});
  ASSERT_TRUE(router);
  EXPECT_EQ(1, integer_option((*router)->socket(), 93));
  const auto result = a_stranger_is_refused((*router)->socket(), hub_keys.public_key, std::chrono::seconds(3));
  EXPECT_TRUE(result || result.error().message().find("let in") == std::string::npos) << result.error().message();
}

TEST_F(Traps, TheSelfTestPassesAndLeavesNoDoorOpen) {
  zmq::context_t context;
  auto zap = ZapHandler::start(context, [](const PublicKey&) { return ZapVerdict{}; });
  ASSERT_TRUE(zap);
  auto router = RouterSocket::create(context, {.keys = hub_keys});
  ASSERT_TRUE(router);
  const auto result = a_stranger_is_refused((*router)->socket(), hub_keys.public_key);
  EXPECT_TRUE(result) << result.error().message();
  router->reset();
}

// libzmq#3937: with a full pipe and heartbeats a node aborts.
TEST_F(Traps, NobodySetsZmtpHeartbeats) {
  zmq::context_t context;
  auto router = RouterSocket::create(context, {.keys = hub_keys});
  ASSERT_TRUE(router);
  EXPECT_EQ(0, integer_option((*router)->socket(), ZMQ_HEARTBEAT_IVL));
  ClientSocketOptions options;
  options.keys = generate_keys();
  options.hub_key = hub_keys.public_key;
  auto client = ClientSocket::dial(context, "tcp://127.0.0.1:1", options);
  ASSERT_TRUE(client);
  EXPECT_EQ(0, integer_option(client->dealer, ZMQ_HEARTBEAT_IVL));
  EXPECT_EQ(0, integer_option((*router)->socket(), ZMQ_LINGER));
  EXPECT_EQ(0, integer_option(client->dealer, ZMQ_LINGER));
  EXPECT_EQ(1, integer_option(client->dealer, ZMQ_IMMEDIATE));
}

TEST_F(Traps, PlaintextIsRefused) {
  enrolled("web1");
  open_gate();
  zmq::socket_t plain(client_context, zmq::socket_type::dealer);
  plain.set(zmq::sockopt::linger, 0);
  plain.set(zmq::sockopt::immediate, false);
  plain.connect(gate->bound_endpoint());
  plain.send(zmq::buffer(wire::encode(hello("web1"))), zmq::send_flags::dontwait);
  EXPECT_TRUE(turn([&] { return gate->stats().handshake_protocol + gate->stats().handshake_broken > 0; }));
  EXPECT_TRUE(heard.empty());
  EXPECT_EQ(0u, gate->stats().handshakes);
}

TEST_F(Traps, AWrongHubKeyEndsInTheHandshake) {
  const CurveKeys keys = enrolled("web1");
  open_gate();
  auto client = dial(keys, generate_keys().public_key);
  EXPECT_TRUE(turn([&] { return client->saw(ConnectOutcome::no_handshake); }));
  EXPECT_TRUE(turn([&] { return gate->stats().handshake_protocol == 1; }));
  EXPECT_EQ(0u, gate->stats().refused_keys);
}

// An authorised peer takes the routing id of another, or makes one up: neither must be heard under it.
TEST_F(Traps, APeerThatChoosesItsRoutingIdIsCutOff) {
  const CurveKeys keys = enrolled("mallory");
  open_gate();
  zmq::socket_t dealer = bare_dealer(keys);
  dealer.set(zmq::sockopt::routing_id, "nodeA");
  dealer.connect(gate->bound_endpoint());
  dealer.send(zmq::buffer(wire::encode(hello("mallory"))), zmq::send_flags::none);
  EXPECT_TRUE(turn([&] { return gate->stats().chosen_ids == 1 && gate->stats().connections == 0; }));
  EXPECT_TRUE(heard.empty());
  EXPECT_EQ(SendOutcome::gone, gate->send("nodeA", wire::Pong{}));
}

TEST_F(Traps, AnOversizeMessageEndsTheConnectionThatSentIt) {
  const CurveKeys keys = enrolled("web1"), others = enrolled("web2");
  open_gate();
  auto big = introduced(keys, "web1");
  auto innocent = introduced(others, "web2");
  big->send(std::string(wire::kMaxMessageBytes + 100, 'x'));
  EXPECT_TRUE(turn([&] { return big->saw(ConnectOutcome::lost); }));
  EXPECT_FALSE(innocent->saw(ConnectOutcome::lost));
  EXPECT_EQ(2u, heard.size());
}

TEST_F(Traps, AMessageOfSeveralPartsIsABadFrame) {
  const CurveKeys keys = enrolled("web1");
  open_gate();
  auto client = introduced(keys, "web1");
  const std::string frame = wire::encode(hello("web1"));
  client->socket.dealer.send(zmq::buffer(frame), zmq::send_flags::sndmore);
  client->socket.dealer.send(zmq::buffer(frame), zmq::send_flags::none);
  EXPECT_TRUE(turn([&] { return bad.size() == 1; }));
  EXPECT_EQ("web1", bad[0].who.name);
  client->send(hello("web1"));  // the stream is still in step
  EXPECT_TRUE(turn([&] { return heard.size() == 2; }));
}

// Before it is authenticated, a peer may not make the hub hold much: a frame that says "1 GiB follows" is cut.
TEST_F(Traps, AStrangerCannotParkMemory) {
  open_gate();
  const UniqueFd fd = tcp_to_gate();
  std::string greeting(64, '\0');  // ZMTP 3.1, RFC 37
  greeting[0] = '\xff';
  greeting[9] = '\x7f';
  greeting[10] = 3;
  greeting.replace(12, 5, "CURVE");
  ASSERT_EQ(64, ::send(fd.get(), greeting.data(), greeting.size(), MSG_NOSIGNAL));
  const std::string large_command = from_hex("060000000040000000").value();  // a long command of 1 GiB
  ASSERT_EQ(9, ::send(fd.get(), large_command.data(), large_command.size(), MSG_NOSIGNAL));
  EXPECT_TRUE(turn([&] { return hung_up(fd.get()); }));
  EXPECT_TRUE(turn([&] { return gate->stats().connections == 0; }));
}

TEST_F(Traps, GarbageOnThePortIsCutAndCounted) {
  open_gate();
  const UniqueFd fd = tcp_to_gate();
  const std::string request = "GET / HTTP/1.1\r\nHost: hub.example\r\nUser-Agent: none of your business at all\r\n\r\n";
  ASSERT_GT(::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL), 0);
  EXPECT_TRUE(turn([&] { return hung_up(fd.get()); }));
  EXPECT_TRUE(turn([&] { return gate->stats().accepted == 1 && gate->stats().connections == 0; }));
  EXPECT_EQ(0u, gate->stats().handshakes);
}

}  // namespace
}  // namespace breakwater
