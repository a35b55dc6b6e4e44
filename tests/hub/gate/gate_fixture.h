// SPDX-License-Identifier: Apache-2.0
// A hub's gate on a free loopback port, with a key directory of its own, for the tests of gate, link and tool.
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/runtime/client_socket.h"
#include "common/runtime/random.h"
#include "common/runtime/reactor.h"
#include "common/wire/codec.h"
#include "hub/adapters/gate/key_ring.h"
#include "hub/adapters/gate/zmq_node_gate.h"

namespace breakwater {

// Turns the loop until `done`; false if it never is.
template <class Done>
bool turn_until(Reactor& reactor, Done done, Duration patience = std::chrono::seconds(20)) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    reactor.run_once(Duration(20));
  }
  return true;
}

// A client without any of our link's cleverness, on the test's reactor.
struct RawClient {
  RawClient(Reactor& loop, ClientSocket made) : reactor(loop), socket(std::move(made)) {
    reactor.watch_socket(socket.dealer, [this] {
      zmq::message_t frame;
      while (socket.dealer.recv(frame, zmq::recv_flags::dontwait))
        received.push_back(frame.to_string());
    });
    reactor.watch_socket(socket.monitor.socket(), [this] {
      while (const auto event = socket.monitor.next())
        outcomes.push_back(outcome_of(*event));
    });
  }
  ~RawClient() {
    reactor.forget_socket(socket.dealer);
    reactor.forget_socket(socket.monitor.socket());
  }
  bool saw(ConnectOutcome outcome) const {
    return std::find(outcomes.begin(), outcomes.end(), outcome) != outcomes.end();
  }
  bool is_connected() const { return saw(ConnectOutcome::connected); }
  bool send(const wire::Message& message) { return send(wire::encode(message)); }
  bool send(const std::string& frame) {
    return static_cast<bool>(socket.dealer.send(zmq::buffer(frame), zmq::send_flags::dontwait));
  }
  bool heard(std::string_view type) const {
    for (const auto& frame : received) {
      const auto message = wire::decode(frame);
      if (message && wire::type_name(*message) == type) return true;
    }
    return false;
  }

  Reactor& reactor;
  ClientSocket socket;
  std::vector<ConnectOutcome> outcomes;
  std::vector<std::string> received;
};

class GateFixture : public testing::Test {
 protected:
  struct Heard {
    PeerId peer;
    PeerIdentity who;
    wire::Message message;
  };

  void SetUp() override {
    directory = std::filesystem::temp_directory_path() / ("breakwater-gate-" + to_hex(random_bytes(8)));
    ASSERT_TRUE(std::filesystem::create_directory(directory));
    hub_keys = generate_keys();
  }
  void TearDown() override {
    gate.reset();
    std::filesystem::remove_all(directory);
  }

  KeyFolders key_folders() const { return {(directory / "nodes").string(), (directory / "admins").string()}; }
  std::string local_path() const { return (directory / "run" / "query.sock").string(); }

  ZmqNodeGate::Options gate_options(const std::string& endpoint = "tcp://127.0.0.1:*") const {
    ZmqNodeGate::Options options;
    options.endpoint = endpoint;
    options.keys = hub_keys;
    options.key_folders = key_folders();
    options.local_path = local_path();
    return options;
  }

  void open_gate(ZmqNodeGate::Options options) {
    gate.reset();
    auto opened = ZmqNodeGate::open(reactor, std::move(options));
    ASSERT_TRUE(opened) << opened.error().message();
    gate = std::move(*opened);
    gate->on_message([this](const PeerId& peer, const PeerIdentity& who, wire::Message message) {
      heard.push_back({peer, who, std::move(message)});
    });
    gate->on_bad_frame([this](const PeerId& peer, const PeerIdentity& who, std::string why) {
      bad.push_back({peer, who, wire::Revoked{std::move(why)}});
    });
    gate->on_gone([this](const PeerId& peer) { gone.push_back(peer); });
  }
  void open_gate() { open_gate(gate_options()); }

  CurveKeys enrolled(const std::string& name, PeerRole role = PeerRole::node) {
    const CurveKeys keys = generate_keys();
    const auto done = enrol(key_folders(), role, name, keys.public_key);
    EXPECT_TRUE(done) << done.error().message();
    EXPECT_TRUE(!gate || gate->reload_keys());
    return keys;
  }

  std::unique_ptr<RawClient> dial(const CurveKeys& keys, const PublicKey& hub_key) {
    ClientSocketOptions options;
    options.keys = keys;
    options.hub_key = hub_key;
    auto socket = ClientSocket::dial(client_context, gate->bound_endpoint(), options);
    EXPECT_TRUE(socket) << socket.error().message();
    return std::make_unique<RawClient>(reactor, std::move(*socket));
  }
  std::unique_ptr<RawClient> dial(const CurveKeys& keys) { return dial(keys, hub_keys.public_key); }

  // A CURVE DEALER for whoever needs options of its own; not connected yet.
  zmq::socket_t bare_dealer(const CurveKeys& keys) {
    zmq::socket_t dealer(client_context, zmq::socket_type::dealer);
    const auto buffer = [](const auto& key) { return zmq::buffer(key.bytes().data(), key.bytes().size()); };
    dealer.set(zmq::sockopt::curve_serverkey, buffer(hub_keys.public_key));
    dealer.set(zmq::sockopt::curve_publickey, buffer(keys.public_key));
    dealer.set(zmq::sockopt::curve_secretkey, buffer(keys.secret_key));
    dealer.set(zmq::sockopt::linger, 0);
    dealer.set(zmq::sockopt::reconnect_ivl, -1);
    return dealer;
  }

  // Connected, and heard once, so that the gate knows it.
  std::unique_ptr<RawClient> introduced(const CurveKeys& keys, const std::string& name) {
    auto client = dial(keys);
    EXPECT_TRUE(turn([&] { return client->is_connected(); }));
    const std::size_t before = heard.size();
    EXPECT_TRUE(client->send(hello(name)));
    EXPECT_TRUE(turn([&] { return heard.size() > before; }));
    return client;
  }

  static wire::Hello hello(const std::string& name) {
    wire::Hello message;
    message.node = name;
    message.instance = std::string(16, 'i');
    message.spool = std::string(16, 's');
    return message;
  }

  template <class Done>
  bool turn(Done done) {
    return turn_until(reactor, done);
  }

  std::filesystem::path directory;
  CurveKeys hub_keys;
  Reactor reactor;
  zmq::context_t client_context;
  std::unique_ptr<ZmqNodeGate> gate;
  std::vector<Heard> heard;
  std::vector<Heard> bad;  // the message is a Revoked with the reason
  std::vector<PeerId> gone;
};

}  // namespace breakwater
