// SPDX-License-Identifier: Apache-2.0
#include "common/base/text.h"

#include <random>

#include <gtest/gtest.h>

namespace breakwater {
namespace {

using namespace std::string_literals;

// Undoes escaped(): what a reader of the log can do if it lost nothing and nothing was forged.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const char kind = text.at(++i);
    if (kind == 'x') {
      out += from_hex(text.substr(i + 1, 2)).value();
      i += 2;
    } else {
      out += kind == 'n' ? '\n' : kind == 'r' ? '\r' : kind == 't' ? '\t' : kind;
    }
  }
  return out;
}

std::string any_bytes(std::mt19937& dice, std::size_t most) {
  static const std::string pieces[] = {
      "a",    "\n",  "\\",    "\"",       "\x1b[2J",          "\xc2\x9b", "é",   "\xe2\x80\xae",
      "\xff", "\0"s, "\\x41", "\xe2\x82", "\xf0\x9f\x98\x80", "\x7f",     "<3>", " who="};
  std::string out;
  while (out.size() < most)
    out += pieces[dice() % std::size(pieces)];
  return out;
}

TEST(Escaped, LeavesPlainTextAlone) {
  EXPECT_EQ(escaped("Failed password for root from 203.0.113.7"), "Failed password for root from 203.0.113.7");
  EXPECT_EQ(escaped("größe 日本 😀"), "größe 日本 😀");
  EXPECT_EQ(escaped(""), "");
}

TEST(Escaped, ShowsControlCharactersInsteadOfObeyingThem) {
  EXPECT_EQ(escaped("a\nerror fake\r\t"), "a\\nerror fake\\r\\t");
  EXPECT_EQ(escaped("\x1b[31m\x07\x08\x7f"), "\\x1b[31m\\x07\\x08\\x7f");
  EXPECT_EQ(escaped("a\0b"s), "a\\x00b");
  EXPECT_EQ(escaped("say \"x\" \\n"), "say \\\"x\\\" \\\\n");
}

TEST(Escaped, C1ControlsAreControls) {
  EXPECT_EQ(escaped("\xc2\x9b"
                    "2J"),
            "\\xc2\\x9b2J");                   // CSI in one character: some terminals obey it
  EXPECT_EQ(escaped("\xc2\xa0"), "\xc2\xa0");  // the first that is none
}

TEST(Escaped, WhatTurnsALineAroundOrBreaksItIsShown) {
  EXPECT_EQ(escaped("\xe2\x80\xae"
                    "gnp"),
            "\\xe2\\x80\\xaegnp");                                             // U+202E right-to-left override
  EXPECT_EQ(escaped("\xd8\x9c"), "\\xd8\\x9c");                                // U+061C Arabic letter mark
  EXPECT_EQ(escaped("\xe2\x81\xa6"), "\\xe2\\x81\\xa6");                       // U+2066 isolate
  EXPECT_EQ(escaped("\xe2\x80\xa8"), "\\xe2\\x80\\xa8");                       // U+2028 line separator
  EXPECT_EQ(escaped("\xe2\x80\x8f"), "\\xe2\\x80\\x8f");                       // U+200F right-to-left mark
  EXPECT_EQ(escaped("\xe2\x80\x9c\xe2\x82\xac"), "\xe2\x80\x9c\xe2\x82\xac");  // quotation mark, euro: plain
}

TEST(Escaped, InvalidUtf8IsShownByteByByte) {
  EXPECT_EQ(escaped("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(escaped("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_EQ(escaped("\xe2\x82"), "\\xe2\\x82");                    // cut off
}

TEST(Escaped, CutsLongTextAndSaysSo) {
  EXPECT_EQ(escaped("abcdef", 3), "abc...");
  EXPECT_EQ(escaped("abc", 3), "abc");
  EXPECT_LE(escaped(std::string(100'000, '\n'), 100).size(), 110u);
}

TEST(Escaped, CannotBeForgedAndLosesNothing) {
  std::mt19937 dice(11);
  for (int i = 0; i < 3000; ++i) {
    const std::string bytes = any_bytes(dice, dice() % 40);
    const std::string text = escaped(bytes, 10'000);
    for (std::size_t at = 0; at < text.size(); ++at) {
      const auto c = static_cast<unsigned char>(text[at]);
      ASSERT_TRUE(c >= 0x20 && c != 0x7f) << text;
      ASSERT_TRUE(c != '"' || text[at - 1] == '\\') << text;
    }
    ASSERT_EQ(valid_utf8(text, text.size()), text);
    ASSERT_EQ(escaped(unescaped(text), 10'000), text);
    ASSERT_EQ(unescaped(text), bytes);  // injective: two inputs never look the same
  }
}

TEST(ValidUtf8, ReplacesWhatIsInvalid) {
  EXPECT_EQ(valid_utf8("a\xff"
                       "b",
                       100),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(valid_utf8("\xe2\x82", 100), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(valid_utf8("größe", 100), "größe");
}

TEST(ValidUtf8, CutsAtACharacter) {
  EXPECT_EQ(valid_utf8("aé", 2), "a");
  EXPECT_EQ(valid_utf8("aé", 3), "aé");
  EXPECT_EQ(valid_utf8("😀", 3), "");
  EXPECT_EQ(valid_utf8("\xff", 2), "");
  EXPECT_EQ(valid_utf8("abc", 0), "");
}

TEST(ValidUtf8, AnyBytesComeOutValidAndWithinTheLimit) {
  std::mt19937 dice(3);
  for (int i = 0; i < 2000; ++i) {
    const std::string bytes = any_bytes(dice, dice() % 60);
    const std::size_t limit = dice() % 50;
    const std::string text = valid_utf8(bytes, limit);
    ASSERT_LE(text.size(), limit);
    ASSERT_EQ(valid_utf8(text, limit), text);
  }
}

TEST(Text, TrimsAndSplits) {
  EXPECT_EQ(trimmed("  a b\t\r\n"), "a b");
  EXPECT_EQ(trimmed(" \t"), "");
  EXPECT_EQ(trimmed(""), "");
  using Pieces = std::vector<std::string_view>;
  EXPECT_EQ(split("a,,b,", ','), (Pieces{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), Pieces{""});
  EXPECT_EQ(split("abc", ','), Pieces{"abc"});
}

TEST(Text, GlobsMatchTheWhole) {
  EXPECT_TRUE(glob_matches("web*", "web"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("*/web", "registry.example/team/web"));  // '*' crosses '/'
  EXPECT_TRUE(glob_matches("*", ".hidden"));
  EXPECT_TRUE(glob_matches("web-[0-9]?", "web-1a"));
  EXPECT_FALSE(glob_matches("web", "web2"));
  EXPECT_FALSE(glob_matches("", "web"));
  EXPECT_FALSE(glob_matches("WEB", "web"));
}

TEST(Text, AZeroByteEndsNoName) {
  EXPECT_FALSE(glob_matches("web", "web\0evil"s));
  EXPECT_FALSE(glob_matches("web\0*"s, "web"));
}

TEST(Text, NearestFindsMisspellings) {
  const std::vector<std::string> known = {"maxretry", "findtime", "bantime", "ignoreip"};
  EXPECT_EQ(nearest("maxretries", known), "maxretry");
  EXPECT_EQ(nearest("findtme", known), "findtime");
  EXPECT_EQ(nearest("bantime", known), "bantime");
  EXPECT_EQ(nearest("colour", known), std::nullopt);
  EXPECT_EQ(nearest("", known), std::nullopt);
  EXPECT_EQ(nearest("bantime", {}), std::nullopt);
}

TEST(Text, Hex) {
  const std::uint8_t bytes[] = {0x00, 0x0f, 0xf0, 0xff};
  EXPECT_EQ(to_hex(bytes), "000ff0ff");
  EXPECT_EQ(to_hex(std::string_view("\xab", 1)), "ab");
  EXPECT_EQ(to_hex(std::string_view()), "");
  EXPECT_EQ(*from_hex("00fFAb"), "\x00\xff\xab"s);
  EXPECT_EQ(*from_hex(""), "");
  for (const char* bad : {"0", "0g", "g0", " 00", "0x00", "00 ", "-1"})
    EXPECT_FALSE(from_hex(bad)) << bad;
}

TEST(Text, Fnv1aIsThePublishedOne) {
  EXPECT_EQ(fnv1a(""), 0xcbf29ce484222325ull);
  EXPECT_EQ(fnv1a("a"), 0xaf63dc4c8601ec8cull);
  EXPECT_EQ(fnv1a("foobar"), 0x85944171f73967e8ull);
  EXPECT_EQ(fnv1a("bar", fnv1a("foo")), fnv1a("foobar"));  // can be continued
}

}  // namespace
}  // namespace breakwater
