// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/runtime/sqlite.h"
#include "node/adapters/store/sqlite_node_store.h"
#include "tests/contracts/node_store_contract.h"
#include "tests/fakes/fake_node_store.h"

namespace breakwater {
namespace {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "node_store_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string file(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

struct FakeMaker {
  FakeNodeStore disk;
  std::unique_ptr<NodeStore> make() {
    // A view of one and the same disk.
    struct View final : NodeStore {
      explicit View(FakeNodeStore& d) : disk(d) {}
      Result<StoredNodeState> load() override { return disk.load(); }
      Result<void> save(const NodeChanges& c) override { return disk.save(c); }
      Result<std::vector<wire::Offence>> spooled(std::uint64_t a, std::size_t l) override { return disk.spooled(a, l); }
      std::uint64_t dropped() const override { return disk.dropped(); }
      FakeNodeStore& disk;
    };
    return std::make_unique<View>(disk);
  }
};

struct SqliteMaker {
  TemporaryDirectory directory;
  std::unique_ptr<NodeStore> make() {
    auto opened = SqliteNodeStore::open({.path = directory.file("state.db"), .fresh_spool = std::string(16, 'q')});
    EXPECT_TRUE(opened) << opened.error().message();
    return std::move(*opened);
  }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Fake, NodeStoreContract, FakeMaker);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, NodeStoreContract, SqliteMaker);

TEST(SqliteNodeStore, DropsTheOldestBeyondItsLimitAndCountsThem) {
  const TemporaryDirectory directory;
  auto store = SqliteNodeStore::open(
      {.path = directory.file("s.db"), .spool_limit_bytes = 10'000, .fresh_spool = std::string(16, 'q')});
  ASSERT_TRUE(store);
  for (std::uint64_t i = 1; i <= 500; ++i) {
    NodeChanges changes;
    changes.offences = {spool_record(i)};
    ASSERT_TRUE((*store)->save(changes));
  }
  const auto left = (*store)->spooled(0, 1000).value();
  EXPECT_LT(left.size(), 150u);
  EXPECT_EQ(left.back().nseq, 500u);
  EXPECT_EQ((*store)->dropped() + left.size(), 500u);
}

TEST(SqliteNodeStore, PrunesWhatIsAcknowledgedButForTheNewest) {
  const TemporaryDirectory directory;
  auto store =
      SqliteNodeStore::open({.path = directory.file("s.db"), .keep_recent = 100, .fresh_spool = std::string(16, 'q')});
  ASSERT_TRUE(store);
  for (std::uint64_t i = 1; i <= 3000; ++i) {
    NodeChanges changes;
    changes.offences = {spool_record(i)};
    changes.acked = i;
    ASSERT_TRUE((*store)->save(changes));
  }
  EXPECT_LE((*store)->spooled(0, 5000).value().size(), 1100u);
  EXPECT_EQ((*store)->dropped(), 0u);
}

TEST(SqliteNodeStore, RemembersBansForAQuarterOfAYearAndAtMostSoMany) {
  const TemporaryDirectory directory;
  const SqliteNodeStore::Settings settings{
      .path = directory.file("s.db"), .most_ban_counts = 3, .fresh_spool = std::string(16, 'q')};
  const Timestamp now = from_unix_ms(1'790'000'000'000);
  NodeChanges changes;
  for (std::uint8_t i = 1; i <= 5; ++i)
    changes.ban_counts.push_back({"sshd", Address::v4(203, 0, 113, i), 1, now - std::chrono::hours(24) * 40 * (5 - i)});
  ASSERT_TRUE(SqliteNodeStore::open(settings).value()->save(changes));
  auto kept = SqliteNodeStore::open(settings).value()->load().value().ban_counts;
  ASSERT_EQ(3u, kept.size());
  EXPECT_EQ(Address::v4(203, 0, 113, 3), kept.front().who);

  changes.ban_counts.clear();
  for (std::uint8_t i = 10; i < 20; ++i)
    changes.ban_counts.push_back({"sshd", Address::v4(203, 0, 113, i), 1, now + std::chrono::seconds(i)});
  ASSERT_TRUE(SqliteNodeStore::open(settings).value()->save(changes));
  kept = SqliteNodeStore::open(settings).value()->load().value().ban_counts;
  ASSERT_EQ(3u, kept.size());
  EXPECT_EQ(Address::v4(203, 0, 113, 17), kept.front().who);
}

TEST(SqliteNodeStore, RefusesAFileOfALaterVersion) {
  const TemporaryDirectory directory;
  { ASSERT_TRUE(SqliteNodeStore::open({.path = directory.file("s.db"), .fresh_spool = std::string(16, 'q')})); }
  const std::string command = "UPDATE meta SET value = 99 WHERE key = 'schema'";
  auto database = SqliteDatabase::open(directory.file("s.db"), {});
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->execute(command));
  const auto opened = SqliteNodeStore::open({.path = directory.file("s.db"), .fresh_spool = std::string(16, 'q')});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message().find("schema 99"), std::string::npos);
}

// A writer that says over a pipe which offences it has saved is killed at a random moment: all it said is there, and
// spool and position agree.
TEST(SqliteNodeStore, SurvivesKillAtAnyMoment) {
  for (int round = 0; round < 20; ++round) {
    const TemporaryDirectory directory;
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto store = SqliteNodeStore::open({.path = directory.file("s.db"), .fresh_spool = std::string(16, 'q')});
      for (std::uint64_t i = 1; store; ++i) {
        NodeChanges changes;
        changes.offences = {spool_record(i)};
        changes.positions = {{"docker:abc", {i, i, 0, 0}}};
        if (!(*store)->save(changes)) break;
        if (write(ends[1], &i, sizeof i) != sizeof i) break;
      }
      _exit(1);
    }
    close(ends[1]);
    std::uint64_t said = 0;
    const std::uint64_t enough = 20 + static_cast<std::uint64_t>(round) * 17;
    while (said < enough) {
      ASSERT_EQ(read(ends[0], &said, sizeof said), static_cast<ssize_t>(sizeof said)) << "the writer ended by itself";
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    for (std::uint64_t more = 0; read(ends[0], &more, sizeof more) == sizeof more;)
      said = more;
    close(ends[0]);
    auto store = SqliteNodeStore::open({.path = directory.file("s.db"), .fresh_spool = std::string(16, 'q')});
    ASSERT_TRUE(store);
    const StoredNodeState state = (*store)->load().value();
    EXPECT_GE(state.last_nseq, said);
    EXPECT_LE(state.last_nseq, said + 1);
    ASSERT_EQ(state.positions.size(), 1u);
    EXPECT_EQ(state.positions[0].position.resume, state.last_nseq) << "spool and position must agree";
  }
}

}  // namespace
}  // namespace breakwater
