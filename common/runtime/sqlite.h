// SPDX-License-Identifier: Apache-2.0
// SQLite in the shape this project uses it: one connection a thread, errors as values.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace breakwater {

// A prepared statement. Bind (1-based), then step() until it says false; reset() to use it again. Views that text() and
// blob() return are valid until the next step() or reset(). Moved with its Database alive; finalized on destruction.
class SqliteStatement {
 public:
  SqliteStatement() = default;
  SqliteStatement(SqliteStatement&& other) noexcept;
  SqliteStatement& operator=(SqliteStatement&& other) noexcept;
  ~SqliteStatement();

  SqliteStatement& bind(int index, std::int64_t value);
  SqliteStatement& bind(int index, std::uint64_t value) { return bind(index, static_cast<std::int64_t>(value)); }
  SqliteStatement& bind(int index, int value) { return bind(index, static_cast<std::int64_t>(value)); }
  SqliteStatement& bind_text(int index, std::string_view value);
  SqliteStatement& bind_blob(int index, std::string_view value);
  SqliteStatement& bind_null(int index);

  // True: a row is there. False: done.
  Result<bool> step();
  // step() for statements without rows, then reset().
  Result<void> run();
  void reset();

  std::int64_t integer(int column) const;
  std::uint64_t unsigned_integer(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  bool is_null(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;

 private:
  friend class SqliteDatabase;
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* statement_ = nullptr;
};

// One connection. Use from one thread at a time.
class SqliteDatabase {
 public:
  enum class Durability {
    process,  // synchronous=NORMAL: a commit survives kill -9; a power cut may take back the last commits, whole
    power,    // synchronous=FULL: a commit survives a power cut
  };
  struct Options {
    Durability durability = Durability::power;
    bool read_only = false;
    int busy_timeout_ms = 5000;
    // Pages in the WAL at which a commit also checkpoints; 0 = never (somebody else calls checkpoint()).
    int auto_checkpoint_pages = 1000;
  };

  // Opens or creates, in WAL mode. The file gets mode 0600.
  static Result<SqliteDatabase> open(const std::string& path, Options options);
  SqliteDatabase(SqliteDatabase&&) noexcept;
  SqliteDatabase& operator=(SqliteDatabase&&) noexcept;
  ~SqliteDatabase();

  Result<SqliteStatement> prepare(std::string_view sql);
  // One or several statements without rows.
  Result<void> execute(const std::string& sql);
  // BEGIN IMMEDIATE; `work`; COMMIT. Rolls back if `work` or the commit fails.
  template <class Work>
  Result<void> transaction(Work&& work) {
    if (auto begun = execute("BEGIN IMMEDIATE"); !begun) return begun;
    Result<void> done = work();
    if (done) done = execute("COMMIT");
    if (!done) {
      // The first error is the one that tells; a rollback that fails has nothing to roll back.
      [[maybe_unused]] const auto rolled_back = execute("ROLLBACK");
    }
    return done;
  }
  // Moves what it can from the WAL to the file without blocking anybody (PASSIVE).
  Result<void> checkpoint();
  std::int64_t last_changes() const;
  // Asked now and then while a statement runs; true ends it with an error ("interrupted"). For questions that may take
  // too long.
  void interrupt_when(std::function<bool()> should_stop);

 private:
  explicit SqliteDatabase(sqlite3* handle) : handle_(handle) {}
  sqlite3* handle_ = nullptr;
  std::unique_ptr<std::function<bool()>> should_stop_;
};

}  // namespace breakwater
