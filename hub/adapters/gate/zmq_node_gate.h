// SPDX-License-Identifier: Apache-2.0
// The hub's door: who may come in, and what they say.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "common/base/result.h"
#include "common/runtime/curve_keys.h"
#include "common/runtime/reactor.h"
#include "hub/adapters/gate/key_ring.h"
#include "hub/core/node_gate.h"

namespace breakwater {

// Cumulative, except the first two.
struct GateStats {
  std::uint64_t connections = 0;         // TCP, now, known or not
  std::uint64_t peers = 0;               // that have spoken, now
  std::uint64_t accepted = 0;            // TCP; those in no counter below spoke something else entirely
  std::uint64_t handshakes = 0;          // succeeded
  std::uint64_t refused_keys = 0;        // strangers and revoked ones
  std::uint64_t refused_full = 0;        // known keys, turned away since descriptors ran short
  std::uint64_t handshake_protocol = 0;  // wrong hub key, no CURVE, garbage
  std::uint64_t handshake_broken = 0;    // hung up or timed out before the end
  std::uint64_t frames = 0;
  std::uint64_t bad_frames = 0;      // not decodable, wrong number of parts, not allowed for this role
  std::uint64_t unknown_types = 0;   // from newer peers; ignored
  std::uint64_t ignored_frames = 0;  // of connections that were on their way out
  std::uint64_t chosen_ids = 0;      // peers that wanted a routing id of their own: cut off
  std::uint64_t sent = 0;
  std::uint64_t send_full = 0;
  std::uint64_t send_gone = 0;
  std::uint64_t revoked = 0;  // live connections cut off since their key went away
};

// Nodes and remote admins come over CURVE, local admins over a unix socket (their file permissions are the check). Two
// contexts, so that a storm on the network does not keep the operator out.
//
// Key files are followed live: a new one works at once, a removed one cuts its connection off (REVOKED, then shut).
//
// Owns its threads: the ZAP handler and libzmq's. Everything else on the reactor's thread. Memory: about 100 KB a
// connection inside libzmq; see GateStats for what is counted. What libzmq gives no handle on: a peer that is
// authenticated can send one message of endless parts, which libzmq collects; the service's memory limit is the bound.
class ZmqNodeGate final : public NodeGate {
 public:
  struct Options {
    std::string endpoint = "tcp://[::]:7199";  // both families; "tcp://127.0.0.1:*" takes a free port
    CurveKeys keys;
    KeyFolders key_folders;
    std::string local_path;   // of the local admins' socket; empty = none
    std::string local_group;  // who may use it besides root; empty = nobody
    int io_threads = 1;
    // Beyond, known keys are turned away for a while; 0 = 90 % of RLIMIT_NOFILE, less 100.
    std::size_t max_connections = 0;
  };

  // In this order: keys, ZAP handler, socket, proof that a stranger is refused, and only then the port. The reactor
  // must outlive it. Set the callbacks before the reactor runs.
  static Result<std::unique_ptr<ZmqNodeGate>> open(Reactor& reactor, Options options);
  ~ZmqNodeGate() override;
  ZmqNodeGate(const ZmqNodeGate&) = delete;
  ZmqNodeGate& operator=(const ZmqNodeGate&) = delete;

  void on_message(std::function<void(const PeerId&, const PeerIdentity&, wire::Message)> callback) override;
  void on_bad_frame(std::function<void(const PeerId&, const PeerIdentity&, std::string why)> callback) override;
  void on_gone(std::function<void(const PeerId&)> callback) override;
  SendOutcome send(const PeerId& peer, const wire::Message& message) override;
  void disconnect(const PeerId& peer) override;

  // Where it listens in fact: "tcp://127.0.0.1:40123".
  const std::string& bound_endpoint() const;
  // Reads the key files again (SIGHUP; file changes are noticed without). Problems are logged; if nothing can be read
  // at all the keys stay as they were, and that is the error.
  Result<void> reload_keys();
  std::size_t key_count() const;
  GateStats stats() const;

 private:
  struct State;
  explicit ZmqNodeGate(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace breakwater
