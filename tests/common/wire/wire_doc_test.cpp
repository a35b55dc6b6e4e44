// SPDX-License-Identifier: Apache-2.0
// Holds the code to docs/wire.md: each example there is
//
//   ```wire HELLO
//   {proto_min: 1, ...}
//   92 01 8c ...
//   ```
//
// and must decode to these fields, and these fields must encode to these bytes.
#include <cctype>
#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "common/wire/codec.h"
#include "tests/common/wire/walkers.h"

namespace breakwater::wire {
namespace {

struct Example {
  int line = 0;
  std::string name, fields, bytes;
};

std::vector<Example> examples(std::istream& document) {
  std::vector<Example> found;
  std::string line;
  for (int number = 1; std::getline(document, line); ++number) {
    if (!line.starts_with("```wire ")) continue;
    Example example{.line = number, .name = line.substr(8), .fields = {}, .bytes = {}};
    std::string hex;
    for (; std::getline(document, line) && line != "```"; ++number) {
      const bool is_hex = line.find_first_not_of("0123456789abcdef ") == std::string::npos;
      if (is_hex)
        hex += line;
      else
        example.fields += std::string(example.fields.empty() ? "" : " ") + std::string(trimmed(line));
    }
    ++number;
    std::erase(hex, ' ');
    const auto bytes = from_hex(hex);
    EXPECT_TRUE(bytes) << "line " << example.line;
    if (bytes) example.bytes = *bytes;
    found.push_back(std::move(example));
  }
  return found;
}

std::string read(const char* path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class WireDocument : public testing::Test {
 protected:
  std::string text = read("docs/wire.md");  // tests run in the source directory
};

TEST_F(WireDocument, ExamplesAreWhatTheCodeReadsAndWrites) {
  std::istringstream document(text);
  const auto all = examples(document);
  ASSERT_GE(all.size(), std::variant_size_v<Message>);
  for (const auto& example : all) {
    SCOPED_TRACE("docs/wire.md:" + std::to_string(example.line));
    const auto message = decode(example.bytes);
    ASSERT_TRUE(message) << message.error().message();
    EXPECT_EQ(example.name, type_name(*message));
    EXPECT_EQ(example.fields, printed(*message));
    EXPECT_EQ(to_hex(example.bytes), to_hex(encode(*message)));
  }
}

TEST_F(WireDocument, EveryMessageHasAnExampleAndItsNumber) {
  std::istringstream document(text);
  std::set<std::string> shown;
  for (const auto& example : examples(document))
    shown.insert(example.name);
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i < std::variant_size_v<Message>; ++i) {
    const Message message = random_message(i, random);
    const std::string name(type_name(message));
    EXPECT_TRUE(shown.contains(name)) << name;
    const std::string heading = "### " + std::to_string(type_number(message)) + " " + name;
    EXPECT_NE(std::string::npos, text.find(heading)) << heading;
  }
}

TEST_F(WireDocument, NamesTheLimits) {
  for (const auto limit : {kMaxMessageBytes, kMaxReplyBytes, kMaxOffencesPerBatch, kMaxDecisionsPerMessage,
                           kMaxSnapshotRowsPerChunk, kMaxName, kMaxSample, kMaxText, kMaxRow}) {
    EXPECT_NE(std::string::npos, text.find(std::to_string(limit))) << limit;
  }
}

}  // namespace
}  // namespace breakwater::wire
