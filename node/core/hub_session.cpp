// SPDX-License-Identifier: Apache-2.0
#include "node/core/hub_session.h"

#include <algorithm>

#include "common/base/text.h"

namespace breakwater {

namespace {

template <class... Ts>
struct overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
overloaded(Ts...) -> overloaded<Ts...>;

}  // namespace

HubSession::HubSession(Identity identity, std::uint64_t epoch, std::uint64_t received, SpoolCourier courier)
    : identity_(std::move(identity)),
      epoch_(epoch),
      received_(received),
      courier_(std::move(courier)),
      dice_(static_cast<std::minstd_rand::result_type>(fnv1a(identity_.instance) | 1)) {}

SessionOutput HubSession::on_link(LinkState state, Timestamp now, Tick tick, std::uint32_t bans) {
  SessionOutput out;
  heard_ = tick;
  asked_ = false;
  rows_.clear();
  courier_.disconnected();
  if (state != LinkState::up) {
    phase_ = Phase::offline;
    return out;
  }
  phase_ = Phase::greeting;
  wire::Hello hello;
  hello.node = identity_.name;
  hello.instance = identity_.instance;
  hello.software = identity_.software;
  hello.epoch = epoch_;
  hello.applied = received_;
  hello.spool = courier_.spool();
  hello.spool_first = courier_.last_nseq() == 0 ? 0 : courier_.acked() + 1;
  hello.spool_last = courier_.last_nseq();
  hello.bans = bans;
  hello.clock_ms = to_unix_ms(now);
  out.send.emplace_back(std::move(hello));
  return out;
}

SessionOutput HubSession::on_message(const wire::Message& message, Timestamp now, Tick tick) {
  SessionOutput out;
  heard_ = tick;
  std::visit(
      overloaded{
          [&](const wire::Welcome& m) { welcome(m, tick, out); },
          [&](const wire::Reject& m) {
            phase_ = Phase::offline;
            courier_.disconnected();
            out.notes.emplace_back(true, "the hub refused us (" + std::to_string(m.code) + "): " + m.reason);
            out.reconnect =
                Duration(std::clamp<std::uint32_t>(m.retry_ms, 1000, 600'000)) + jitter(std::chrono::seconds(1));
          },
          [&](const wire::OffenceAck& m) {
            if (m.spool != courier_.spool()) return;
            courier_.acknowledged(m.nseq, m.credit, tick);
            out.acked = courier_.acked();
          },
          [&](const wire::Decisions& m) { decisions(m, out); }, [&](const wire::SnapshotChunk& m) { chunk(m, out); },
          [&](const wire::SnapshotEnd& m) { snapshot_end(m, out); }, [&](const wire::Pong& m) { pong(m, now, out); },
          [&](const wire::Revoked& m) {
            out.notes.emplace_back(true, "the hub revoked our key: " + m.reason);
            out.reconnect = std::chrono::minutes(1);
          },
          [&](const auto&) { ++bad_messages_; },  // not for a node
      },
      message);
  return out;
}

void HubSession::welcome(const wire::Welcome& welcome, Tick tick, SessionOutput& out) {
  if (phase_ != Phase::greeting) {
    ++bad_messages_;
    return;
  }
  phase_ = Phase::established;
  failures_ = 0;
  head_ = welcome.head;
  ping_every_ = Duration(std::clamp<std::uint32_t>(welcome.ping_ms, 100, 60'000));
  dead_after_ = std::max(Duration(welcome.dead_ms), 2 * ping_every_);
  next_ping_ = tick;
  if (welcome.spool_acked > courier_.last_nseq()) {
    // The hub holds offences that our disk no longer knows: numbers would be used twice, and what they carry dropped
    // as known. A new name for the spool makes them new.
    courier_.restart(fresh_spool());
    out.new_spool = courier_.spool();
    out.notes.emplace_back(true, "the end of the spool was lost: starting a new one");
    courier_.connected(0, welcome.credit, welcome.batch_max);
  } else {
    courier_.connected(welcome.spool_acked, welcome.credit, welcome.batch_max);
    out.acked = courier_.acked();
  }
  if (welcome.epoch != epoch_ && welcome.mode != wire::CatchUpMode::snapshot) ask_snapshot(out);
  out.notes.emplace_back(false, "connected to hub " + welcome.hub);
}

void HubSession::decisions(const wire::Decisions& message, SessionOutput& out) {
  if (phase_ != Phase::established) return;
  if (message.epoch != epoch_) return ask_snapshot(out);
  if (message.first > received_ + 1) return ask_catch_up(out);
  head_ = std::max(head_, message.first + message.decisions.size() - 1);
  for (std::size_t i = 0; i < message.decisions.size(); ++i) {
    const std::uint64_t seq = message.first + i;
    if (seq <= received_) continue;  // twice is once
    received_ = seq;
    out.decisions.push_back({seq, message.decisions[i]});
  }
  asked_ = false;
}

void HubSession::chunk(const wire::SnapshotChunk& message, SessionOutput& out) {
  if (phase_ != Phase::established) return;
  if (message.index == 0) {
    snapshot_ = message.snapshot;
    next_chunk_ = 0;
    rows_.clear();
  }
  const bool in_order = message.snapshot == snapshot_ && message.index == next_chunk_;
  if (!in_order || rows_.size() + message.rows.size() > kMaxSnapshotRows) {
    ++bad_messages_;
    rows_.clear();
    asked_ = false;
    return ask_snapshot(out);
  }
  ++next_chunk_;
  rows_.insert(rows_.end(), message.rows.begin(), message.rows.end());
}

void HubSession::snapshot_end(const wire::SnapshotEnd& message, SessionOutput& out) {
  if (phase_ != Phase::established) return;
  // An empty snapshot may come without any chunk.
  const bool complete = message.rows == rows_.size() && (message.rows == 0 || message.snapshot == snapshot_);
  if (!complete) {
    ++bad_messages_;
    rows_.clear();
    asked_ = false;
    return ask_snapshot(out);
  }
  epoch_ = message.epoch;
  received_ = message.seq;
  head_ = std::max(head_, received_);
  asked_ = false;
  out.snapshot = std::move(rows_);
  rows_ = {};
}

void HubSession::pong(const wire::Pong& message, Timestamp now, SessionOutput& out) {
  const Duration round_trip = now - from_unix_ms(message.clock_ms);
  if (round_trip < Duration(0) || round_trip > dead_after_) return;  // our clock stepped meanwhile
  const Duration before = skew_;
  skew_ = from_unix_ms(message.hub_clock_ms) - (now - round_trip / 2);
  const auto off = [](Duration skew) { return std::chrono::abs(skew) > kSkewAlarm; };
  if (off(skew_) != off(before)) {
    out.notes.emplace_back(off(skew_), "clock skew to the hub: " + std::to_string(skew_.count()) + " ms");
  }
  const bool other_epoch = message.epoch != epoch_;
  if (!other_epoch) head_ = message.head;
  // Behind, and no step since the last PONG: what we waited for is not coming.
  const Progress progress{epoch_, received_, next_chunk_};
  const bool stuck = progress == progress_at_pong_;
  progress_at_pong_ = progress;
  if (!stuck || (!other_epoch && head_ <= received_)) return;
  asked_ = false;
  other_epoch ? ask_snapshot(out) : ask_catch_up(out);
}

SessionOutput HubSession::on_tick(Timestamp now, Tick tick, const wire::Ping& ping) {
  SessionOutput out;
  courier_.on_tick(tick);
  if (phase_ == Phase::offline) return out;
  const Duration silence = tick - heard_;
  const Duration limit = phase_ == Phase::greeting ? kGreetingTimeout : dead_after_;
  if (silence > limit) {
    phase_ = Phase::offline;
    courier_.disconnected();
    failures_ = std::min(failures_ + 1, 6u);
    out.reconnect = jitter(std::min<Duration>(std::chrono::seconds(1) * (1u << failures_), std::chrono::seconds(60)));
    out.notes.emplace_back(true, "the hub is silent for " + std::to_string(silence.count()) + " ms: reconnecting");
    return out;
  }
  if (phase_ != Phase::established || tick < next_ping_) return out;
  next_ping_ = tick + ping_every_ * 4 / 5 + jitter(ping_every_ * 2 / 5);
  wire::Ping full = ping;
  full.n = ++pings_;
  full.clock_ms = to_unix_ms(now);
  full.epoch = epoch_;
  full.received = received_;
  out.send.emplace_back(std::move(full));
  return out;
}

void HubSession::ask_catch_up(SessionOutput& out) {
  if (asked_) return;
  asked_ = true;
  out.send.emplace_back(wire::CatchUp{epoch_, received_ + 1});
}

void HubSession::ask_snapshot(SessionOutput& out) {
  if (asked_) return;
  asked_ = true;
  out.send.emplace_back(wire::SnapshotRequest{epoch_});
}

Duration HubSession::jitter(Duration at_most) {
  return Duration(std::uniform_int_distribution<Duration::rep>(0, std::max<Duration::rep>(at_most.count(), 0))(dice_));
}

std::string HubSession::fresh_spool() {
  std::string name(16, '\0');
  for (char& c : name)
    c = static_cast<char>(dice_() & 0xff);
  return name;
}

}  // namespace breakwater
