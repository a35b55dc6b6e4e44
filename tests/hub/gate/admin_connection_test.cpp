// SPDX-License-Identifier: Apache-2.0
// The operator's connection against the hub's real gate. The tool waits, so the hub turns on a thread of its own.
#include "common/runtime/admin_connection.h"

#include <thread>

#include <gmock/gmock.h>
#include <poll.h>

#include "common/runtime/wake_up.h"
#include "tests/hub/gate/gate_fixture.h"

namespace breakwater {
namespace {

using testing::HasSubstr;

class AdminConnectionTest : public GateFixture {
 protected:
  // Answers "echo" with its arguments, "watch" with three replies, and nothing to "silence".
  void serve() {
    gate->on_message([this](const PeerId& peer, const PeerIdentity& who, wire::Message message) {
      const auto& query = std::get<wire::Query>(message);
      wire::Reply reply;
      reply.qid = query.qid;
      if (query.verb == "silence") return;
      if (query.verb == "big") reply.rows.assign(150, std::string(wire::kMaxRow, 'x'));
      if (query.verb == "echo") reply.rows = {who.name, query.args.at("word")};
      for (int i = query.verb == "watch" ? 3 : 1; i > 0; --i)
        gate->send(peer, reply);
    });
    reactor.watch_fd(stop.fd(), POLLIN, [this](short) { reactor.stop(); });
    hub = std::thread([this] { reactor.run(); });
  }
  void TearDown() override {
    if (hub.joinable()) {
      stop.wake();
      hub.join();
    }
    reactor.forget_fd(stop.fd());
    GateFixture::TearDown();
  }

  AdminConnection::Options local() const { return {.endpoint = "ipc://" + local_path(), .keys = {}, .hub_key = {}}; }
  AdminConnection::Options remote(const CurveKeys& keys) const {
    return {.endpoint = gate->bound_endpoint(), .keys = keys, .hub_key = hub_keys.public_key};
  }
  static Result<wire::Reply> ask(const AdminConnection::Options& options, const std::string& verb,
                                 Duration timeout = std::chrono::seconds(20)) {
    auto connection = AdminConnection::open(options);
    if (!connection) return connection.error();
    wire::Query query;
    query.verb = verb;
    query.args["word"] = "hello";
    return connection->ask(query, timeout);
  }

  WakeUp stop = WakeUp::create().value();
  std::thread hub;
};

TEST_F(AdminConnectionTest, AsksOverTheLocalSocket) {
  open_gate();
  serve();
  const auto reply = ask(local(), "echo");
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_THAT(reply->rows, testing::ElementsAre("local", "hello"));
}

TEST_F(AdminConnectionTest, AsksOverTheNetworkWithItsKey) {
  const CurveKeys keys = enrolled("ops", PeerRole::admin);
  open_gate();
  serve();
  const auto reply = ask(remote(keys), "echo");
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_THAT(reply->rows, testing::ElementsAre("ops", "hello"));
}

TEST_F(AdminConnectionTest, AsksSeveralThingsAndTakesLargePages) {
  open_gate();
  serve();
  auto connection = AdminConnection::open(local());
  ASSERT_TRUE(connection);
  wire::Query query;
  query.verb = "big";
  for (int i = 0; i < 3; ++i) {
    const auto reply = connection->ask(query, std::chrono::seconds(20));
    ASSERT_TRUE(reply) << reply.error().message();
    EXPECT_EQ(150u, reply->rows.size());
  }
}

TEST_F(AdminConnectionTest, FollowsUntilItHasEnough) {
  open_gate();
  serve();
  auto connection = AdminConnection::open(local());
  ASSERT_TRUE(connection);
  wire::Query query;
  query.verb = "watch";
  int replies = 0;
  const auto followed = connection->follow(query, [&](const wire::Reply&) { return ++replies < 3; });
  EXPECT_TRUE(followed) << followed.error().message();
  EXPECT_EQ(3, replies);
}

TEST_F(AdminConnectionTest, FollowingEndsWhenItIsToldTo) {
  open_gate();
  serve();
  auto connection = AdminConnection::open(local());
  ASSERT_TRUE(connection);
  auto enough = WakeUp::create();
  wire::Query query;
  query.verb = "watch";
  int replies = 0;
  const auto followed = connection->follow(
      query,
      [&](const wire::Reply&) {
        if (++replies == 3) enough->wake();
        return true;
      },
      enough->fd());
  EXPECT_TRUE(followed) << followed.error().message();
}

TEST_F(AdminConnectionTest, ANodesKeyMayNotAsk) {
  const CurveKeys keys = enrolled("web1");
  open_gate();
  serve();
  const auto reply = ask(remote(keys), "echo");
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(403, reply->status);
  EXPECT_TRUE(reply->rows.empty());
}

TEST_F(AdminConnectionTest, SaysWhatIsWrong) {
  const CurveKeys keys = enrolled("ops", PeerRole::admin);
  open_gate();
  serve();
  EXPECT_THAT(ask(remote(generate_keys()), "echo").error().message(), HasSubstr("not authorised"));
  auto wrong_hub = remote(keys);
  wrong_hub.hub_key = generate_keys().public_key;
  EXPECT_THAT(ask(wrong_hub, "echo").error().message(), HasSubstr("does not hold the hub key"));
  EXPECT_THAT(ask(local(), "silence", Duration(200)).error().message(), HasSubstr("did not answer within 200 ms"));
  auto nowhere = local();
  nowhere.endpoint += "-not-there";
  EXPECT_THAT(ask(nowhere, "echo").error().message(), HasSubstr("not running"));
  auto nobody = remote(keys);
  nobody.endpoint = "tcp://127.0.0.1:1";
  EXPECT_THAT(ask(nobody, "echo").error().message(), HasSubstr("the hub is away"));
  nobody.keys.reset();
  EXPECT_FALSE(AdminConnection::open(nobody));
}

TEST_F(AdminConnectionTest, AHubThatDiesWhileItIsAskedIsNotWaitedFor) {
  open_gate();
  gate->on_message([this](const PeerId& peer, const PeerIdentity&, const wire::Message&) { gate->disconnect(peer); });
  reactor.watch_fd(stop.fd(), POLLIN, [this](short) { reactor.stop(); });
  hub = std::thread([this] { reactor.run(); });
  const auto reply = ask(local(), "echo");
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().message(), HasSubstr("hung up"));
}

}  // namespace
}  // namespace breakwater
