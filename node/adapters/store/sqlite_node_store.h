// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "node/core/node_store.h"

namespace breakwater {

// The node's state in one SQLite file, so that spool, positions and bans change in one transaction: after kill -9 a
// line is either read again or already counted, never both.
//
// A commit is one write(2) (WAL, synchronous=NORMAL): it survives the end of the process, not a power cut, which may
// take back the last commits, all three kinds together; the lines are then read again and get the same numbers. The
// flush to disk runs on a thread of its own, so that a slow disk does not hold up a ban.
class SqliteNodeStore final : public NodeStore {
 public:
  struct Settings {
    std::string path;                                // the file; its directory exists
    std::uint64_t spool_limit_bytes = 256ull << 20;  // beyond, the oldest offences are dropped and counted
    std::uint64_t keep_recent = 20'000;              // acknowledged offences kept to count the windows again
    std::uint64_t most_ban_counts = 100'000;         // the newest are kept, for 90 days
    std::string fresh_spool;                         // 16 random bytes: the spool's name if there is none yet
  };
  static Result<std::unique_ptr<SqliteNodeStore>> open(Settings settings);
  ~SqliteNodeStore() override;

  Result<StoredNodeState> load() override;
  Result<void> save(const NodeChanges& changes) override;
  Result<std::vector<wire::Offence>> spooled(std::uint64_t after, std::size_t limit) override;
  std::uint64_t dropped() const override;

 private:
  class Impl;
  explicit SqliteNodeStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace breakwater
