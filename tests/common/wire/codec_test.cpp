// SPDX-License-Identifier: Apache-2.0
#include "common/wire/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <msgpack.hpp>

#include "tests/common/wire/walkers.h"

namespace breakwater::wire {
namespace {

using testing::HasSubstr;

std::string problem(std::string_view frame) {
  const auto decoded = decode_frame(frame);
  const auto* error = std::get_if<Error>(&decoded);
  return error == nullptr ? "" : error->message();
}

// A frame by hand: packed([](auto& p) { p.pack_array(2); ... }).
template <class Build>
std::string packed(Build build) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer(buffer);
  build(packer);
  return {buffer.data(), buffer.size()};
}

std::string hex(std::string_view text) {
  return from_hex(text).value();
}

OffenceBatch one_offence() {
  Offence offence;
  offence.nseq = 1;
  offence.jail = "sshd";
  return {.spool = std::string(16, 's'), .after = 0, .offences = {offence}};
}

Decisions one_decision() {
  Decision decision;
  decision.who = Prefix(Address::v4(203, 0, 113, 7));
  decision.until = kForever;
  return {.epoch = 1, .first = 1, .sent_ms = 0, .decisions = {decision}};
}

TEST(Codec, EveryMessageSurvivesTheTrip) {
  std::mt19937_64 random(20260131);
  for (int round = 0; round < 150; ++round) {
    for (std::size_t i = 0; i < std::variant_size_v<Message>; ++i) {
      const Message message = random_message(i, random);
      const auto decoded = decode(encode(message));
      ASSERT_TRUE(decoded) << type_name(message) << ": " << decoded.error().message();
      ASSERT_EQ(message, *decoded) << type_name(message) << " in round " << round;
    }
  }
}

TEST(Codec, CutOffAnywhereIsRefused) {
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i < std::variant_size_v<Message>; ++i) {
    const std::string frame = encode(random_message(i, random));
    const std::size_t step = std::max<std::size_t>(1, frame.size() / 300);
    for (std::size_t size = 0; size < frame.size(); size += step) {
      ASSERT_NE("", problem(std::string_view(frame).substr(0, size))) << i << " cut to " << size;
    }
  }
}

TEST(Codec, TrailingBytesAreRefused) {
  EXPECT_EQ("trailing bytes", problem(encode(Pong{}) + '\0'));
}

// A fuzzer in small: whatever comes, decode() returns, and what it takes it can write again.
TEST(Codec, MutatedFramesNeverHurt) {
  std::mt19937_64 random(7);
  Filler filler(random);
  int taken = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string frame = encode(random_message(random() % std::variant_size_v<Message>, random));
    for (auto flips = filler.pick(1, 4); flips > 0; --flips) {
      const std::size_t at = random() % frame.size();
      if (filler.one_in(4))
        frame.erase(at, random() % 4);
      else if (filler.one_in(4))
        frame.insert(at, filler.some_bytes(random() % 4));
      else
        frame[at] = static_cast<char>(filler.one_in(2) ? random() : 0xc0 + random() % 0x20);
      if (frame.empty()) frame = "x";
    }
    const auto decoded = decode(frame);
    if (!decoded) continue;
    ++taken;
    ASSERT_EQ(*decoded, decode(encode(*decoded)).value());
  }
  EXPECT_GT(taken, 100);
}

TEST(Codec, RandomBytesNeverHurt) {
  std::mt19937_64 random(9);
  Filler filler(random);
  for (int round = 0; round < 20000; ++round) {
    std::string frame = filler.some_bytes(random() % 64);
    if (frame.size() > 2 && filler.one_in(2)) {
      frame[0] = static_cast<char>(0x90 + random() % 8);
      frame[1] = static_cast<char>(random() % 20);
    }
    [[maybe_unused]] const auto decoded = decode_frame(frame);
  }
}

// Four bytes that ask for 2^32 elements, and the like: refused before memory is taken.
TEST(Codec, BombsAreRefused) {
  for (const char* bomb : {"ddffffffff", "dfffffffff", "9206ddffffffff", "dbffffffff", "c6ffffffff", "c9ffffffff00",
                           "92129191919191919191c0", "9212c70500aabbccddee"}) {
    EXPECT_NE("", problem(hex(bomb))) << bomb;
  }
  EXPECT_EQ("too large", problem(std::string(kMaxMessageBytes + 1, '\xc0')));
  EXPECT_EQ("too large", problem(hex("9213") + std::string(kMaxReplyBytes, '\xc0')));
  EXPECT_NE("", problem(std::string(kMaxMessageBytes, '\x91')));  // nested as deep as it is long
}

TEST(Codec, AnUnknownTypeIsNeitherAMessageNorAnError) {
  EXPECT_EQ(Decoded(UnknownType{17}), decode_frame(hex("921163")));
  EXPECT_EQ(Decoded(UnknownType{1000}), decode_frame(hex("91cd03e8")));
  EXPECT_FALSE(decode(hex("921163")));
  EXPECT_NE("", problem(hex("90")));
  EXPECT_NE("", problem(hex("91c0")));
  EXPECT_NE("", problem(hex("81")));
}

TEST(Codec, FieldsThatALaterVersionAddsAreIgnored) {
  const std::string ack = packed([](auto& p) {
    p.pack_array(6).pack_uint8(5).pack_bin(16).pack_bin_body(std::string(16, 's').data(), 16);
    p.pack_uint64(77).pack_uint8(3).pack_map(1).pack_nil().pack_nil().pack_double(1.5);
  });
  EXPECT_EQ((OffenceAck{.spool = std::string(16, 's'), .nseq = 77, .credit = 3}), std::get<OffenceAck>(*decode(ack)));
  const std::string query = packed([](auto& p) {
    p.pack_array(2).pack_uint8(18).pack_map(7);
    p.pack(std::string("later")).pack_nil();
    p.pack(std::string("limit")).pack(5).pack(std::string("qid")).pack(1).pack(std::string("verb"));
    p.pack(std::string("top")).pack(std::string("args")).pack_map(0).pack(std::string("cursor")).pack(std::string());
    p.pack(std::string("limit")).pack(900);  // a second time: the first counts
  });
  EXPECT_EQ(5, std::get<Query>(*decode(query)).limit);
}

// A node of before did not send these.
TEST(Codec, AnOptionalFieldMayBeMissing) {
  Ping ping;
  ping.n = 7;
  const std::string without = encode(ping);
  EXPECT_EQ(std::string::npos, without.find("hub_key"));
  EXPECT_EQ(Message(ping), *decode(without));
  ping.hub_key = "0011223344556677";
  ping.hub_keys = {"0011223344556677", "8899aabbccddeeff"};
  EXPECT_EQ(Message(ping), *decode(encode(ping)));
  // There and wrong is wrong.
  std::string wrong = without;
  wrong[2] = static_cast<char>(wrong[2] + 1);  // one field more
  EXPECT_EQ("PING: hub_keys: not a list", problem(wrong + hex("a8") + "hub_keys" + hex("01")));
}

TEST(Codec, AMissingFieldIsRefusedByName) {
  EXPECT_EQ("CATCHUP: from: missing", problem(hex("920801")));
  EXPECT_EQ("QUERY: qid: missing", problem(hex("921280")));
  EXPECT_EQ("QUERY: not a map", problem(hex("921290")));
}

TEST(Codec, WrongTypesAndRangesAreRefused) {
  EXPECT_EQ("CATCHUP: from: not an unsigned number", problem(hex("930801ff")));
  EXPECT_EQ("CATCHUP: from: not an unsigned number", problem(hex("930801a131")));
  EXPECT_EQ("REVOKED: reason: not a text", problem(hex("920e01")));
  EXPECT_EQ("REJECT: code: out of range", problem(hex("9403cd03e8a000")));
  EXPECT_THAT(problem(hex("9405c40100"
                          "0000")),
              HasSubstr("not 16 bytes"));
  const auto with = [](Decisions message, std::string from, std::string to) {
    std::string frame = encode(message);
    frame.replace(frame.find(hex(from)), from.size() / 2, hex(to));
    return frame;
  };
  // Of one_decision(): [op, [who, length], until, ...]
  EXPECT_EQ("", problem(with(one_decision(), "9600", "9600")));
  EXPECT_THAT(problem(with(one_decision(), "9600", "9604")), HasSubstr("op: out of range"));
  EXPECT_THAT(problem(with(one_decision(),
                           "cb007107"
                           "20",
                           "cb007107"
                           "21")),
              HasSubstr("not an address range"));
  EXPECT_THAT(problem(with(one_decision(), "92c404cb007107", "92c403cb0071")), testing::Not(""));
}

TEST(Codec, CountsAreLimited) {
  OffenceBatch batch = one_offence();
  std::string frame = encode(batch);
  frame[frame.find(hex("9197"))] = '\x90';  // no offence; what follows is trailing
  EXPECT_NE("", problem(frame));
  const std::string too_many = packed([](auto& p) {
    p.pack_array(4).pack_uint8(4).pack_bin(16).pack_bin_body(std::string(16, 's').data(), 16).pack_uint8(0);
    p.pack_array(101);
    for (int i = 0; i < 101; ++i)
      p.pack_nil();
  });
  EXPECT_THAT(problem(too_many), HasSubstr("101 entries"));
}

TEST(Codec, ContradictionsAreRefused) {
  Hello fine;
  fine.node = "web1";
  fine.instance = fine.spool = std::string(16, 'i');
  std::string hello = encode(fine);
  const auto at = hello.find("proto_min");
  hello[at + 9] = 2;
  EXPECT_THAT(problem(hello), HasSubstr("proto_min is above proto_max"));
  OffenceBatch batch = one_offence();
  batch.offences.push_back(batch.offences[0]);
  EXPECT_THAT(problem(encode(batch)), HasSubstr("nseq does not rise"));
  EXPECT_THAT(problem(encode(SnapshotChunk{.index = 1, .total = 1, .rows = {}})), HasSubstr("not below total"));
}

TEST(Codec, ASpoolThatWasEmptiedSaysSo) {
  Hello hello;
  hello.node = "web1";
  hello.instance = hello.spool = std::string(16, 'i');
  hello.spool_first = 8;
  hello.spool_last = 7;
  EXPECT_EQ(problem(encode(hello)), "");
  hello.spool_first = 9;
  EXPECT_THAT(problem(encode(hello)), HasSubstr("spool_first is far above spool_last"));
}

TEST(Codec, AddressesComeOutNormalised) {
  const auto decoded = [](std::string who) {
    std::string frame = encode(one_decision());
    const std::string from = hex("92c404cb00710720");
    frame.replace(frame.find(from), from.size(), hex(who));
    const auto message = decode(frame);
    return message ? std::get<Decisions>(*message).decisions[0].who.text() : message.error().message();
  };
  EXPECT_EQ("203.0.113.0/24", decoded("92c404cb00710718"));  // host bits
  EXPECT_EQ("203.0.113.7", decoded("92c41000000000000000000000ffffcb007107cc80"));
  EXPECT_EQ("203.0.113.0/24", decoded("92c41000000000000000000000ffffcb00710778"));
  EXPECT_EQ("0.0.0.0/0", decoded("92c41000000000000000000000ffffcb00710760"));
  EXPECT_EQ("::fffe:0:0/95", decoded("92c41000000000000000000000ffffcb0071075f"));
  EXPECT_EQ("::/0", decoded("92c41000000000000000000000ffffcb00710700"));
}

TEST(Codec, TextsComeOutAsUtf8) {
  const auto decoded = decode(hex("920ea3") + "a\xff\x62");
  ASSERT_TRUE(decoded);
  EXPECT_EQ("a\xef\xbf\xbd\x62", std::get<Revoked>(*decoded).reason);
}

// A name that is too long must not make a batch that the hub refuses for ever.
TEST(Codec, TheWriterKeepsToTheLimits) {
  OffenceBatch batch = one_offence();
  batch.offences[0].container = std::string(1000, 'c');
  batch.offences[0].sample = std::string(5000, '\xff');
  batch.offences[0].at = from_unix_ms(-5);
  const auto decoded = decode(encode(batch));
  ASSERT_TRUE(decoded) << decoded.error().message();
  const auto& offence = std::get<OffenceBatch>(*decoded).offences[0];
  EXPECT_EQ(kMaxName, offence.container.size());
  EXPECT_LE(offence.sample.size(), kMaxSample);
  EXPECT_EQ(0, to_unix_ms(offence.at));

  Ping ping;
  for (int i = 0; i < 100; ++i)
    ping.counters["c" + std::to_string(i)] = 1;
  ping.alarms.assign(50, std::string(5000, 'a'));
  EXPECT_TRUE(decode(encode(ping)));
}

TEST(Codec, ABanNeverEndsEarlyOnTheWire) {
  Decisions message = one_decision();
  message.decisions[0].until = from_unix_ms(1001);
  EXPECT_EQ(2000, to_unix_ms(std::get<Decisions>(*decode(encode(message))).decisions[0].until));
  message.decisions[0].until = kForever - Duration(1);  // as good as for ever, and not for ever
  EXPECT_NE(kForever, std::get<Decisions>(*decode(encode(message))).decisions[0].until);
  message.decisions[0].until = from_unix_ms(-1);
  EXPECT_EQ(0, to_unix_ms(std::get<Decisions>(*decode(encode(message))).decisions[0].until));
}

TEST(Codec, TheLargestMessagesFit) {
  OffenceBatch batch{.spool = std::string(16, 's'), .after = 0, .offences = {}};
  for (std::uint64_t i = 1; i <= kMaxOffencesPerBatch; ++i) {
    Offence offence;
    offence.nseq = kAny64 - 1000 + i;
    offence.jail = offence.container = offence.image = std::string(kMaxName, 'x');
    offence.sample = std::string(kMaxSample, 'x');
    batch.offences.push_back(offence);
  }
  EXPECT_LE(encode(batch).size(), kMaxMessageBytes);
  Decisions decisions = one_decision();
  decisions.decisions[0].jail = decisions.decisions[0].reason = std::string(kMaxName, 'x');
  decisions.decisions.assign(kMaxDecisionsPerMessage, decisions.decisions[0]);
  EXPECT_LE(encode(decisions).size(), kMaxMessageBytes);
  SnapshotChunk chunk{.total = 1, .rows = {}};
  chunk.rows.assign(kMaxSnapshotRowsPerChunk,
                    {DecisionOp::ban, Prefix(Address::parse("2001:db8::1").value()), kForever});
  EXPECT_LE(encode(chunk).size(), 128u * 1024);
  EXPECT_EQ(Message(chunk), *decode(encode(chunk)));
}

TEST(Codec, AReplyThatIsTooLargeSaysSo) {
  Reply reply;
  reply.qid = 9;
  reply.rows.assign(1000, std::string(kMaxRow, 'x'));
  const auto decoded = decode(encode(reply));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(413, std::get<Reply>(*decoded).status);
  EXPECT_EQ(9u, std::get<Reply>(*decoded).qid);
  reply.rows.assign(200, std::string(kMaxRow, 'x'));  // beyond what other messages may have
  EXPECT_EQ(Message(reply), *decode(encode(reply)));
}

TEST(Codec, WhoMaySendWhat) {
  EXPECT_TRUE(may_send(Sender::node, Hello{}));
  EXPECT_TRUE(may_send(Sender::node, Ping{}));
  EXPECT_TRUE(may_send(Sender::hub, Decisions{}));
  EXPECT_TRUE(may_send(Sender::hub, Reply{}));
  EXPECT_TRUE(may_send(Sender::admin, Query{}));
  EXPECT_FALSE(may_send(Sender::node, Query{}));
  EXPECT_FALSE(may_send(Sender::node, Decisions{}));
  EXPECT_FALSE(may_send(Sender::admin, OffenceBatch{}));
  EXPECT_FALSE(may_send(Sender::hub, Hello{}));
}

}  // namespace
}  // namespace breakwater::wire
