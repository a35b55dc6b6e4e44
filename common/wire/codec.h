// SPDX-License-Identifier: Apache-2.0
// Messages to bytes and back: one MessagePack frame `[type, fields...]` a message. docs/wire.md is the contract; a
// test holds this code to its examples. Pure, never throws.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "common/base/result.h"
#include "common/wire/messages.h"

namespace breakwater::wire {

// The frame. Always one that decode() takes: texts are cut to their limit (and made valid UTF-8), times are clamped to
// 1970..9999, `until` is rounded up to a whole second, surplus counters and alarms of a PING are left out. More
// offences, decisions, rows than allowed, an id that is not 16 bytes, an empty node name are our own bug: asserted. A
// REPLY that would exceed kMaxReplyBytes becomes one with status 413 and no rows.
std::string encode(const Message& message);

// Well-formed `[type, ...]` of a type that this build does not know: from a newer peer. To be counted and ignored.
struct UnknownType {
  std::uint64_t type = 0;
  bool operator==(const UnknownType&) const = default;
};

// The three things that a frame can be. The Error says which field of which message is wrong; it holds no bytes of the
// frame.
using Decoded = std::variant<Message, UnknownType, Error>;

// Refuses (as Error): more than the size limit, trailing bytes, too long, too many, too deep, a wrong type, a value
// out of range, a missing field. Ignores fields that it does not know, behind those it does. Addresses come out
// normalised (::ffff:192.0.2.1 is 192.0.2.1), prefixes without host bits, texts as valid UTF-8. Memory, while it runs:
// at most 24 times the size of the frame and 0.6 MB.
Decoded decode_frame(std::string_view frame);

// The same for who needs no difference between unknown and malformed.
Result<Message> decode(std::string_view frame);

// "OFFENCE", as in docs/wire.md.
std::string_view type_name(const Message& message);
// The number on the wire.
std::uint8_t type_number(const Message& message);

// Who may send it; checked at the door of hub, node and tool, before anybody acts on it.
enum class Sender { node, hub, admin };
bool may_send(Sender sender, const Message& message);

}  // namespace breakwater::wire
