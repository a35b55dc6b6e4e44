// SPDX-License-Identifier: Apache-2.0
#include "node/tools/json_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace breakwater {
namespace {

std::string as_json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string epoch(std::int64_t ms) {
  std::string out;
  append_epoch(out, from_unix_ms(ms));
  return out;
}

TEST(JsonText, EscapesWhatJsonCannotHold) {
  EXPECT_EQ(as_json("a\"b\\c\n\r\t\x01\x7f"), "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f\"");
  EXPECT_EQ(as_json(std::string_view("\0", 1)), "\"\\u0000\"");
}

TEST(JsonText, IsValidUtf8WhateverComes) {
  std::string all;
  for (int c = 0; c < 256; ++c)
    all += static_cast<char>(c);
  const auto parsed = nlohmann::json::parse(as_json(all), nullptr, false);
  ASSERT_TRUE(parsed.is_string());
  EXPECT_EQ(as_json("\xc3\xa4\xff"), "\"\xc3\xa4\xef\xbf\xbd\"");
}

TEST(JsonText, WritesSecondsWithAFractionOnlyWhereThereIsOne) {
  EXPECT_EQ(epoch(1124013600000), "1124013600");
  EXPECT_EQ(epoch(1124013600050), "1124013600.05");
  EXPECT_EQ(epoch(1124013600123), "1124013600.123");
  EXPECT_EQ(epoch(-1500), "-1.5");
  std::string out;
  append_epoch(out, kForever);
  EXPECT_EQ(out, "null");
}

TEST(JsonText, KeepsTheOrderOfTheKeys) {
  std::string out;
  JsonObject object(out);
  object.add("z", true);
  object.add("a", "text");
  object.add("n", std::uint64_t{7});
  object.add_null("m");
  object.end();
  EXPECT_EQ(out, R"({"z":true,"a":"text","n":7,"m":null})");
}

}  // namespace
}  // namespace breakwater
