// SPDX-License-Identifier: Apache-2.0
#include "common/wire/codec.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include <msgpack.hpp>

#include "common/wire/field_reader.h"
#include "common/wire/field_writer.h"
#include "common/wire/shapes.h"

namespace breakwater::wire {
namespace {

constexpr std::size_t kMaxList = 4096, kMaxMap = 64, kMaxString = kMaxRow, kMaxBin = 128 * 1024, kMaxExt = 0,
                      kMaxDepth = 6;
static_assert(kMaxSnapshotRowsPerChunk * kPackedRowV6 <= kMaxBin);

// --- writing

template <class M>
void write(const M& message, std::string& out) {
  FieldCounter counter;
  Shape<M>::fields(counter, message);
  FieldWriter writer(out, Shape<M>::kLayout);
  constexpr bool kMap = Shape<M>::kLayout == Layout::map;
  writer.packer().pack_array(kMap ? 2 : counter.count + 1);
  writer.packer().pack_uint8(Shape<M>::kType);
  if (kMap) writer.packer().pack_map(counter.count);
  Shape<M>::fields(writer, message);
}

// --- what the fields of one message must be to each other; empty = fine

template <class M>
std::string_view contradiction(const M&) {
  return {};
}

std::string_view contradiction(const Hello& m) {
  if (m.proto_min > m.proto_max) return "proto_min is above proto_max";
  // One above: it has been in use and holds nothing now.
  const bool backwards = m.spool_first > m.spool_last && m.spool_first - m.spool_last > 1;
  return backwards ? "spool_first is far above spool_last" : std::string_view{};
}

std::string_view contradiction(const Welcome& m) {
  return m.dead_ms < m.ping_ms ? "dead_ms is below ping_ms" : std::string_view{};
}

std::string_view contradiction(const OffenceBatch& m) {
  const auto not_rising = [](const Offence& a, const Offence& b) { return a.nseq >= b.nseq; };
  const bool rising = std::adjacent_find(m.offences.begin(), m.offences.end(), not_rising) == m.offences.end();
  return rising && m.after < m.offences.front().nseq ? std::string_view{} : "nseq does not rise";
}

std::string_view contradiction(const SnapshotChunk& m) {
  return m.index >= m.total ? "index is not below total" : std::string_view{};
}

// --- reading

template <class M>
Decoded read(const msgpack::object_array& frame) {
  M message;
  std::string problem;
  if constexpr (Shape<M>::kLayout == Layout::array) {
    FieldReader reader(frame, 1, problem);
    Shape<M>::fields(reader, message);
  } else if (frame.size < 2 || frame.ptr[1].type != msgpack::type::MAP) {
    problem = "not a map";
  } else {
    FieldReader reader(frame.ptr[1].via.map, problem);
    Shape<M>::fields(reader, message);
  }
  if (problem.empty()) problem = contradiction(message);
  if (!problem.empty()) return Error(std::string(Shape<M>::kName) + ": " + problem);
  return Message(std::move(message));
}

// Tries every alternative of Message for the one of this number.
template <std::size_t I = 0>
Decoded read_type(std::uint64_t type, const msgpack::object_array& frame) {
  if constexpr (I == std::variant_size_v<Message>) {
    return UnknownType{type};
  } else {
    using M = std::variant_alternative_t<I, Message>;
    return Shape<M>::kType == type ? read<M>(frame) : read_type<I + 1>(type, frame);
  }
}

Decoded read_object(const msgpack::object& object) {
  if (object.type != msgpack::type::ARRAY || object.via.array.size == 0) return Error("not a list");
  const msgpack::object& type = object.via.array.ptr[0];
  if (type.type != msgpack::type::POSITIVE_INTEGER) return Error("its type is not a number");
  return read_type(type.via.u64, object.via.array);
}

// Only a REPLY may be large. Its type is the second byte, however long its list is.
std::size_t size_limit(std::string_view frame) {
  const bool reply = frame.size() > 1 && static_cast<unsigned char>(frame[1]) == Shape<Reply>::kType;
  return reply ? kMaxReplyBytes : kMaxMessageBytes;
}

bool by_reference(msgpack::type::object_type, std::size_t, void*) {
  return true;
}

// msgpack throws for whatever is wrong with the bytes, and for want of memory.
Decoded unpack(std::string_view frame) try {
  const msgpack::unpack_limit limit(kMaxList, kMaxMap, kMaxString, kMaxBin, kMaxExt, kMaxDepth);
  std::size_t used = 0;
  const auto handle = msgpack::unpack(frame.data(), frame.size(), used, by_reference, nullptr, limit);
  if (used != frame.size()) return Error("trailing bytes");
  return read_object(handle.get());
} catch (const msgpack::size_overflow&) {
  return Error("too long, too many or too deep");
} catch (const std::exception&) {
  return Error("not MessagePack");
}

}  // namespace

std::string encode(const Message& message) {
  std::string out;
  std::visit([&out](const auto& m) { write(m, out); }, message);
  const auto* reply = std::get_if<Reply>(&message);
  if (reply != nullptr && out.size() > kMaxReplyBytes) {
    Reply refusal;
    refusal.qid = reply->qid;
    refusal.status = 413;
    refusal.error = "the page is too large: ask for fewer rows";
    return encode(refusal);
  }
  assert(out.size() <= (reply ? kMaxReplyBytes : kMaxMessageBytes));
  return out;
}

Decoded decode_frame(std::string_view frame) {
  if (frame.size() > size_limit(frame)) return Error("too large");
  return unpack(frame);
}

Result<Message> decode(std::string_view frame) {
  Decoded decoded = decode_frame(frame);
  if (auto* message = std::get_if<Message>(&decoded)) return std::move(*message);
  if (const auto* unknown = std::get_if<UnknownType>(&decoded)) {
    return Error("unknown type " + std::to_string(unknown->type));
  }
  return std::get<Error>(decoded);
}

std::string_view type_name(const Message& message) {
  return std::visit([](const auto& m) { return std::string_view(Shape<std::decay_t<decltype(m)>>::kName); }, message);
}

std::uint8_t type_number(const Message& message) {
  return std::visit([](const auto& m) { return Shape<std::decay_t<decltype(m)>>::kType; }, message);
}

bool may_send(Sender sender, const Message& message) {
  switch (type_number(message)) {
    case Shape<Hello>::kType:
    case Shape<OffenceBatch>::kType:
    case Shape<Applied>::kType:
    case Shape<CatchUp>::kType:
    case Shape<SnapshotRequest>::kType:
    case Shape<Ping>::kType:
      return sender == Sender::node;
    case Shape<Query>::kType:
      return sender == Sender::admin;
    default:
      return sender == Sender::hub;
  }
}

}  // namespace breakwater::wire
