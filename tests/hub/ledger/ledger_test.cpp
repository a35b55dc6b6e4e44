// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/runtime/system_clock.h"
#include "hub/adapters/ledger/sqlite_ledger.h"
#include "tests/contracts/ledger_contract.h"
#include "tests/fakes/fake_ledger.h"

namespace breakwater {
namespace {

const SystemClock kClock;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "ledger-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string file() const { return path_ + "/ledger.db"; }

 private:
  std::string path_;
};

void wait_for(Ledger& ledger) {
  pollfd waiting{ledger.fd(), POLLIN, 0};
  ASSERT_GT(::poll(&waiting, 1, 20'000), 0) << "the ledger says nothing";
}

struct SqliteMaker {
  TemporaryFolder folder;
  std::optional<Duration> retention;
  std::unique_ptr<Ledger> make() {
    return SqliteLedger::open({.path = folder.file(), .retention = retention}, kClock).value();
  }
  void wait(Ledger& ledger) { wait_for(ledger); }
};

struct FakeMaker {
  std::shared_ptr<FakeLedgerDisk> disk = std::make_shared<FakeLedgerDisk>();
  std::unique_ptr<Ledger> make() { return std::make_unique<FakeLedger>(disk); }
  void wait(Ledger&) {}
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, LedgerContract, SqliteMaker);
INSTANTIATE_TYPED_TEST_SUITE_P(Fake, LedgerContract, FakeMaker);

TEST(SqliteLedger, RefusesAFileOfALaterVersion) {
  TemporaryFolder folder;
  { ASSERT_TRUE(SqliteLedger::open({.path = folder.file()}, kClock)); }
  auto database = SqliteDatabase::open(folder.file(), {}).value();
  ASSERT_TRUE(database.execute("UPDATE meta SET value = 99 WHERE key = 'schema'"));
  const auto opened = SqliteLedger::open({.path = folder.file()}, kClock);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message().find("schema 99"), std::string::npos) << opened.error().message();
}

TEST(SqliteLedger, AFullDiskIsSaidAndNothingIsAcknowledgedUntilItHasRoom) {
  TemporaryFolder folder;
  auto ledger = SqliteLedger::open({.path = folder.file()}, kClock).value();
  auto blocker = SqliteDatabase::open(folder.file(), {}).value();
  // A trigger stands for what the disk does: the whole transaction fails, for as long as it is there.
  ASSERT_TRUE(
      blocker.execute("CREATE TRIGGER full BEFORE INSERT ON offence BEGIN SELECT RAISE(FAIL, 'no room left'); END"));
  LedgerBatch batch;
  batch.epoch = 1;
  batch.offences = {ledger_offence("203.0.113.7", "host1", 1)};
  ledger->commit(1, batch);
  ledger->commit(2, batch);
  wait_for(*ledger);
  for (const LedgerEvent& event : ledger->take_events()) {
    const auto* failed = std::get_if<CommitFailed>(&event);
    ASSERT_NE(failed, nullptr) << "nothing may be acknowledged";
    EXPECT_NE(failed->error.find("no room left"), std::string::npos) << failed->error;
  }
  EXPECT_GE(ledger->stats().failures, 1u);
  ASSERT_TRUE(blocker.execute("DROP TRIGGER full"));
  for (std::uint64_t last = 0; last < 2;) {
    wait_for(*ledger);
    for (const LedgerEvent& event : ledger->take_events()) {
      if (const auto* committed = std::get_if<Committed>(&event)) last = committed->ticket;
    }
  }
  EXPECT_EQ(ledger->load({.now = kLedgerNow}).value().offences.size(), 2u);
}

TEST(SqliteLedger, ForgetsWhatIsOldButNotWhatStands) {
  SqliteMaker maker;
  const Timestamp now = kClock.wall();
  LedgerBatch batch;
  batch.epoch = 1;
  for (const Timestamp at : {now - std::chrono::hours(48), now}) {
    OffenceRecord record = ledger_offence("203.0.113.7", "host1", 0);
    record.received_at = at;
    batch.offences.push_back(record);
  }
  batch.decisions = {ledger_decision(1, wire::DecisionOp::ban, "203.0.113.1", now - std::chrono::hours(47), 1),
                     ledger_decision(2, wire::DecisionOp::ban, "203.0.113.2", kForever, 1)};
  for (DecisionRecord& record : batch.decisions)
    record.decision.decided_at = now - std::chrono::hours(48);
  {
    auto writer = LedgerWriter::open(SqliteDatabase::open(maker.folder.file(), {}).value()).value();
    ASSERT_TRUE(writer.write({&batch}));
    EXPECT_FALSE(writer.forget(now - std::chrono::hours(24), now, 100).value()) << "that was all";
  }
  const LedgerState state = maker.make()->load({.now = now}).value();
  EXPECT_EQ(state.offences.size(), 1u);
  ASSERT_EQ(state.standing.size(), 1u);
  EXPECT_EQ(state.standing[0].seq, 2u);
  EXPECT_EQ(state.head, 2u) << "numbers are never given twice";
}

// Writes offences until it is killed; says on the pipe what was acknowledged.
[[noreturn]] void write_for_ever(const std::string& file, int pipe) {
  auto ledger = SqliteLedger::open({.path = file}, kClock).value();
  const LedgerState state = ledger->load({.now = kLedgerNow}).value();
  std::uint64_t next = state.marks.empty() ? 1 : state.marks.back().nseq + 1;
  std::uint64_t seq = state.head;
  for (;; ++next) {
    LedgerBatch batch;
    batch.epoch = 1;
    batch.offences = {ledger_offence("203.0.113.7", "host1", static_cast<std::int64_t>(next))};
    batch.marks = {{"host1", std::string(16, 's'), next}};
    batch.decisions = {ledger_decision(++seq, wire::DecisionOp::ban, "203.0.113.7", kForever, 1)};
    ledger->commit(next, std::move(batch));
    pollfd waiting{ledger->fd(), POLLIN, 0};
    ::poll(&waiting, 1, next % 4 == 0 ? -1 : 0);  // several are in flight at a time
    for (const LedgerEvent& event : ledger->take_events()) {
      const auto* committed = std::get_if<Committed>(&event);
      if (committed == nullptr || ::write(pipe, &committed->ticket, sizeof(std::uint64_t)) < 0) ::_exit(1);
    }
  }
}

TEST(SqliteLedger, WhatWasAcknowledgedSurvivesKillMinusNine) {
  TemporaryFolder folder;
  std::uint64_t written = 0;
  for (int round = 0; round < 12; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t writer = ::fork();
    if (writer == 0) {
      ::close(pipe[0]);
      write_for_ever(folder.file(), pipe[1]);
    }
    ::close(pipe[1]);
    std::uint64_t acknowledged = 0;
    for (int heard = 0; heard < 3 + round * 7; ++heard) {
      ASSERT_EQ(::read(pipe[0], &acknowledged, sizeof acknowledged), static_cast<ssize_t>(sizeof acknowledged));
    }
    ::kill(writer, SIGKILL);
    ::waitpid(writer, nullptr, 0);
    std::uint64_t more = 0;
    while (::read(pipe[0], &more, sizeof more) == static_cast<ssize_t>(sizeof more))
      acknowledged = more;
    ::close(pipe[0]);

    auto ledger = SqliteLedger::open({.path = folder.file()}, kClock).value();
    const LedgerState state = ledger->load({.now = kLedgerNow, .most_recent = 1'000'000}).value();
    ASSERT_EQ(state.marks.size(), 1u);
    EXPECT_GE(state.marks[0].nseq, acknowledged);
    EXPECT_GT(state.marks[0].nseq, written) << "each life goes on where the last one ended";
    written = state.marks[0].nseq;
    // Offences, mark and decisions are together or not at all.
    EXPECT_EQ(state.offences.size(), written);
    EXPECT_EQ(state.head, written);
    EXPECT_EQ(state.recent.size(), written);
  }
}

}  // namespace
}  // namespace breakwater
