// SPDX-License-Identifier: Apache-2.0
#include "hub/query/human.h"

#include <random>

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace breakwater {
namespace {

using namespace std::chrono_literals;

const Timestamp kNow = from_unix_ms(1'769'851'375'123);

TEST(Human, LengthsNameTheTwoLargestUnits) {
  EXPECT_EQ(length_text(0ms), "0.0s");
  EXPECT_EQ(length_text(340ms), "0.3s");
  EXPECT_EQ(length_text(59'999ms), "59s");
  EXPECT_EQ(length_text(598s), "9m 58s");
  EXPECT_EQ(length_text(10min), "10m");
  EXPECT_EQ(length_text(3h + 5min + 59s), "3h 5m");
  EXPECT_EQ(length_text(292h), "12d 4h");
  EXPECT_EQ(length_text(-5s), "0.0s");
}

TEST(Human, AgesAndEnds) {
  EXPECT_EQ(ago_text(kNow - 3s, kNow), "3s ago");
  EXPECT_EQ(ago_text(kNow - 300ms, kNow), "now");
  EXPECT_EQ(ago_text(kNow + 5s, kNow), "in 5s");  // the other clock is ahead
  EXPECT_EQ(end_text(kNow + 598s, kNow), "in 9m 58s");
  EXPECT_EQ(end_text(kForever, kNow), "never");
  EXPECT_EQ(end_text(kNow - 3s, kNow), "ended 3s ago");
  EXPECT_EQ(end_text(kNow, kNow), "ended now");
}

TEST(Human, Counts) {
  EXPECT_EQ(count_text(0, "node"), "0 nodes");
  EXPECT_EQ(count_text(1, "node"), "1 node");
  EXPECT_EQ(count_text(2, "node"), "2 nodes");
}

TEST(Shown, KeepsQuotationMarksAndNothingDangerous) {
  EXPECT_EQ(shown("\"POST /xmlrpc.php\" 200"), "\"POST /xmlrpc.php\" 200");
  EXPECT_EQ(shown("\x1b]0;owned\x07\\\""), "\\x1b]0;owned\\x07\\\\\"");
  EXPECT_EQ(shown("line\nforged"), "line\\nforged");
}

TEST(Shown, IsAsciiOnATerminalThatIsNotUtf8) {
  EXPECT_EQ(shown("\xc4\x9b", true), "\\xc4\\x9b");
  EXPECT_EQ(shown("\xc4\x9b", false), "\xc4\x9b");
}

TEST(Shown, NoBytesReachTheTerminalAsControls) {
  std::mt19937 dice(5);
  for (int i = 0; i < 5000; ++i) {
    std::string bytes;
    while (bytes.size() < 30)
      bytes += static_cast<char>(dice());
    const std::string text = shown(bytes, dice() % 2 == 0);
    for (const char c : text) {
      ASSERT_GE(static_cast<unsigned char>(c), 0x20);
      ASSERT_NE(c, 0x7f);
    }
    ASSERT_EQ(valid_utf8(text, text.size()), text);
  }
}

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("größe"), 5u);
  EXPECT_EQ(display_width("日本"), 4u);
  EXPECT_EQ(display_width("e\xcc\x81"), 1u);  // e and a combining accent
  EXPECT_EQ(display_width("😀"), 2u);
}

TEST(Fitted, CutsAtACharacter) {
  EXPECT_EQ(fitted("abcdef", 6), "abcdef");
  EXPECT_EQ(fitted("abcdef", 5), "ab...");
  EXPECT_EQ(fitted("日本語日本語", 8), "日本...");  // 7 columns: half a character is not shown
  EXPECT_EQ(fitted("abcdef", 2), "..");
  EXPECT_EQ(fitted("abcdef", 0), "");
}

}  // namespace
}  // namespace breakwater
