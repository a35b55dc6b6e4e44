// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/sqlite.h"

#include <utility>

#include <fcntl.h>
#include <sqlite3.h>

#include "common/base/unique_fd.h"

namespace breakwater {

namespace {

Error sqlite_error(sqlite3* handle, std::string_view doing) {
  return Error(handle != nullptr ? sqlite3_errmsg(handle) : "out of memory").within(doing);
}

}  // namespace

SqliteStatement::SqliteStatement(SqliteStatement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)) {}

SqliteStatement& SqliteStatement::operator=(SqliteStatement&& other) noexcept {
  if (this != &other) {
    sqlite3_finalize(statement_);
    statement_ = std::exchange(other.statement_, nullptr);
  }
  return *this;
}

SqliteStatement::~SqliteStatement() {
  sqlite3_finalize(statement_);
}

SqliteStatement& SqliteStatement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
  return *this;
}

SqliteStatement& SqliteStatement::bind_text(int index, std::string_view value) {
  sqlite3_bind_text64(statement_, index, value.data() != nullptr ? value.data() : "", value.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
  return *this;
}

SqliteStatement& SqliteStatement::bind_blob(int index, std::string_view value) {
  sqlite3_bind_blob64(statement_, index, value.data() != nullptr ? value.data() : "", value.size(), SQLITE_TRANSIENT);
  return *this;
}

SqliteStatement& SqliteStatement::bind_null(int index) {
  sqlite3_bind_null(statement_, index);
  return *this;
}

Result<bool> SqliteStatement::step() {
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return sqlite_error(sqlite3_db_handle(statement_), "SQLite");
  }
}

Result<void> SqliteStatement::run() {
  const auto stepped = step();
  const Result<void> result = stepped ? Result<void>() : Result<void>(stepped.error());
  reset();
  return result;
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

std::int64_t SqliteStatement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

bool SqliteStatement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::string_view SqliteStatement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return data == nullptr ? std::string_view()
                         : std::string_view(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

std::string_view SqliteStatement::blob(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return data == nullptr ? std::string_view()
                         : std::string_view(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

Result<SqliteDatabase> SqliteDatabase::open(const std::string& path, Options options) {
  if (!options.read_only) {
    // SQLite would create it by the umask, and gives the WAL the same mode.
    const UniqueFd created(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!created) return system_error("opening " + path);
  }
  sqlite3* handle = nullptr;
  const int flags =
      (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX;
  const int status = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  SqliteDatabase database(handle);
  if (status != SQLITE_OK) return sqlite_error(handle, "opening " + path);
  sqlite3_busy_timeout(handle, options.busy_timeout_ms);
  if (options.read_only) return database;
  const std::string synchronous = options.durability == Durability::power ? "FULL" : "NORMAL";
  const auto configured =
      database.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=" + synchronous +
                       "; PRAGMA wal_autocheckpoint=" + std::to_string(options.auto_checkpoint_pages) + ";");
  if (!configured) return configured.error().within("opening " + path);
  return database;
}

SqliteDatabase::SqliteDatabase(SqliteDatabase&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), should_stop_(std::move(other.should_stop_)) {}

SqliteDatabase& SqliteDatabase::operator=(SqliteDatabase&& other) noexcept {
  if (this != &other) {
    sqlite3_close_v2(handle_);
    handle_ = std::exchange(other.handle_, nullptr);
    should_stop_ = std::move(other.should_stop_);
  }
  return *this;
}

SqliteDatabase::~SqliteDatabase() {
  sqlite3_close_v2(handle_);
}

Result<SqliteStatement> SqliteDatabase::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK) {
    return sqlite_error(handle_, "preparing \"" + std::string(sql) + "\"");
  }
  return SqliteStatement(statement);
}

Result<void> SqliteDatabase::execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return sqlite_error(handle_, "SQLite");
  }
  return {};
}

Result<void> SqliteDatabase::checkpoint() {
  const int status = sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (status != SQLITE_OK && status != SQLITE_BUSY) return sqlite_error(handle_, "SQLite checkpoint");
  return {};
}

void SqliteDatabase::interrupt_when(std::function<bool()> should_stop) {
  constexpr int kEvery = 10'000;  // virtual machine instructions: some 0.1 ms
  should_stop_ = std::make_unique<std::function<bool()>>(std::move(should_stop));
  const auto ask = [](void* asked) { return (*static_cast<std::function<bool()>*>(asked))() ? 1 : 0; };
  sqlite3_progress_handler(handle_, kEvery, ask, should_stop_.get());
}

std::int64_t SqliteDatabase::last_changes() const {
  return sqlite3_changes64(handle_);
}

}  // namespace breakwater
