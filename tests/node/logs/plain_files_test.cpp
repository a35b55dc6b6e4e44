// SPDX-License-Identifier: Apache-2.0
// Plain files: everything that happens to /var/log.
#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>

#include "tests/node/logs/logs_support.h"

namespace breakwater {
namespace {

using testing::append;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::Follower;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LogsTest;
namespace fs = std::filesystem;

class PlainFiles : public LogsTest {
 protected:
  const std::string log = dir / "auth.log";
};

void write_gzip(const std::string& path, const std::string& bytes) {
  gzFile file = ::gzopen(path.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(::gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())), static_cast<int>(bytes.size()));
  ASSERT_EQ(::gzclose(file), Z_OK);
}

TEST_F(PlainFiles, WhatStoodThereIsBacklogAndWhatComesIsNot) {
  append(log, "old\n");
  const auto node = follow(log);
  ASSERT_TRUE(node->until_lines(1));
  append(log, "new\n");
  ASSERT_TRUE(node->until_lines(2));
  EXPECT_THAT(node->texts(), ElementsAre("old", "new"));
  EXPECT_TRUE(node->lines[0].backlog);
  EXPECT_FALSE(node->lines[1].backlog);
  EXPECT_FALSE(node->lines[1].missed);
  EXPECT_EQ(node->batches, 2);
}

TEST_F(PlainFiles, ATornLineWaits) {
  const auto node = follow(log);
  append(log, "half");
  node->settle();
  EXPECT_THAT(node->texts(), IsEmpty());
  append(log, " and half\n");
  ASSERT_TRUE(node->until_lines(1));
  EXPECT_THAT(node->texts(), ElementsAre("half and half"));
}

TEST_F(PlainFiles, TailReadsFromTheEnd) {
  append(log, "old\nhalf a li");
  Follower node(reactor, clock, settings(), {plain_jail(log, true)});
  node.settle();
  append(log, "ne\nnew\n");
  ASSERT_TRUE(node.until_lines(1));
  EXPECT_THAT(node.texts(), ElementsAre("new"));
}

TEST_F(PlainFiles, BacklogIsBoundedToTheNewest) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i)
    bytes += "line " + std::to_string(i) + "\n";
  append(log, bytes);
  auto bounded = settings();
  bounded.backlog_bytes = 100;
  Follower node(reactor, clock, bounded, {plain_jail(log)});
  ASSERT_TRUE(node.until([&] { return !node.lines.empty() && node.lines.back().text == "line 999"; }));
  EXPECT_EQ(node.lines.size(), 11u);
  EXPECT_EQ(node.sources->stats().tail.backlog_skipped, bytes.size() - 100);
}

TEST_F(PlainFiles, RenameRotation) {
  const auto node = follow(log);
  append(log, "one\n");
  ASSERT_TRUE(node->until_lines(1));
  append(log, "two\nlast words");
  fs::rename(log, log + ".1");
  append(log, "three\n");
  ASSERT_TRUE(node->until_lines(4));
  EXPECT_THAT(node->texts(), ElementsAre("one", "two", "last words", "three"));
  EXPECT_EQ(node->sources->stats().tail.rotations, 1u);
}

TEST_F(PlainFiles, TheWriterGoesOnInTheRenamedFileUntilItReopens) {
  append(log, "one\n");
  const auto node = follow(log);
  ASSERT_TRUE(node->until_lines(1));
  fs::rename(log, log + ".1");
  append(log, "");  // logrotate creates the new file; the daemon has not heard of it
  append(log + ".1", "two\n");
  ASSERT_TRUE(node->until_lines(2));
  append(log, "three\n");
  ASSERT_TRUE(node->until_lines(3));
  append(log + ".1", "straggler\n");  // one of several workers
  ASSERT_TRUE(node->until_lines(4));
  EXPECT_THAT(node->texts(), ElementsAre("one", "two", "three", "straggler"));
}

TEST_F(PlainFiles, UnlinkRotation) {
  const auto node = follow(log);
  {
    const UniqueFd writer(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
    testing::write_all(writer.get(), "one\n");
    ASSERT_TRUE(node->until_lines(1));
    fs::remove(log);
    testing::write_all(writer.get(), "two\n");
  }
  append(log, "three\n");
  ASSERT_TRUE(node->until_lines(3));
  EXPECT_THAT(node->texts(), ElementsAre("one", "two", "three"));
}

TEST_F(PlainFiles, Truncation) {
  const auto node = follow(log);
  append(log, "a first line of some length\n");
  ASSERT_TRUE(node->until_lines(1));
  fs::resize_file(log, 0);
  append(log, "b\n");
  ASSERT_TRUE(node->until_lines(2));
  EXPECT_THAT(node->texts(), ElementsAre("a first line of some length", "b"));
}

TEST_F(PlainFiles, TruncationThatGrewBeyondTheOldEnd) {
  const auto node = follow(log);
  append(log, "short\n");
  ASSERT_TRUE(node->until_lines(1));
  fs::resize_file(log, 0);
  append(log, "the new content is longer than the old\nand goes on\n");
  ASSERT_TRUE(node->until_lines(3));
  EXPECT_THAT(node->texts(), ElementsAre("short", "the new content is longer than the old", "and goes on"));
}

TEST_F(PlainFiles, CopytruncateLosesNothingThatWasCopied) {
  const auto node = follow(log);
  append(log, "one\n");
  ASSERT_TRUE(node->until_lines(1));
  append(log, "two\n");  // not read yet when the file is copied and cut
  fs::copy_file(log, log + ".1");
  fs::resize_file(log, 0);
  append(log, "three\n");
  ASSERT_TRUE(node->until_lines(3));
  EXPECT_THAT(node->texts(), ElementsAre("one", "two", "three"));
}

TEST_F(PlainFiles, AFileThatAppearsIsReadFromItsStart) {
  const auto node = follow(dir / "sub/*/x*.log");
  fs::create_directories(dir / "sub/a");
  append(dir / "sub/a/x1.log", "one\n");
  ASSERT_TRUE(node->until_lines(1));
  append(dir / "sub/a/y.log", "not mine\n");
  append(dir / "sub/a/x2.log", "two\n");
  ASSERT_TRUE(node->until_lines(2));
  EXPECT_THAT(node->texts(), ElementsAre("one", "two"));
}

TEST_F(PlainFiles, PredecessorsAreNotLogsOfTheirOwn) {
  append(log, "now\n");
  append(log + ".1", "before\n");
  write_gzip(log + ".2.gz", "long before\n");
  const auto node = follow(dir / "auth*");
  ASSERT_TRUE(node->until_lines(1));
  node->settle();
  EXPECT_THAT(node->texts(), ElementsAre("now"));
  fs::rename(log + ".1", log + ".3");
  fs::rename(log, log + ".1");
  append(log, "next\n");
  ASSERT_TRUE(node->until_lines(2));
  node->settle();
  EXPECT_THAT(node->texts(), ElementsAre("now", "next"));
}

TEST_F(PlainFiles, RestartGoesOnWhereItStopped) {
  append(log, "one\ntwo\n");
  auto node = follow(log);
  ASSERT_TRUE(node->until_lines(2));
  const StoredPosition after_one = node->lines[0].after;
  const auto at_end = node->sources->positions();
  node.reset();
  append(log, "three\n");

  node = follow(log, at_end);
  ASSERT_TRUE(node->until_lines(1));
  EXPECT_THAT(node->texts(), ElementsAre("three"));
  EXPECT_TRUE(node->lines[0].missed);
  EXPECT_FALSE(node->lines[0].backlog);
  append(log, "four\n");
  ASSERT_TRUE(node->until_lines(2));
  EXPECT_FALSE(node->lines[1].missed);

  node = follow(log, {after_one});
  ASSERT_TRUE(node->until_lines(3));
  EXPECT_THAT(node->texts(), ElementsAre("two", "three", "four"));
}

TEST_F(PlainFiles, RotationsWhileAwayAreCaughtUp) {
  append(log, "one\n");
  auto node = follow(log);
  ASSERT_TRUE(node->until_lines(1));
  const auto stored = node->sources->positions();
  node.reset();
  append(log, "two\n");
  write_gzip(log + ".2.gz", "one\ntwo\n");
  fs::remove(log);
  append(log + ".1", "three\n");
  append(log, "four\n");
  append(log + ".3", "older\n");
  node = follow(log, stored);
  ASSERT_TRUE(node->until_lines(3));
  node->settle();
  EXPECT_THAT(node->texts(), ElementsAre("two", "three", "four"));
}

TEST_F(PlainFiles, APositionInARemovedFileReadsTheNewOneWhole) {
  append(log, "one\n");
  auto node = follow(log);
  ASSERT_TRUE(node->until_lines(1));
  const auto stored = node->sources->positions();
  node.reset();
  fs::remove(log);
  append(log, "a\n");
  append(log + ".1", "old\n");
  node = follow(log, stored);
  ASSERT_TRUE(node->until_lines(1));
  node->settle();
  EXPECT_THAT(node->texts(), ElementsAre("a"));
  EXPECT_EQ(node->sources->stats().tail.positions_lost, 1u);
}

TEST_F(PlainFiles, TwoJailsOneReading) {
  Follower node(reactor, clock, settings(), {plain_jail(log), plain_jail(dir / "*.log")});
  append(log, "one\n");
  ASSERT_TRUE(node.until_lines(1));
  node.settle();
  EXPECT_THAT(node.texts(), ElementsAre("one"));
  EXPECT_THAT(node.lines[0].jails, ElementsAre(0, 1));
  EXPECT_EQ(node.sources->stats().files, 1u);
}

TEST_F(PlainFiles, ABusyLogDoesNotStarveTheOthers) {
  std::string flood;
  while (flood.size() < 8'000'000)
    flood += "flood flood flood flood flood flood flood flood\n";
  append(dir / "busy.log", flood);
  append(dir / "quiet.log", "quiet\n");
  const auto node = follow(dir / "*.log");
  int timer_calls = 0;
  const auto timer = reactor.every(Duration(1), [&] { ++timer_calls; });
  const auto quiet = [&] {
    return std::find_if(node->lines.begin(), node->lines.end(), [](const auto& line) { return line.text == "quiet"; });
  };
  ASSERT_TRUE(node->until([&] { return quiet() != node->lines.end(); }));
  EXPECT_LT(quiet() - node->lines.begin(), 10'000);
  ASSERT_TRUE(node->until([&] { return timer_calls >= 2; }));
  EXPECT_LT(node->sources->stats().tail.bytes, flood.size());
  reactor.cancel(timer);
}

TEST_F(PlainFiles, ALineArrivesInTheTurnThatSeesItsWrite) {
  append(log, "zero\n");
  const auto node = follow(log);
  ASSERT_TRUE(node->until_lines(1));
  node->settle();
  for (std::size_t i = 1; i <= 50; ++i) {
    append(log, "line\n");
    reactor.run_once(std::chrono::seconds(10));
    ASSERT_EQ(node->lines.size(), i + 1);
  }
}

TEST_F(PlainFiles, AnOverflowOfTheEventQueueIsMadeUpFor) {
  std::ifstream limit_file("/proc/sys/fs/inotify/max_queued_events");
  int limit = 0;
  limit_file >> limit;
  if (limit <= 0 || limit > 200'000) GTEST_SKIP() << "the kernel's event queue is too long to fill";
  const auto node = follow(dir / "*.log");
  node->settle();
  const UniqueFd directory(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < limit + 10; ++i) {
    const char* const name = i % 2 == 0 ? "even" : "odd";  // the kernel merges equal neighbours
    UniqueFd(::openat(directory.get(), name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    ::unlinkat(directory.get(), name, 0);
  }
  append(dir / "lost.log", "one\n");  // its event finds no room
  ASSERT_TRUE(node->until_lines(1));
  EXPECT_EQ(node->sources->stats().inotify_overflows, 1u);
}

TEST(LogSourcesStats, AreAllInTheDocument) {
  std::ifstream file("docs/wire.md");
  std::stringstream document;
  document << file.rdbuf();
  for (const auto& [name, value] : LogSourcesStats{}.by_name())
    EXPECT_NE(document.str().find('`' + name + '`'), std::string::npos) << name;
}

TEST_F(PlainFiles, MoreThanTheBoundIsRefusedAndSaid) {
  auto few = settings();
  few.max_files = 2;
  for (const char* name : {"a.log", "b.log", "c.log"})
    append(dir / name, "x\n");
  Follower node(reactor, clock, few, {plain_jail(dir / "*.log"), plain_jail(dir / "none*")});
  node.settle();
  EXPECT_EQ(node.lines.size(), 2u);
  EXPECT_EQ(node.sources->stats().files_refused, 1u);
  EXPECT_THAT(node.sources->alarms(), Contains(HasSubstr("more than 2 logs")));
  EXPECT_THAT(node.sources->alarms(), Contains(HasSubstr("no file matches")));
}

TEST_F(PlainFiles, NotARegularFileIsNotRead) {
  ASSERT_EQ(::mkfifo(log.c_str(), 0600), 0);
  const auto node = follow(log);
  node->settle();
  EXPECT_EQ(node->sources->stats().files, 0u);
}

TEST_F(PlainFiles, ARemovedLogIsGoneAfterAWhile) {
  auto often = settings();
  often.rescan = Duration(20);
  append(log, "one\nlast");
  Follower node(reactor, clock, often, {plain_jail(log)});
  ASSERT_TRUE(node.until_lines(1));
  fs::remove(log);
  ASSERT_TRUE(node.until_lines(2));
  EXPECT_THAT(node.texts(), ElementsAre("one", "last"));
  ASSERT_TRUE(node.until([&] { return node.sources->stats().files == 0; }));
  EXPECT_THAT(node.sources->take_gone(), ElementsAre("file:" + log));
  append(log, "again\n");
  ASSERT_TRUE(node.until_lines(3));
}

}  // namespace
}  // namespace breakwater
