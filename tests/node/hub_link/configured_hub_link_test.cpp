// SPDX-License-Identifier: Apache-2.0
// The configuration changes while a node talks to its hub.
#include "node/adapters/hub_link/configured_hub_link.h"

#include <gtest/gtest.h>

#include "tests/hub/gate/gate_fixture.h"

namespace breakwater {
namespace {

class ConfiguredHubLinkTest : public GateFixture {
 protected:
  void SetUp() override {
    GateFixture::SetUp();
    link.on_state([this](LinkState state, const std::string&) {
      states.push_back(state);
      EXPECT_TRUE(state != LinkState::up || link.send(hello("web1")));  // at once, as the core does
    });
    link.on_message([this](wire::Message message) { messages.push_back(std::move(message)); });
  }
  void TearDown() override {
    EXPECT_TRUE(link.use(std::nullopt));
    GateFixture::TearDown();
  }

  ZmqHubLink::Options options(const CurveKeys& keys) const {
    ZmqHubLink::Options made;
    made.endpoint = gate->bound_endpoint();
    made.keys = keys;
    made.hub_keys = {hub_keys.public_key};
    made.unauthorised_wait = Duration(100);
    return made;
  }
  void connect(const CurveKeys& keys) {
    ASSERT_TRUE(link.use(options(keys)));
    ASSERT_TRUE(turn([&] { return heard.size() == 1; }));
  }
  bool is_up() const { return link.hub_key().has_value(); }

  ConfiguredHubLink link{reactor};
  std::vector<LinkState> states;
  std::vector<wire::Message> messages;
};

TEST_F(ConfiguredHubLinkTest, WithoutAHubNothingIsSent) {
  EXPECT_TRUE(link.use(std::nullopt));
  EXPECT_FALSE(link.send(hello("web1")));
  EXPECT_TRUE(link.hub_keys().empty());
  EXPECT_TRUE(states.empty());
}

TEST_F(ConfiguredHubLinkTest, TheSameAgainLeavesTheConnectionAlone) {
  const CurveKeys keys = enrolled("web1");
  open_gate();
  connect(keys);
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(link.use(options(keys)));
  link.send(wire::Ping{});
  ASSERT_TRUE(turn([&] { return heard.size() == 2; }));
  EXPECT_EQ(heard[0].peer, heard[1].peer);
  EXPECT_EQ((std::vector{LinkState::up}), states);
}

TEST_F(ConfiguredHubLinkTest, MoreHubKeysLeaveItAloneToo) {
  const CurveKeys keys = enrolled("web1");
  open_gate();
  connect(keys);
  auto more = options(keys);
  more.hub_keys.insert(more.hub_keys.begin(), generate_keys().public_key);
  ASSERT_TRUE(link.use(more));
  EXPECT_TRUE(is_up());
  EXPECT_EQ(2u, link.hub_keys().size());
  EXPECT_EQ(hub_keys.public_key, link.hub_key());
}

// Never without a connection: state `down` is not seen, and the old one goes when the new one stands.
TEST_F(ConfiguredHubLinkTest, ANewKeyTakesOverWithoutAGap) {
  const CurveKeys old_keys = enrolled("web1"), new_keys = enrolled("web1");
  open_gate();
  connect(old_keys);
  ASSERT_TRUE(link.use(options(new_keys)));
  EXPECT_TRUE(is_up());
  EXPECT_TRUE(link.send(wire::Ping{}));
  ASSERT_TRUE(turn([&] { return states.size() == 2; }));
  EXPECT_EQ((std::vector{LinkState::up, LinkState::up}), states);
  ASSERT_TRUE(turn([&] { return heard.back().who.key == new_keys.public_key.id(); }));
  EXPECT_TRUE(turn([&] { return gone == std::vector{heard[0].peer}; }));
  gate->send(heard.back().peer, wire::Pong{.n = 7});
  EXPECT_TRUE(turn([&] { return messages.size() == 1; }));
}

TEST_F(ConfiguredHubLinkTest, AKeyThatTheHubDoesNotKnowYetCutsNobodyOff) {
  const CurveKeys old_keys = enrolled("web1"), new_keys = generate_keys();
  open_gate();
  connect(old_keys);
  ASSERT_TRUE(link.use(options(new_keys)));
  ASSERT_TRUE(link.use(options(new_keys)));  // a second SIGHUP does not start again
  ASSERT_TRUE(turn([&] { return gate->stats().refused_keys >= 1; }));
  EXPECT_TRUE(is_up());
  gate->send(heard[0].peer, wire::Pong{.n = 1});
  ASSERT_TRUE(turn([&] { return messages.size() == 1; }));
  ASSERT_TRUE(enrol(key_folders(), PeerRole::node, "web1", new_keys.public_key));
  EXPECT_TRUE(turn([&] { return heard.back().who.key == new_keys.public_key.id(); }));
  EXPECT_EQ((std::vector{LinkState::up, LinkState::up}), states);
}

TEST_F(ConfiguredHubLinkTest, OnceTheOldKeyIsRevokedOnlyTheNewOneIsTried) {
  const CurveKeys old_keys = enrolled("web1"), new_keys = generate_keys();
  open_gate();
  connect(old_keys);
  auto wanted = options(new_keys);
  wanted.unauthorised_wait = std::chrono::milliseconds(300);
  ASSERT_TRUE(link.use(wanted));
  ASSERT_TRUE(revoke(key_folders(), PeerRole::node, "web1"));
  ASSERT_TRUE(turn([&] { return !is_up(); }));
  ASSERT_TRUE(enrol(key_folders(), PeerRole::node, "web1", new_keys.public_key));
  EXPECT_TRUE(turn([&] { return is_up(); }));
  EXPECT_TRUE(turn([&] { return heard.back().who.key == new_keys.public_key.id(); }));
}

TEST_F(ConfiguredHubLinkTest, BackToTheOldKeyBeforeTheNewOneWasUsed) {
  const CurveKeys old_keys = enrolled("web1");
  open_gate();
  connect(old_keys);
  ASSERT_TRUE(link.use(options(generate_keys())));
  ASSERT_TRUE(link.use(options(old_keys)));
  EXPECT_TRUE(is_up());
  EXPECT_EQ(1u, states.size());
}

TEST_F(ConfiguredHubLinkTest, AHubKeyThatIsNoLongerAcceptedEndsItAtOnce) {
  const CurveKeys keys = enrolled("web1");
  open_gate();
  connect(keys);
  auto other = options(generate_keys());
  other.hub_keys = {generate_keys().public_key};
  ASSERT_TRUE(link.use(other));
  EXPECT_FALSE(is_up());
  EXPECT_FALSE(link.send(hello("web1")));
  EXPECT_EQ((std::vector{LinkState::up, LinkState::down}), states);
}

TEST_F(ConfiguredHubLinkTest, TheHubMayBeTakenAwayAndGivenBack) {
  const CurveKeys keys = enrolled("web1");
  open_gate();
  connect(keys);
  ASSERT_TRUE(link.use(std::nullopt));
  EXPECT_FALSE(link.send(hello("web1")));
  EXPECT_TRUE(turn([&] { return gone.size() == 1; }));
  ASSERT_TRUE(link.use(options(keys)));
  EXPECT_TRUE(turn([&] { return heard.size() == 2; }));
}

TEST_F(ConfiguredHubLinkTest, AnEndpointThatIsNoneChangesNothing) {
  const CurveKeys keys = enrolled("web1");
  open_gate();
  connect(keys);
  auto wrong = options(keys);
  wrong.endpoint = "tcp://hub.example:none";
  EXPECT_FALSE(link.use(wrong));
  EXPECT_TRUE(is_up());
}

}  // namespace
}  // namespace breakwater
