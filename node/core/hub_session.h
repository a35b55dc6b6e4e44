// SPDX-License-Identifier: Apache-2.0
// The node's half of the conversation with its hub.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "common/wire/messages.h"
#include "node/core/hub_link.h"
#include "node/core/spool_courier.h"

namespace breakwater {

// A decision with its place in the hub's order.
struct SequencedDecision {
  std::uint64_t seq = 0;
  wire::Decision decision;
};

// What the session wants done, in this order; NodeCore turns it into effects.
struct SessionOutput {
  std::vector<SequencedDecision> decisions;                // in sequence, each once
  std::optional<std::vector<wire::SnapshotRow>> snapshot;  // replaces all that came from the hub, before `decisions`
  std::optional<std::uint64_t> acked;                      // the hub holds offences up to here
  std::optional<std::string> new_spool;
  std::vector<wire::Message> send;
  std::optional<Duration> reconnect;                // drop the connection, come back after this
  std::vector<std::pair<bool, std::string>> notes;  // (warning, text) for the log
};

// Greets, follows the sequence of decisions, asks for what is missing, assembles snapshots, pings and notices silence.
// (epoch, received) is where it stands; NodeCore says when that is durable and enforced. Pure: the dice come from a
// seed. Memory is bounded by the messages' limits and kMaxSnapshotRows.
class HubSession {
 public:
  static constexpr std::uint64_t kMaxSnapshotRows = 4'000'000;
  static constexpr Duration kGreetingTimeout = std::chrono::seconds(20);
  static constexpr Duration kSkewAlarm = std::chrono::seconds(2);

  struct Identity {
    std::string name, instance, software;
  };
  HubSession(Identity identity, std::uint64_t epoch, std::uint64_t received, SpoolCourier courier);

  SessionOutput on_link(LinkState state, Timestamp now, Tick tick, std::uint32_t bans);
  SessionOutput on_message(const wire::Message& message, Timestamp now, Tick tick);
  // `ping` carries counters and alarms; the session fills in the rest when it is time to send it.
  SessionOutput on_tick(Timestamp now, Tick tick, const wire::Ping& ping);

  // With the next tick: somebody waits for what it says.
  void ping_soon() { next_ping_ = {}; }

  // Fresh on the wire: a session without a WELCOME sends nothing but HELLO.
  bool established() const { return phase_ == Phase::established; }
  SpoolCourier& courier() { return courier_; }
  const SpoolCourier& courier() const { return courier_; }
  std::uint64_t epoch() const { return epoch_; }
  std::uint64_t received() const { return received_; }
  std::uint64_t head() const { return head_; }
  std::uint64_t bad_messages() const { return bad_messages_; }
  Duration clock_skew() const { return skew_; }  // hub's clock minus ours, as of the last PONG

 private:
  enum class Phase { offline, greeting, established };

  void welcome(const wire::Welcome& welcome, Tick tick, SessionOutput& out);
  void decisions(const wire::Decisions& message, SessionOutput& out);
  void chunk(const wire::SnapshotChunk& message, SessionOutput& out);
  void snapshot_end(const wire::SnapshotEnd& message, SessionOutput& out);
  void pong(const wire::Pong& message, Timestamp now, SessionOutput& out);
  void ask_catch_up(SessionOutput& out);
  void ask_snapshot(SessionOutput& out);
  Duration jitter(Duration at_most);
  std::string fresh_spool();

  Identity identity_;
  std::uint64_t epoch_;
  std::uint64_t received_;
  std::uint64_t head_ = 0;
  SpoolCourier courier_;
  Phase phase_ = Phase::offline;
  Tick heard_{};
  Tick next_ping_{};
  Duration ping_every_ = std::chrono::seconds(5);
  Duration dead_after_ = std::chrono::seconds(15);
  std::uint32_t pings_ = 0;
  Duration skew_{0};
  bool asked_ = false;  // CATCHUP or SNAPREQ is under way
  struct Progress {
    std::uint64_t epoch = 0, received = 0;
    std::uint32_t chunks = 0;
    bool operator==(const Progress&) const = default;
  };
  Progress progress_at_pong_;
  unsigned failures_ = 0;
  // A snapshot being assembled.
  std::uint64_t snapshot_ = 0;
  std::uint32_t next_chunk_ = 0;
  std::vector<wire::SnapshotRow> rows_;
  std::uint64_t bad_messages_ = 0;
  std::minstd_rand dice_;
};

}  // namespace breakwater
