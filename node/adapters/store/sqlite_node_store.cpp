// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/store/sqlite_node_store.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "common/log/log.h"
#include "common/runtime/sqlite.h"

namespace breakwater {

namespace {

constexpr std::int64_t kSchema = 1;
constexpr const char* kTables = R"sql(
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS offence (
    nseq INTEGER PRIMARY KEY, local INTEGER NOT NULL, at_ms INTEGER NOT NULL, who BLOB NOT NULL, jail TEXT NOT NULL,
    container TEXT NOT NULL, image TEXT NOT NULL, sample TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS position (
    source TEXT PRIMARY KEY, resume INTEGER NOT NULL, delivered INTEGER NOT NULL, fingerprint INTEGER NOT NULL,
    fingerprint_bytes INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS ban (
    who TEXT NOT NULL, op INTEGER NOT NULL, by_hub INTEGER NOT NULL, until_ms INTEGER NOT NULL,
    decided_ms INTEGER NOT NULL, jail TEXT NOT NULL, PRIMARY KEY (who, op, by_hub)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS ban_count (
    who BLOB NOT NULL, jail TEXT NOT NULL, bans INTEGER NOT NULL, last_ms INTEGER NOT NULL,
    PRIMARY KEY (who, jail)) WITHOUT ROWID;
)sql";

constexpr std::uint64_t kRowOverhead = 64;   // bytes a row costs beside its texts, roughly
constexpr std::uint64_t kPruneEvery = 1000;  // offences, or bans that were counted
// As long as a hub remembers bans by default.
constexpr std::chrono::hours kKeepBanCounts{24 * 90};

std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint64_t weight(const wire::Offence& o) {
  return kRowOverhead + o.jail.size() + o.container.size() + o.image.size() + o.sample.size();
}

Result<Address> address_of(std::string_view bytes) {
  return Address::from_bytes({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

Result<wire::Offence> offence_of(const SqliteStatement& row) {
  wire::Offence offence;
  offence.nseq = row.unsigned_integer(0);
  offence.at = from_unix_ms(row.integer(2));
  auto who = address_of(row.blob(3));
  if (!who) return who.error();
  offence.who = *who;
  offence.jail = row.text(4);
  offence.container = row.text(5);
  offence.image = row.text(6);
  offence.sample = row.text(7);
  return offence;
}

}  // namespace

class SqliteNodeStore::Impl {
 public:
  Impl(Settings settings, SqliteDatabase database) : settings_(std::move(settings)), database_(std::move(database)) {}
  ~Impl() { stop_flusher(); }

  Result<void> prepare();
  Result<StoredNodeState> load();
  Result<void> save(const NodeChanges& changes);
  Result<std::vector<wire::Offence>> spooled(std::uint64_t after, std::size_t limit);
  std::uint64_t dropped() const { return dropped_; }

 private:
  Result<void> write(const NodeChanges& changes);
  Result<void> write_offences(const NodeChanges& changes);
  Result<void> write_bans(const NodeChanges& changes);
  Result<void> write_ban_counts(const NodeChanges& changes);
  Result<void> prune_ban_counts();
  Result<void> load_ban_counts(StoredNodeState& state);
  Result<void> write_positions(const NodeChanges& changes);
  Result<void> write_meta(const NodeChanges& changes);
  Result<void> set_meta(std::string_view key, std::uint64_t value);
  Result<void> prune();
  Result<void> drop_oldest();
  Result<std::uint64_t> meta(std::string_view key, std::uint64_t otherwise);
  Result<std::uint64_t> single(std::string_view sql);
  void start_flusher();
  void stop_flusher();
  void flush_until_stopped();

  Settings settings_;
  SqliteDatabase database_;
  SqliteStatement insert_offence_, select_spool_, insert_position_, delete_position_, insert_ban_, delete_ban_,
      count_ban_, set_meta_;
  std::uint64_t last_ = 0, acked_ = 0, bytes_ = 0, since_prune_ = 0, counted_ = 0, dropped_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false, dirty_ = false;  // guarded by mutex_
  std::thread flusher_;
};

Result<void> SqliteNodeStore::Impl::prepare() {
  auto set_up = database_.execute("PRAGMA cache_size=-512; PRAGMA temp_store=MEMORY;");
  if (set_up) set_up = database_.execute(kTables);
  if (!set_up) return set_up;
  struct Wanted {
    SqliteStatement* statement;
    const char* sql;
  };
  const Wanted all[] = {
      {&insert_offence_, "INSERT OR REPLACE INTO offence VALUES (?,?,?,?,?,?,?,?)"},
      {&select_spool_, "SELECT * FROM offence WHERE nseq > ? AND NOT local ORDER BY nseq LIMIT ?"},
      {&insert_position_, "INSERT OR REPLACE INTO position VALUES (?,?,?,?,?)"},
      {&delete_position_, "DELETE FROM position WHERE source = ?"},
      {&insert_ban_, "INSERT OR REPLACE INTO ban VALUES (?,?,?,?,?,?)"},
      {&delete_ban_, "DELETE FROM ban WHERE who = ? AND op = ? AND by_hub = ?"},
      {&count_ban_,
       "INSERT INTO ban_count VALUES (?1,?2,?3,?4) ON CONFLICT DO UPDATE SET bans = bans + ?3, last_ms = ?4"},
      {&set_meta_, "INSERT OR REPLACE INTO meta VALUES (?,?)"},
  };
  for (const Wanted& wanted : all) {
    auto statement = database_.prepare(wanted.sql);
    if (!statement) return statement.error();
    *wanted.statement = std::move(*statement);
  }
  const auto schema = meta("schema", kSchema);
  if (!schema) return schema.error();
  if (*schema != kSchema) {
    return Error("schema " + std::to_string(*schema) + " is not known to this version (it knows " +
                 std::to_string(kSchema) + ")");
  }
  if (auto set = set_meta("schema", kSchema); !set) return set;
  start_flusher();
  return {};
}

Result<std::uint64_t> SqliteNodeStore::Impl::single(std::string_view sql) {
  auto query = database_.prepare(sql);
  if (!query) return query.error();
  const auto row = query->step();
  if (!row) return row.error();
  return *row ? query->unsigned_integer(0) : std::uint64_t{0};
}

Result<std::uint64_t> SqliteNodeStore::Impl::meta(std::string_view key, std::uint64_t otherwise) {
  auto query = database_.prepare("SELECT value FROM meta WHERE key = ?");
  if (!query) return query.error();
  query->bind_text(1, key);
  const auto row = query->step();
  if (!row) return row.error();
  return *row ? query->unsigned_integer(0) : otherwise;
}

Result<void> SqliteNodeStore::Impl::set_meta(std::string_view key, std::uint64_t value) {
  return set_meta_.bind_text(1, key).bind(2, value).run();
}

Result<StoredNodeState> SqliteNodeStore::Impl::load() {
  StoredNodeState state;
  auto spool = database_.prepare("SELECT value FROM meta WHERE key = 'spool'");
  if (!spool) return spool.error();
  const auto has_spool = spool->step();
  if (!has_spool) return has_spool.error();
  state.spool = *has_spool ? std::string(spool->blob(0)) : settings_.fresh_spool;
  if (!*has_spool) {
    if (auto set = set_meta_.bind_text(1, "spool").bind_blob(2, state.spool).run(); !set) return set.error();
  }
  for (auto [key, to] : {std::pair{"last_nseq", &state.last_nseq},
                         {"acked", &state.acked},
                         {"epoch", &state.epoch},
                         {"applied", &state.applied}}) {
    const auto value = meta(key, 0);
    if (!value) return value.error();
    *to = *value;
  }
  last_ = state.last_nseq;
  acked_ = state.acked;
  const auto bytes = single(
      "SELECT coalesce(sum(64 + length(jail) + length(container) + length(image) + length(sample)), 0) FROM offence");
  if (!bytes) return bytes.error();
  bytes_ = *bytes;

  auto rows = database_.prepare("SELECT * FROM ban");
  if (!rows) return rows.error();
  for (;;) {
    const auto more = rows->step();
    if (!more) return more.error();
    if (!*more) break;
    const auto who = Prefix::parse(rows->text(0));
    if (!who) return who.error().within("reading a stored ban");
    state.bans.push_back({*who, static_cast<wire::DecisionOp>(rows->integer(1)), from_unix_ms(rows->integer(3)),
                          from_unix_ms(rows->integer(4)), rows->integer(2) != 0, std::string(rows->text(5))});
  }
  rows = database_.prepare("SELECT * FROM position");
  if (!rows) return rows.error();
  for (;;) {
    const auto more = rows->step();
    if (!more) return more.error();
    if (!*more) break;
    state.positions.push_back({std::string(rows->text(0)),
                               {rows->unsigned_integer(1), rows->unsigned_integer(2), rows->unsigned_integer(3),
                                static_cast<std::uint32_t>(rows->integer(4))}});
  }
  rows = database_.prepare("SELECT * FROM (SELECT * FROM offence ORDER BY nseq DESC LIMIT ?) ORDER BY nseq");
  if (!rows) return rows.error();
  rows->bind(1, settings_.keep_recent);
  for (;;) {
    const auto more = rows->step();
    if (!more) return more.error();
    if (!*more) break;
    auto offence = offence_of(*rows);
    if (!offence) return offence.error().within("reading a stored offence");
    state.recent.push_back({std::move(*offence), rows->integer(1) != 0});
  }
  if (auto loaded = load_ban_counts(state); !loaded) return loaded.error();
  return state;
}

Result<void> SqliteNodeStore::Impl::load_ban_counts(StoredNodeState& state) {
  if (auto pruned = prune_ban_counts(); !pruned) return pruned;
  auto rows = database_.prepare("SELECT * FROM ban_count ORDER BY last_ms, who, jail");
  if (!rows) return rows.error();
  for (;;) {
    const auto more = rows->step();
    if (!more) return more.error();
    if (!*more) return {};
    const auto who = address_of(rows->blob(0));
    if (!who) return who.error().within("reading a stored count of bans");
    state.ban_counts.push_back({std::string(rows->text(1)), *who, static_cast<std::uint32_t>(rows->integer(2)),
                                from_unix_ms(rows->integer(3))});
  }
}

Result<void> SqliteNodeStore::Impl::save(const NodeChanges& changes) {
  const auto before = std::tuple(last_, acked_, bytes_, since_prune_, counted_, dropped_);
  auto saved = database_.transaction([&] { return write(changes); });
  if (!saved) {
    std::tie(last_, acked_, bytes_, since_prune_, counted_, dropped_) = before;
    return saved;
  }
  const std::lock_guard lock(mutex_);
  dirty_ = true;
  return saved;
}

Result<void> SqliteNodeStore::Impl::write(const NodeChanges& changes) {
  Result<void> done;
  if (changes.new_spool) {
    done = database_.execute("DELETE FROM offence");
    if (done) done = set_meta_.bind_text(1, "spool").bind_blob(2, *changes.new_spool).run();
    last_ = acked_ = bytes_ = 0;
  }
  if (done) done = write_offences(changes);
  if (done) done = write_positions(changes);
  if (done) done = write_bans(changes);
  if (done) done = write_ban_counts(changes);
  if (done) done = write_meta(changes);
  return done;
}

Result<void> SqliteNodeStore::Impl::write_offences(const NodeChanges& changes) {
  for (const SpoolRecord& record : changes.offences) {
    const wire::Offence& o = record.offence;
    insert_offence_.bind(1, o.nseq).bind(2, record.local ? 1 : 0).bind(3, to_unix_ms(o.at));
    insert_offence_.bind_blob(4, as_text(o.who.bytes())).bind_text(5, o.jail).bind_text(6, o.container);
    if (auto done = insert_offence_.bind_text(7, o.image).bind_text(8, o.sample).run(); !done) return done;
    last_ = std::max(last_, o.nseq);
    bytes_ += weight(o);
    ++since_prune_;
  }
  if (changes.acked) acked_ = std::max(acked_, *changes.acked);
  if (since_prune_ >= kPruneEvery) {
    since_prune_ = 0;
    if (auto done = prune(); !done) return done;
  }
  return bytes_ > settings_.spool_limit_bytes ? drop_oldest() : Result<void>();
}

// What is acknowledged or local, and not among the newest.
Result<void> SqliteNodeStore::Impl::prune() {
  if (last_ <= settings_.keep_recent) return {};
  auto remove = database_.prepare("DELETE FROM offence WHERE nseq <= ? AND (local OR nseq <= ?)");
  if (!remove) return remove.error();
  if (auto done = remove->bind(1, last_ - settings_.keep_recent).bind(2, acked_).run(); !done) return done;
  const auto left = single(
      "SELECT coalesce(sum(64 + length(jail) + length(container) + length(image) + length(sample)), 0) FROM offence");
  if (!left) return left.error();
  bytes_ = *left;
  return {};
}

// The spool is full: an eighth of it goes, so that this does not happen with every offence.
Result<void> SqliteNodeStore::Impl::drop_oldest() {
  const std::uint64_t target = settings_.spool_limit_bytes / 8 * 7;
  auto oldest = database_.prepare("SELECT * FROM offence ORDER BY nseq");
  if (!oldest) return oldest.error();
  std::uint64_t up_to = 0;
  std::uint64_t lost = 0;
  while (bytes_ > target) {
    const auto more = oldest->step();
    if (!more) return more.error();
    if (!*more) break;
    auto offence = offence_of(*oldest);
    if (!offence) return offence.error();
    bytes_ -= std::min(bytes_, weight(*offence));
    up_to = offence->nseq;
    if (up_to > acked_ && oldest->integer(1) == 0) ++lost;
  }
  oldest->reset();
  dropped_ += lost;
  auto remove = database_.prepare("DELETE FROM offence WHERE nseq <= ?");
  if (!remove) return remove.error();
  return remove->bind(1, up_to).run();
}

Result<void> SqliteNodeStore::Impl::write_positions(const NodeChanges& changes) {
  for (const std::string& source : changes.forget_positions) {
    if (auto done = delete_position_.bind_text(1, source).run(); !done) return done;
  }
  for (const StoredPosition& stored : changes.positions) {
    const LogPosition& at = stored.position;
    insert_position_.bind_text(1, stored.source).bind(2, at.resume).bind(3, at.delivered).bind(4, at.fingerprint);
    if (auto done = insert_position_.bind(5, static_cast<std::int64_t>(at.fingerprint_bytes)).run(); !done) return done;
  }
  return {};
}

Result<void> SqliteNodeStore::Impl::write_bans(const NodeChanges& changes) {
  if (changes.forget_hub_bans) {
    if (auto done = database_.execute("DELETE FROM ban WHERE by_hub"); !done) return done;
  }
  for (const StoredBanKey& key : changes.forget_bans) {
    delete_ban_.bind_text(1, key.who.text()).bind(2, static_cast<int>(key.op));
    if (auto done = delete_ban_.bind(3, key.by_hub ? 1 : 0).run(); !done) return done;
  }
  for (const StoredBan& ban : changes.bans) {
    insert_ban_.bind_text(1, ban.who.text()).bind(2, static_cast<int>(ban.op)).bind(3, ban.by_hub ? 1 : 0);
    insert_ban_.bind(4, to_unix_ms(ban.until)).bind(5, to_unix_ms(ban.decided_at));
    if (auto done = insert_ban_.bind_text(6, ban.jail).run(); !done) return done;
  }
  return {};
}

Result<void> SqliteNodeStore::Impl::write_ban_counts(const NodeChanges& changes) {
  for (const StoredBanCount& count : changes.ban_counts) {
    count_ban_.bind_blob(1, as_text(count.who.bytes())).bind_text(2, count.jail);
    count_ban_.bind(3, static_cast<std::int64_t>(count.bans)).bind(4, to_unix_ms(count.last));
    if (auto done = count_ban_.run(); !done) return done;
  }
  counted_ += changes.ban_counts.size();
  if (counted_ < kPruneEvery) return {};
  counted_ = 0;
  return prune_ban_counts();
}

Result<void> SqliteNodeStore::Impl::prune_ban_counts() {
  auto old = database_.prepare("DELETE FROM ban_count WHERE last_ms < (SELECT max(last_ms) FROM ban_count) - ?");
  if (!old) return old.error();
  const auto kept = std::chrono::duration_cast<std::chrono::milliseconds>(kKeepBanCounts).count();
  if (auto done = old->bind(1, static_cast<std::int64_t>(kept)).run(); !done) return done;
  auto many = database_.prepare(
      "DELETE FROM ban_count WHERE (who, jail) IN "
      "(SELECT who, jail FROM ban_count ORDER BY last_ms DESC, who, jail LIMIT -1 OFFSET ?)");
  if (!many) return many.error();
  return many->bind(1, settings_.most_ban_counts).run();
}

Result<void> SqliteNodeStore::Impl::write_meta(const NodeChanges& changes) {
  Result<void> done;
  if (!changes.offences.empty() || changes.new_spool) done = set_meta("last_nseq", last_);
  if (done && (changes.acked || changes.new_spool)) done = set_meta("acked", acked_);
  if (done && changes.applied) done = set_meta("epoch", changes.applied->first);
  if (done && changes.applied) done = set_meta("applied", changes.applied->second);
  return done;
}

Result<std::vector<wire::Offence>> SqliteNodeStore::Impl::spooled(std::uint64_t after, std::size_t limit) {
  std::vector<wire::Offence> offences;
  select_spool_.bind(1, after).bind(2, static_cast<std::int64_t>(limit));
  Result<void> outcome;
  while (outcome) {
    const auto more = select_spool_.step();
    if (!more) outcome = more.error();
    if (!more || !*more) break;
    auto offence = offence_of(select_spool_);
    if (!offence) {
      outcome = offence.error();
      break;
    }
    offences.push_back(std::move(*offence));
  }
  select_spool_.reset();
  if (!outcome) return outcome.error();
  return offences;
}

void SqliteNodeStore::Impl::start_flusher() {
  flusher_ = std::thread([this] { flush_until_stopped(); });
}

void SqliteNodeStore::Impl::stop_flusher() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  if (flusher_.joinable()) flusher_.join();
}

void SqliteNodeStore::Impl::flush_until_stopped() {
  auto own = SqliteDatabase::open(settings_.path,
                                  {.durability = SqliteDatabase::Durability::process, .auto_checkpoint_pages = 0});
  LogRateLimit limit;
  std::unique_lock lock(mutex_);
  while (!stop_) {
    wake_.wait_for(lock, std::chrono::milliseconds(500));
    if (!std::exchange(dirty_, false)) continue;
    lock.unlock();
    const Result<void> flushed = own ? own->checkpoint() : Result<void>(own.error());
    const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now());
    if (!flushed && limit.allows(now)) log_warning("state not flushed", {{"problem", flushed.error().message()}});
    lock.lock();
  }
}

SqliteNodeStore::SqliteNodeStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteNodeStore::~SqliteNodeStore() = default;

Result<std::unique_ptr<SqliteNodeStore>> SqliteNodeStore::open(Settings settings) {
  auto database = SqliteDatabase::open(settings.path,
                                       {.durability = SqliteDatabase::Durability::process, .auto_checkpoint_pages = 0});
  if (!database) return database.error();
  auto impl = std::make_unique<Impl>(std::move(settings), std::move(*database));
  if (auto prepared = impl->prepare(); !prepared) return prepared.error().within("preparing the node's state");
  return std::unique_ptr<SqliteNodeStore>(new SqliteNodeStore(std::move(impl)));
}

Result<StoredNodeState> SqliteNodeStore::load() {
  return impl_->load();
}
Result<void> SqliteNodeStore::save(const NodeChanges& changes) {
  return impl_->save(changes);
}
Result<std::vector<wire::Offence>> SqliteNodeStore::spooled(std::uint64_t after, std::size_t limit) {
  return impl_->spooled(after, limit);
}
std::uint64_t SqliteNodeStore::dropped() const {
  return impl_->dropped();
}

}  // namespace breakwater
