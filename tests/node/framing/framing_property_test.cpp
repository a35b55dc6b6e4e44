// SPDX-License-Identifier: Apache-2.0
// Any cut of the bytes into pieces, any number of restarts at stored positions: every line exactly once.
#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "node/core/framing/docker_json_framing.h"
#include "node/core/framing/line_framing.h"
#include "tests/node/framing/json_file.h"

namespace breakwater {
namespace {

using testing::json_record;

using Random = std::mt19937_64;
std::size_t pick(Random& random, std::size_t below) {
  return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
}

// Two streams whose records interleave; lines of one to four small pieces, some ended by another time only, remains of
// crashes, NULs.
class DockerLogMaker {
 public:
  explicit DockerLogMaker(Random& random) : random_(random) {}

  std::string make(std::vector<std::string>& lines) {
    for (int i = 0; i < 60; ++i)
      step(lines);
    for (auto& stream : streams_)
      finish(stream, lines);
    return bytes_;
  }

 private:
  struct Stream {
    const char* name;
    std::string open;  // text of the pieces so far
    std::string time;
    bool active = false;
  };

  void step(std::vector<std::string>& lines) {
    Stream& stream = streams_[pick(random_, 2)];
    const std::size_t what = pick(random_, 20);
    if (what == 0) bytes_ += std::string(1 + pick(random_, 40), '\0');
    if (what == 1) bytes_ += R"({"log":"remains of a cra)";
    if (what == 2) bytes_ += "garbage\n";
    if (stream.active && pick(random_, 6) == 0) {
      lines.push_back(stream.open);  // the writer ended without '\n'; what follows has another time
      stream.active = false;
    }
    const std::string word = stream.name + std::to_string(++number_) + std::string(pick(random_, 30), 'x') + "\t\"<";
    const bool ends = pick(random_, 3) != 0;
    if (!stream.active) {
      stream.time = "2026-01-31T09:22:55." + std::to_string(100'000 + number_) + "Z";
      stream.open.clear();
    }
    stream.active = !ends;
    stream.open += word;
    bytes_ += json_record(word + (ends ? "\n" : ""), stream.time, stream.name);
    if (ends) lines.push_back(stream.open);
  }

  void finish(Stream& stream, std::vector<std::string>& lines) {
    const std::string word = std::string(stream.name) + " last";
    if (stream.active) lines.push_back(stream.open);
    lines.push_back(word);
    bytes_ += json_record(word + "\n", "2026-02-01T00:00:00Z", stream.name);
  }

  Random& random_;
  Stream streams_[2] = {{"stdout", {}, {}}, {"stderr", {}, {}}};
  int number_ = 0;
  std::string bytes_;
};

// Reads `bytes` in pieces; now and then the reader dies and begins again at the last position it stored. What it had
// delivered before that position counts; what came behind it did not reach the disk.
template <class F>
std::vector<std::string> read_with_restarts(const std::string& bytes, Random& random) {
  std::vector<std::pair<std::string, StreamPosition>> delivered;
  const LineSink sink = [&](const FramedLine& line) { delivered.emplace_back(std::string(line.text), line.after); };
  auto framing = std::make_unique<F>();
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t count = 1 + pick(random, pick(random, 4) == 0 ? 2000 : 60);
    framing->feed(std::string_view(bytes).substr(at, count), sink);
    at = std::min(bytes.size(), at + count);
    if (pick(random, 10) != 0) continue;
    StreamPosition stored = framing->position();
    if (!delivered.empty() && pick(random, 2) == 0) {
      // Killed in the middle of a batch: only the first few of its lines were stored.
      const std::size_t kept = delivered.size() - std::min<std::size_t>(delivered.size() - 1, pick(random, 4));
      delivered.resize(kept);
      stored = delivered.back().second;
    }
    framing = std::make_unique<F>(FramingStart{.at = stored});
    at = static_cast<std::size_t>(stored.resume);
  }
  framing->end_of_file(sink);
  framing->flush(sink);
  std::vector<std::string> texts;
  for (auto& [text, after] : delivered)
    texts.push_back(text);
  return texts;
}

TEST(FramingProperty, DockerLinesExactlyOnce) {
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
    Random random(seed);
    std::vector<std::string> expected;
    const std::string bytes = DockerLogMaker(random).make(expected);
    std::vector<std::string> got = read_with_restarts<DockerJsonFraming>(bytes, random);
    std::sort(expected.begin(), expected.end());
    std::sort(got.begin(), got.end());
    ASSERT_EQ(got, expected) << "seed " << seed;
  }
}

TEST(FramingProperty, DockerOrderDoesNotDependOnTheCut) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    std::vector<std::string> unused;
    const std::string bytes = DockerLogMaker(random).make(unused);
    std::vector<std::string> whole, cut;
    DockerJsonFraming one, many;
    one.feed(bytes, [&](const FramedLine& line) { whole.emplace_back(line.text); });
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t count = 1 + pick(random, 300);
      many.feed(std::string_view(bytes).substr(at, count),
                [&](const FramedLine& line) { cut.emplace_back(line.text); });
      at += count;
    }
    ASSERT_EQ(whole, cut) << "seed " << seed;
  }
}

TEST(FramingProperty, PlainLinesExactlyOnce) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    Random random(seed);
    std::vector<std::string> expected;
    std::string bytes;
    for (int i = 0; i < 60; ++i) {
      expected.push_back("line " + std::to_string(i) + std::string(pick(random, 50), 'y'));
      if (pick(random, 10) == 0) bytes += std::string(pick(random, 20), '\0');
      bytes += expected.back() + (i == 59 ? "" : pick(random, 2) == 0 ? "\n" : "\r\n");
    }
    ASSERT_EQ(read_with_restarts<LineFraming>(bytes, random), expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace breakwater
