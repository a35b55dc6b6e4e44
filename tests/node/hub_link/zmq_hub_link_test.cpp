// SPDX-License-Identifier: Apache-2.0
// The node's link against the hub's real gate, on loopback, both on one loop.
#include "node/adapters/hub_link/zmq_hub_link.h"

#include <atomic>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>

#include "common/runtime/endpoint.h"
#include "tests/hub/gate/gate_fixture.h"

namespace breakwater {
namespace {

using testing::Contains;
using testing::HasSubstr;

class ZmqHubLinkTest : public GateFixture {
 protected:
  void TearDown() override {
    link.reset();
    GateFixture::TearDown();
  }

  ZmqHubLink::Options link_options(const std::string& endpoint) const {
    ZmqHubLink::Options options;
    options.endpoint = endpoint;
    options.keys = node_keys;
    options.hub_keys = {hub_keys.public_key};
    options.unauthorised_wait = Duration(100);  // a minute is too long for a test
    return options;
  }

  void start_link(ZmqHubLink::Options options) {
    auto made = ZmqHubLink::create(reactor, std::move(options));
    ASSERT_TRUE(made) << made.error().message();
    link = std::move(*made);
    link->on_state([this](LinkState state, const std::string& why) {
      states.push_back(state);
      reasons.push_back(why);
      EXPECT_TRUE(state != LinkState::up || link->send(hello("web1")));  // at once, as the core does
    });
    link->on_message([this](wire::Message message) { messages.push_back(std::move(message)); });
    link->start();
  }
  void start_link() { start_link(link_options(gate->bound_endpoint())); }

  bool is_up() const { return link->state() == LinkState::up; }
  bool saw(LinkState state) const { return std::find(states.begin(), states.end(), state) != states.end(); }

  CurveKeys node_keys;
  std::unique_ptr<ZmqHubLink> link;
  std::vector<LinkState> states;
  std::vector<std::string> reasons;
  std::vector<wire::Message> messages;
};

TEST_F(ZmqHubLinkTest, ConnectsAndTalksBothWays) {
  node_keys = enrolled("web1");
  open_gate();
  start_link();
  ASSERT_TRUE(turn([&] { return heard.size() == 1; }));
  EXPECT_EQ("web1", heard[0].who.name);
  EXPECT_EQ((std::vector{LinkState::up}), states);
  gate->send(heard[0].peer, wire::Pong{.n = 7});
  ASSERT_TRUE(turn([&] { return messages.size() == 1; }));
  EXPECT_EQ(7u, std::get<wire::Pong>(messages[0]).n);
}

TEST_F(ZmqHubLinkTest, WithoutAConnectionNothingIsQueued) {
  node_keys = generate_keys();
  start_link(link_options("tcp://127.0.0.1:1"));
  EXPECT_FALSE(link->send(hello("web1")));
  EXPECT_TRUE(turn([&] { return saw(LinkState::down); }));
  EXPECT_FALSE(link->send(hello("web1")));
}

TEST_F(ZmqHubLinkTest, ComesBackQuicklyWhenTheHubRestarts) {
  node_keys = enrolled("web1");
  open_gate();
  const std::string endpoint = gate->bound_endpoint();
  start_link();
  ASSERT_TRUE(turn([&] { return heard.size() == 1; }));
  gate.reset();
  ASSERT_TRUE(turn([&] { return !is_up(); }));
  const auto restarted = std::chrono::steady_clock::now();
  open_gate(gate_options(endpoint));
  ASSERT_TRUE(turn([&] { return heard.size() == 2; }));
  EXPECT_LT(std::chrono::steady_clock::now() - restarted, std::chrono::seconds(5));  // 2 s, and a busy machine
  EXPECT_EQ((std::vector{LinkState::up, LinkState::down, LinkState::up}), states);
}

// For libzmq a refused key is final; the link tries again by itself.
TEST_F(ZmqHubLinkTest, AKeyThatIsEnrolledLaterWorksWithoutARestart) {
  node_keys = generate_keys();
  open_gate();
  start_link();
  ASSERT_TRUE(turn([&] { return link->state() == LinkState::unauthorised; }));
  EXPECT_THAT(reasons, Contains(HasSubstr("enrol")));
  ASSERT_TRUE(enrol(key_folders(), PeerRole::node, "web1", node_keys.public_key));
  EXPECT_TRUE(turn([&] { return heard.size() == 1; }));
}

TEST_F(ZmqHubLinkTest, ARevokedNodeIsToldAndThenUnauthorised) {
  node_keys = enrolled("web1");
  open_gate();
  start_link();
  ASSERT_TRUE(turn([&] { return heard.size() == 1; }));
  ASSERT_TRUE(revoke(key_folders(), PeerRole::node, "web1"));
  ASSERT_TRUE(turn([&] { return link->state() == LinkState::unauthorised; }));
  ASSERT_EQ(1u, messages.size());
  EXPECT_TRUE(std::holds_alternative<wire::Revoked>(messages[0]));
}

TEST_F(ZmqHubLinkTest, AWrongHubKeyIsCalledThatAndNotDown) {
  node_keys = enrolled("web1");
  open_gate();
  auto options = link_options(gate->bound_endpoint());
  options.hub_keys = {generate_keys().public_key};
  start_link(options);
  EXPECT_TRUE(turn([&] { return link->state() == LinkState::wrong_hub_key; }));
  EXPECT_FALSE(saw(LinkState::up));
  EXPECT_FALSE(saw(LinkState::unauthorised));
}

// No waiting between: the hub's new key must cost no more than a restart of the hub.
TEST_F(ZmqHubLinkTest, TheHubKeysAreTriedInTurnAtOnce) {
  node_keys = enrolled("web1");
  open_gate();
  auto options = link_options(gate->bound_endpoint());
  options.first_wait_min = options.first_wait_max = options.longest_wait = std::chrono::minutes(10);
  options.hub_keys = {generate_keys().public_key, generate_keys().public_key, generate_keys().public_key,
                      hub_keys.public_key};
  start_link(options);
  ASSERT_TRUE(turn([&] { return heard.size() == 1; }));
  EXPECT_EQ((std::vector{LinkState::up}), states);
  EXPECT_EQ(hub_keys.public_key, link->hub_key());
  EXPECT_EQ(4u, link->stats().attempts);
}

TEST_F(ZmqHubLinkTest, AHubThatComesBackWithItsNewKeyIsFound) {
  node_keys = enrolled("web1");
  open_gate();
  const std::string endpoint = gate->bound_endpoint();
  const CurveKeys new_keys = generate_keys();
  auto options = link_options(endpoint);
  options.hub_keys.push_back(new_keys.public_key);
  start_link(options);
  ASSERT_TRUE(turn([&] { return heard.size() == 1; }));
  gate.reset();
  ASSERT_TRUE(turn([&] { return !is_up(); }));
  hub_keys = new_keys;
  open_gate(gate_options(endpoint));
  ASSERT_TRUE(turn([&] { return heard.size() == 2; }));
  EXPECT_EQ(new_keys.public_key, link->hub_key());
  EXPECT_FALSE(saw(LinkState::wrong_hub_key));
  // From now on that one comes first.
  const auto attempts = link->stats().attempts;
  link->reconnect(Duration(1));
  ASSERT_TRUE(turn([&] { return heard.size() == 3; }));
  EXPECT_EQ(attempts + 1, link->stats().attempts);
}

TEST_F(ZmqHubLinkTest, WhenNoneOfTheKeysFitsThatIsSaid) {
  node_keys = enrolled("web1");
  open_gate();
  auto options = link_options(gate->bound_endpoint());
  options.hub_keys = {generate_keys().public_key, generate_keys().public_key};
  start_link(options);
  EXPECT_TRUE(turn([&] { return link->state() == LinkState::wrong_hub_key; }));
  EXPECT_FALSE(link->hub_key());
}

TEST_F(ZmqHubLinkTest, AnotherKeyRingLeavesAGoodConnectionAlone) {
  node_keys = enrolled("web1");
  open_gate();
  start_link();
  ASSERT_TRUE(turn([&] { return heard.size() == 1; }));
  link->set_hub_keys({generate_keys().public_key, hub_keys.public_key});
  EXPECT_TRUE(is_up());
  EXPECT_EQ(hub_keys.public_key, link->hub_key());
  link->reconnect(Duration(1));
  EXPECT_TRUE(turn([&] { return heard.size() == 2; }));
}

TEST_F(ZmqHubLinkTest, AHubWhoseKeyIsNoLongerAcceptedIsLeftAtOnce) {
  node_keys = enrolled("web1");
  open_gate();
  start_link();
  ASSERT_TRUE(turn([&] { return heard.size() == 1; }));
  link->set_hub_keys({generate_keys().public_key});
  EXPECT_FALSE(is_up());
  EXPECT_FALSE(link->send(hello("web1")));
  EXPECT_TRUE(turn([&] { return link->state() == LinkState::wrong_hub_key; }));
  EXPECT_EQ(1u, heard.size());
}

TEST_F(ZmqHubLinkTest, TheRightKeyEndsTheWaitingOfAWrongOne) {
  node_keys = enrolled("web1");
  open_gate();
  auto options = link_options(gate->bound_endpoint());
  options.hub_keys = {generate_keys().public_key};
  options.first_wait_min = options.first_wait_max = options.longest_wait = std::chrono::minutes(10);
  start_link(options);
  ASSERT_TRUE(turn([&] { return saw(LinkState::down); }));
  link->set_hub_keys({hub_keys.public_key});
  EXPECT_TRUE(turn([&] { return heard.size() == 1; }));
}

TEST_F(ZmqHubLinkTest, AHubWithoutCurveIsNotTalkedTo) {
  node_keys = generate_keys();
  zmq::socket_t plain(client_context, zmq::socket_type::router);
  plain.set(zmq::sockopt::linger, 0);
  plain.bind("tcp://127.0.0.1:*");
  start_link(link_options(plain.get(zmq::sockopt::last_endpoint)));
  EXPECT_TRUE(turn([&] { return link->state() == LinkState::wrong_hub_key; }));
  EXPECT_FALSE(saw(LinkState::up));
}

TEST_F(ZmqHubLinkTest, ReconnectMakesANewConnection) {
  node_keys = enrolled("web1");
  open_gate();
  start_link();
  ASSERT_TRUE(turn([&] { return heard.size() == 1; }));
  link->reconnect(Duration(0));
  EXPECT_FALSE(is_up());
  ASSERT_TRUE(turn([&] { return heard.size() == 2; }));
  EXPECT_NE(heard[0].peer, heard[1].peer);
}

TEST_F(ZmqHubLinkTest, ReconnectWaitsAsLongAsItIsTold) {
  node_keys = enrolled("web1");
  open_gate();
  start_link();
  ASSERT_TRUE(turn([&] { return heard.size() == 1; }));
  const auto asked = std::chrono::steady_clock::now();
  link->reconnect(Duration(600));
  ASSERT_TRUE(turn([&] { return heard.size() == 2; }));
  EXPECT_GE(std::chrono::steady_clock::now() - asked, std::chrono::milliseconds(600));
}

// REJECT 429 and so on: the core asks for it while it handles a message.
TEST_F(ZmqHubLinkTest, ReconnectFromWithinACallback) {
  node_keys = enrolled("web1");
  open_gate();
  start_link();
  link->on_message([&](wire::Message) { link->reconnect(Duration(1)); });
  ASSERT_TRUE(turn([&] { return heard.size() == 1; }));
  for (int i = 0; i < 10; ++i)
    gate->send(heard[0].peer, wire::Pong{});
  EXPECT_TRUE(turn([&] { return heard.size() == 2; }));
}

TEST_F(ZmqHubLinkTest, ALongSeriesOfReconnectsStaysHealthy) {
  node_keys = enrolled("web1");
  open_gate();
  start_link();
  for (std::size_t i = 1; i <= 10; ++i) {
    ASSERT_TRUE(turn([&] { return heard.size() >= i; })) << i;
    link->reconnect(Duration(1));
  }
}

TEST_F(ZmqHubLinkTest, ANameIsLookedUpOffTheLoopAndAllItsAddressesAreTried) {
  node_keys = enrolled("web1");
  open_gate();
  const auto port = parse_endpoint(gate->bound_endpoint())->port;
  const auto loop_thread = std::this_thread::get_id();
  std::atomic<int> lookups{0};
  std::atomic<bool> on_the_loop{false};
  auto options = link_options("tcp://hub.example:" + std::to_string(port));
  options.look_up = [&](const std::string& host) -> Result<std::vector<std::string>> {
    if (std::this_thread::get_id() == loop_thread) on_the_loop = true;
    EXPECT_EQ("hub.example", host);
    if (++lookups == 1) return Error("the name server is away");
    return std::vector<std::string>{"127.0.0.2", "127.0.0.3", "127.0.0.1"};  // nobody listens at the first two
  };
  start_link(options);
  ASSERT_TRUE(turn([&] { return heard.size() == 1; }));
  EXPECT_FALSE(on_the_loop);
  EXPECT_EQ(2, lookups);
  EXPECT_THAT(reasons, Contains(HasSubstr("name server")));
  EXPECT_EQ(3u, link->stats().attempts);
  link->reconnect(Duration(1));  // the hub may have moved: looked up anew
  ASSERT_TRUE(turn([&] { return heard.size() == 2; }));
  EXPECT_EQ(3, lookups);
}

TEST_F(ZmqHubLinkTest, ADeadNameServerDoesNotHoldUpTheEnd) {
  node_keys = generate_keys();
  auto gate_of_hell = std::make_shared<std::mutex>();
  gate_of_hell->lock();
  std::atomic<bool> asked{false};
  auto options = link_options("tcp://hub.example:7199");
  options.look_up = [gate_of_hell, &asked](const std::string&) -> Result<std::vector<std::string>> {
    asked = true;
    const std::lock_guard wait(*gate_of_hell);
    return Error("never mind");
  };
  start_link(options);
  ASSERT_TRUE(turn([&] { return asked.load(); }));
  link.reset();
  gate_of_hell->unlock();
}

TEST_F(ZmqHubLinkTest, WhatAHubMayNotSayIsCountedAndNotDelivered) {
  node_keys = enrolled("web1");
  open_gate();
  start_link();
  ASSERT_TRUE(turn([&] { return heard.size() == 1; }));
  gate->send(heard[0].peer, hello("web1"));
  gate->send(heard[0].peer, wire::Pong{});
  ASSERT_TRUE(turn([&] { return messages.size() == 1; }));
  EXPECT_EQ(1u, link->stats().bad_messages);
}

TEST_F(ZmqHubLinkTest, AMalformedEndpointIsAnError) {
  for (const char* text : {"", "tcp://", "tcp://hub:0", "tcp://hub:99999", "tcp://[::1", "ipc:///x", "2001:db8::1"}) {
    EXPECT_FALSE(ZmqHubLink::create(reactor, link_options(text))) << text;
  }
}

}  // namespace
}  // namespace breakwater
