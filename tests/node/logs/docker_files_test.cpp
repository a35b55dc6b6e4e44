// SPDX-License-Identifier: Apache-2.0
// dockerd's json-file logs on disk, followed by their path as the article's jail does.
#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/node/logs/logs_support.h"

namespace breakwater {
namespace {

using testing::container_id;
using testing::DockerLog;
using ::testing::ElementsAre;
using testing::Follower;
using testing::json_record;
using testing::LogsTest;
namespace fs = std::filesystem;

class DockerFiles : public LogsTest {
 protected:
  std::unique_ptr<Follower> follow_all(std::vector<StoredPosition> stored = {}) {
    return follow(dir / "containers/*/*-json.log", std::move(stored));
  }
  const std::string id = container_id('a');
};

TEST_F(DockerFiles, DecodedAndRaw) {
  const auto node = follow_all();
  DockerLog log(dir.path(), id);
  log.line("203.0.113.7 \"POST /xmlrpc.php\"");
  ASSERT_TRUE(node->until_lines(1));
  EXPECT_EQ(node->lines[0].text, "203.0.113.7 \"POST /xmlrpc.php\"");
  EXPECT_TRUE(node->lines[0].raw.starts_with("{\"log\":\"203.0.113.7 \\\"POST"));
  EXPECT_EQ(node->lines[0].source, "docker:" + id);
  EXPECT_FALSE(node->lines[0].backlog);
}

TEST_F(DockerFiles, PieceBoundaries) {
  DockerLog log(dir.path(), id);
  const auto node = follow_all();
  std::vector<std::string> expected;
  for (const std::size_t size : {16383u, 16384u, 16385u, 40000u}) {
    expected.push_back(std::string(size, 'x'));
    log.line(expected.back());
  }
  ASSERT_TRUE(node->until_lines(4));
  EXPECT_EQ(node->texts(), expected);
}

TEST_F(DockerFiles, AContainerThatEndedWithoutNewlineAndWasStartedAgain) {
  DockerLog log(dir.path(), id);
  const auto node = follow_all();
  log.raw(json_record("password: ", log.next_time()));
  log.line("started again");
  ASSERT_TRUE(node->until_lines(2));
  EXPECT_THAT(node->texts(), ElementsAre("password: ", "started again"));
}

TEST_F(DockerFiles, UnlinkRotationOfMaxFileOne) {
  DockerLog log(dir.path(), id, 300, 1);
  const auto node = follow_all();
  for (int i = 0; i < 50; ++i) {
    log.line("line " + std::to_string(i));
    ASSERT_TRUE(node->until_lines(static_cast<std::size_t>(i) + 1));
    ASSERT_EQ(node->lines.back().text, "line " + std::to_string(i));
  }
  EXPECT_GT(log.rotations, 10);
}

TEST_F(DockerFiles, NulsAfterATruncationBehindARotation) {
  DockerLog log(dir.path(), id, 1'000'000, 3);
  const auto node = follow_all();
  log.line("one");
  log.rotate();
  log.line("two, and something behind it to make a hole of some size");
  ASSERT_TRUE(node->until_lines(2));
  fs::resize_file(log.path(), 0);
  log.line("three");  // written at the old offset: a sparse file
  ASSERT_TRUE(node->until_lines(3));
  EXPECT_EQ(node->lines.back().text, "three");
  EXPECT_GT(node->sources->stats().framing.nul_bytes, 0u);
  // And over a restart: what stands in the predecessor was read.
  const auto stored = node->sources->positions();
  log.line("four");
  const auto again = follow_all(stored);
  ASSERT_TRUE(again->until_lines(1));
  again->settle();
  EXPECT_THAT(again->texts(), ElementsAre("four"));
}

TEST_F(DockerFiles, AHoleOfGigabytesIsNotRead) {
  DockerLog log(dir.path(), id);
  const auto node = follow_all();
  const UniqueFd fd(::open(log.path().c_str(), O_WRONLY | O_CLOEXEC));
  const std::string record = json_record("behind the hole\n", log.next_time());
  ASSERT_EQ(::pwrite(fd.get(), record.data(), record.size(), 3'000'000'000), static_cast<ssize_t>(record.size()));
  ASSERT_TRUE(node->until_lines(1));
  EXPECT_THAT(node->texts(), ElementsAre("behind the hole"));
  EXPECT_LT(node->sources->stats().tail.bytes, 1'000'000u);
}

TEST_F(DockerFiles, ARemovedContainerIsDrained) {
  auto often = settings();
  often.rescan = Duration(20);
  DockerLog log(dir.path(), id);
  Follower node(reactor, clock, often, {plain_jail(dir / "containers/*/*-json.log")});
  log.line("one");
  ASSERT_TRUE(node.until_lines(1));
  log.raw(json_record("no newline", log.next_time()));
  fs::remove_all(log.directory());
  ASSERT_TRUE(node.until_lines(2));
  EXPECT_THAT(node.texts(), ElementsAre("one", "no newline"));
  EXPECT_THAT(node.sources->take_gone(), ElementsAre("docker:" + id));
}

TEST_F(DockerFiles, APieceWaitsOverARotation) {
  DockerLog log(dir.path(), id, 1'000'000, 3);
  auto node = follow_all();
  const auto pieces = testing::json_pieces(std::string(20000, 'o'), log.next_time());
  log.raw(pieces[0]);
  log.line("err", "stderr");
  log.rotate();
  log.line("err 2", "stderr");
  ASSERT_TRUE(node->until_lines(2));
  const auto stored = node->sources->positions();
  node = follow_all(stored);
  node->settle();
  EXPECT_TRUE(node->lines.empty());
  log.raw(pieces[1]);
  ASSERT_TRUE(node->until_lines(1));
  EXPECT_THAT(node->texts(), ElementsAre(std::string(20000, 'o')));
}

// A writer at full speed in a thread: 2 kB a file, two files. It runs ahead by one rotation at most: what dockerd has
// deleted nobody can read.
class FastWriter {
 public:
  FastWriter(const std::string& root, const std::string& id) : log_(root, id, 2000, 2), thread_([this] { run(); }) {}
  ~FastWriter() {
    stop_ = true;
    thread_.join();
  }
  // All lines of rotations up to this one have been read.
  void release(int rotation) { seen_ = rotation; }
  int rotations() const { return rotations_; }
  bool done() const { return done_; }
  std::size_t written() const { return written_; }

 private:
  void run() {
    for (std::size_t i = 0; rotations_ < 100 && !stop_; ++i) {
      while (rotations_ > seen_ && !stop_)
        std::this_thread::yield();
      const std::string filler(i % 90, 'x');
      log_.line("line " + std::to_string(i) + " " + filler, i % 3 ? "stdout" : "stderr");
      written_ = i + 1;
      rotations_ = log_.rotations;
    }
    done_ = true;
  }

  testing::DockerLog log_;
  std::atomic<int> seen_{0};
  std::atomic<int> rotations_{0};
  std::atomic<bool> stop_{false};
  std::atomic<bool> done_{false};
  std::atomic<std::size_t> written_{0};
  std::thread thread_;
};

// The lines that a follower had stored when it was killed: the last few had been delivered, but not stored. Only lines
// of the newest file are taken back: the others may be deleted by now.
std::size_t stored_lines(const std::vector<testing::SeenLine>& lines, std::size_t lost) {
  std::size_t kept = lines.size();
  const auto file_of = [&](std::size_t i) { return lines[i - 1].after.position.fingerprint; };
  while (lost-- > 0 && kept > 1 && file_of(kept - 1) == file_of(lines.size()))
    --kept;
  return kept;
}

TEST_F(DockerFiles, HundredRotationsAndRestartsUnderAFastWriter) {
  FastWriter writer(dir.path(), id);
  std::mt19937 random(7);
  std::vector<std::string> got;
  std::vector<StoredPosition> stored;
  int restarts = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto late = [&] { return std::chrono::steady_clock::now() > end; };  // what is missing then, shows below
  while (!late() && !(writer.done() && got.size() >= writer.written())) {
    const auto node = follow_all(stored);
    const std::size_t wanted = 1 + random() % 120;
    const auto all = [&] { return writer.done() && got.size() + node->lines.size() >= writer.written(); };
    while (node->lines.size() < wanted && !all() && !late()) {
      const int rotation = writer.rotations();
      node->settle();
      writer.release(rotation);
    }
    if (node->lines.empty()) break;
    const std::size_t kept = stored_lines(node->lines, random() % 5);
    for (std::size_t i = 0; i < kept; ++i)
      got.push_back(node->lines[i].text.substr(0, node->lines[i].text.find(' ', 5)));
    stored = {node->lines[kept - 1].after};
    ++restarts;
  }
  EXPECT_GT(restarts, 5);
  EXPECT_EQ(writer.rotations(), 100);
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < writer.written(); ++i)
    expected.push_back("line " + std::to_string(i));
  EXPECT_EQ(got, expected);
}

TEST_F(DockerFiles, RotationsWhileAwayWithReusedInodes) {
  DockerLog log(dir.path(), id, 1'000'000, 4);
  std::vector<StoredPosition> stored;
  int number = 0;
  std::vector<std::string> expected, got;
  const auto say = [&] {
    expected.push_back("line " + std::to_string(++number));
    log.line(expected.back());
  };
  say();
  for (int round = 0; round < 60; ++round) {
    const auto node = follow_all(stored);
    const std::size_t missing = expected.size() - got.size();
    ASSERT_TRUE(node->until_lines(missing)) << round;
    node->settle();
    for (const std::string& text : node->texts())
      got.push_back(text);
    ASSERT_EQ(got, expected) << round;
    stored = node->sources->positions();
    for (int i = 0; i < round % 4; ++i) {
      say();
      log.rotate();
      say();
    }
  }
}

}  // namespace
}  // namespace breakwater
