// SPDX-License-Identifier: Apache-2.0
// The layout of every message, once, for whoever walks it: the writer, the reader, the tests' renderer. Internal to
// common/wire; docs/wire.md tells the same for people.
//
// Fields of an array are told apart by position, those of a map by name. Evolution: append only, never reuse a place or
// a name; a field that a later version adds must be read with optional rules, as old peers do not send it.
#pragma once

#include <cstdint>

#include "common/wire/messages.h"

namespace breakwater::wire {

enum class Layout { array, map };

template <class M>
struct Shape;

// What a walker offers (`io`); `name` is for people, and the key in a map:
//   number(name, value, min, max)   unsigned, range inclusive
//   clock(name, ms)                 wall time in ms, 1970..9999
//   time(name, timestamp)           the same
//   until(name, timestamp)          whole seconds, nil = kForever
//   op(name, value, highest)        enumeration by number
//   id(name, bytes)                 exactly 16 bytes
//   text(name, text, min, max)      UTF-8, length in bytes
//   address(name, address), range(name, prefix)
//   list(name, vector, min, max, each)    array of arrays; each(io, element)
//   texts(name, vector, max, max_bytes)
//   counters(name, map), args(name, map)
//   optional_text(name, text, max), optional_texts(name, vector, max, max_bytes)
//                                   in a map only, and only if not empty
//   packed_rows(name, rows)         see docs/wire.md, SNAPCHUNK

inline constexpr std::uint64_t kAny64 = UINT64_MAX;
inline constexpr std::uint32_t kAny32 = UINT32_MAX;
inline constexpr std::uint16_t kAny16 = UINT16_MAX;
inline constexpr std::size_t kMaxCounters = 64;
inline constexpr std::size_t kMaxAlarms = 16;
inline constexpr std::size_t kMaxArgs = 32;
inline constexpr std::size_t kMaxReplyRows = 1000;
inline constexpr std::size_t kMaxVerb = 64;
inline constexpr std::size_t kMaxHubKeys = 4;
inline constexpr std::size_t kMaxKeyId = 16;

template <>
struct Shape<Hello> {
  static constexpr std::uint8_t kType = 1;
  static constexpr const char* kName = "HELLO";
  static constexpr Layout kLayout = Layout::map;
  template <class Io, class M>
  static void fields(Io& io, M& m) {
    io.number("proto_min", m.proto_min, 1, 255);
    io.number("proto_max", m.proto_max, 1, 255);
    io.text("node", m.node, 1, kMaxName);
    io.id("instance", m.instance);
    io.text("software", m.software, 0, kMaxName);
    io.number("epoch", m.epoch, 0, kAny64);
    io.number("applied", m.applied, 0, kAny64);
    io.id("spool", m.spool);
    io.number("spool_first", m.spool_first, 0, kAny64);
    io.number("spool_last", m.spool_last, 0, kAny64);
    io.number("bans", m.bans, 0, kAny32);
    io.clock("clock_ms", m.clock_ms);
  }
};

template <>
struct Shape<Welcome> {
  static constexpr std::uint8_t kType = 2;
  static constexpr const char* kName = "WELCOME";
  static constexpr Layout kLayout = Layout::map;
  template <class Io, class M>
  static void fields(Io& io, M& m) {
    io.number("proto", m.proto, 1, 255);
    io.text("hub", m.hub, 0, kMaxName);
    io.id("hub_instance", m.hub_instance);
    io.number("epoch", m.epoch, 0, kAny64);
    io.number("head", m.head, 0, kAny64);
    io.number("log_from", m.log_from, 0, kAny64);
    io.op("mode", m.mode, CatchUpMode::snapshot);
    io.number("spool_acked", m.spool_acked, 0, kAny64);
    io.number("credit", m.credit, 0, kAny16);
    io.number("batch_max", m.batch_max, 1, kMaxOffencesPerBatch);
    io.number("ping_ms", m.ping_ms, 10, 3'600'000);
    io.number("dead_ms", m.dead_ms, 10, 3'600'000);
    io.clock("clock_ms", m.clock_ms);
  }
};

template <>
struct Shape<Reject> {
  static constexpr std::uint8_t kType = 3;
  static constexpr const char* kName = "REJECT";
  static constexpr Layout kLayout = Layout::array;
  template <class Io, class M>
  static void fields(Io& io, M& m) {
    io.number("code", m.code, 0, 999);
    io.text("reason", m.reason, 0, kMaxName);
    io.number("retry_ms", m.retry_ms, 0, kAny32);
  }
};

template <>
struct Shape<OffenceBatch> {
  static constexpr std::uint8_t kType = 4;
  static constexpr const char* kName = "OFFENCE";
  static constexpr Layout kLayout = Layout::array;
  template <class Io, class M>
  static void fields(Io& io, M& m) {
    io.id("spool", m.spool);
    io.number("after", m.after, 0, kAny64);
    io.list("offences", m.offences, 1, kMaxOffencesPerBatch, [](auto& row, auto& offence) {
      row.number("nseq", offence.nseq, 1, kAny64);
      row.time("at", offence.at);
      row.address("who", offence.who);
      row.text("jail", offence.jail, 1, kMaxName);
      row.text("container", offence.container, 0, kMaxName);
      row.text("image", offence.image, 0, kMaxName);
      row.text("sample", offence.sample, 0, kMaxSample);
    });
  }
};

template <>
struct Shape<OffenceAck> {
  static constexpr std::uint8_t kType = 5;
  static constexpr const char* kName = "OFFACK";
  static constexpr Layout kLayout = Layout::array;
  template <class Io, class M>
  static void fields(Io& io, M& m) {
    io.id("spool", m.spool);
    io.number("nseq", m.nseq, 0, kAny64);
    io.number("credit", m.credit, 0, kAny16);
  }
};

template <>
struct Shape<Decisions> {
  static constexpr std::uint8_t kType = 6;
  static constexpr const char* kName = "DECISION";
  static constexpr Layout kLayout = Layout::array;
  template <class Io, class M>
  static void fields(Io& io, M& m) {
    io.number("epoch", m.epoch, 0, kAny64);
    // Far from the top, so that first + i never wraps.
    io.number("first", m.first, 1, kAny64 >> 1);
    io.clock("sent_ms", m.sent_ms);
    io.list("decisions", m.decisions, 1, kMaxDecisionsPerMessage, [](auto& row, auto& decision) {
      row.op("op", decision.op, DecisionOp::disallow);
      row.range("who", decision.who);
      row.until("until", decision.until);
      row.time("decided_at", decision.decided_at);
      row.text("jail", decision.jail, 0, kMaxName);
      row.text("reason", decision.reason, 0, kMaxName);
    });
  }
};

template <>
struct Shape<Applied> {
  static constexpr std::uint8_t kType = 7;
  static constexpr const char* kName = "APPLIED";
  static constexpr Layout kLayout = Layout::array;
  template <class Io, class M>
  static void fields(Io& io, M& m) {
    io.number("epoch", m.epoch, 0, kAny64);
    io.number("received", m.received, 0, kAny64);
    io.number("enforced", m.enforced, 0, kAny64);
    io.number("failed", m.failed, 0, kAny32);
    io.clock("enforced_ms", m.enforced_ms);
  }
};

template <>
struct Shape<CatchUp> {
  static constexpr std::uint8_t kType = 8;
  static constexpr const char* kName = "CATCHUP";
  static constexpr Layout kLayout = Layout::array;
  template <class Io, class M>
  static void fields(Io& io, M& m) {
    io.number("epoch", m.epoch, 0, kAny64);
    io.number("from", m.from, 0, kAny64);
  }
};

template <>
struct Shape<SnapshotRequest> {
  static constexpr std::uint8_t kType = 9;
  static constexpr const char* kName = "SNAPREQ";
  static constexpr Layout kLayout = Layout::array;
  template <class Io, class M>
  static void fields(Io& io, M& m) {
    io.number("epoch", m.epoch, 0, kAny64);
  }
};

template <>
struct Shape<SnapshotChunk> {
  static constexpr std::uint8_t kType = 10;
  static constexpr const char* kName = "SNAPCHUNK";
  static constexpr Layout kLayout = Layout::array;
  template <class Io, class M>
  static void fields(Io& io, M& m) {
    io.number("snapshot", m.snapshot, 0, kAny64);
    io.number("epoch", m.epoch, 0, kAny64);
    io.number("seq", m.seq, 0, kAny64);
    io.number("index", m.index, 0, kAny32);
    io.number("total", m.total, 1, kAny32);
    io.packed_rows("rows", m.rows);
  }
};

template <>
struct Shape<SnapshotEnd> {
  static constexpr std::uint8_t kType = 11;
  static constexpr const char* kName = "SNAPEND";
  static constexpr Layout kLayout = Layout::array;
  template <class Io, class M>
  static void fields(Io& io, M& m) {
    io.number("snapshot", m.snapshot, 0, kAny64);
    io.number("epoch", m.epoch, 0, kAny64);
    io.number("seq", m.seq, 0, kAny64);
    io.number("rows", m.rows, 0, kAny64);
  }
};

template <>
struct Shape<Ping> {
  static constexpr std::uint8_t kType = 12;
  static constexpr const char* kName = "PING";
  static constexpr Layout kLayout = Layout::map;
  template <class Io, class M>
  static void fields(Io& io, M& m) {
    io.number("n", m.n, 0, kAny32);
    io.clock("clock_ms", m.clock_ms);
    io.number("epoch", m.epoch, 0, kAny64);
    io.number("received", m.received, 0, kAny64);
    io.number("enforced", m.enforced, 0, kAny64);
    io.counters("counters", m.counters);
    io.texts("alarms", m.alarms, kMaxAlarms, kMaxText);
    io.optional_text("hub_key", m.hub_key, kMaxKeyId);
    io.optional_texts("hub_keys", m.hub_keys, kMaxHubKeys, kMaxKeyId);
  }
};

template <>
struct Shape<Pong> {
  static constexpr std::uint8_t kType = 13;
  static constexpr const char* kName = "PONG";
  static constexpr Layout kLayout = Layout::array;
  template <class Io, class M>
  static void fields(Io& io, M& m) {
    io.number("n", m.n, 0, kAny32);
    io.clock("clock_ms", m.clock_ms);
    io.clock("hub_clock_ms", m.hub_clock_ms);
    io.number("epoch", m.epoch, 0, kAny64);
    io.number("head", m.head, 0, kAny64);
  }
};

template <>
struct Shape<Revoked> {
  static constexpr std::uint8_t kType = 14;
  static constexpr const char* kName = "REVOKED";
  static constexpr Layout kLayout = Layout::array;
  template <class Io, class M>
  static void fields(Io& io, M& m) {
    io.text("reason", m.reason, 0, kMaxName);
  }
};

// 15 DRAIN, 16 POLICY, 17 DIGEST: reserved.

template <>
struct Shape<Query> {
  static constexpr std::uint8_t kType = 18;
  static constexpr const char* kName = "QUERY";
  static constexpr Layout kLayout = Layout::map;
  template <class Io, class M>
  static void fields(Io& io, M& m) {
    io.number("qid", m.qid, 0, kAny32);
    io.text("verb", m.verb, 1, kMaxVerb);
    io.args("args", m.args);
    io.text("cursor", m.cursor, 0, kMaxText);
    io.number("limit", m.limit, 0, kMaxReplyRows);
  }
};

template <>
struct Shape<Reply> {
  static constexpr std::uint8_t kType = 19;
  static constexpr const char* kName = "REPLY";
  static constexpr Layout kLayout = Layout::map;
  template <class Io, class M>
  static void fields(Io& io, M& m) {
    io.number("qid", m.qid, 0, kAny32);
    io.number("status", m.status, 0, 999);
    io.text("error", m.error, 0, kMaxText);
    io.texts("rows", m.rows, kMaxReplyRows, kMaxRow);
    io.text("next", m.next, 0, kMaxText);
  }
};

}  // namespace breakwater::wire
