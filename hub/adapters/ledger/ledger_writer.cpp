// SPDX-License-Identifier: Apache-2.0
#include "hub/adapters/ledger/ledger_writer.h"

#include "hub/adapters/ledger/ledger_rows.h"

namespace breakwater {

namespace {

constexpr std::int64_t kSchema = 1;
constexpr int kBan = static_cast<int>(wire::DecisionOp::ban);
constexpr int kAllow = static_cast<int>(wire::DecisionOp::allow);

Result<std::int64_t> number(SqliteDatabase& database, std::string_view sql) {
  auto query = database.prepare(sql);
  if (!query) return query.error();
  const auto row = query->step();
  if (!row) return row.error();
  return *row ? query->integer(0) : std::int64_t{0};
}

}  // namespace

Result<LedgerWriter> LedgerWriter::open(SqliteDatabase database) {
  LedgerWriter writer(std::move(database));
  if (auto prepared = writer.prepare(); !prepared) return prepared.error().within("preparing the ledger");
  return writer;
}

Result<void> LedgerWriter::prepare() {
  if (auto made = database_.execute(kLedgerTables); !made) return made;
  struct Wanted {
    SqliteStatement* statement;
    const char* sql;
  };
  const Wanted all[] = {
      {&offence_,
       "INSERT INTO offence (received_ms, at_ms, who, node, jail, container, image, sample, nseq)"
       " VALUES (?,?,?,?,?,?,?,?,?)"},
      {&decision_, "INSERT OR REPLACE INTO decision VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"},
      {&stands_, "INSERT OR REPLACE INTO standing VALUES (?,?,?,?,?)"},
      {&ends_, "DELETE FROM standing WHERE kind = ? AND first = ? AND last = ?"},
      {&lifts_, "DELETE FROM standing WHERE kind = 0 AND first <= ?2 AND last >= ?1"},
      {&mark_, "INSERT OR REPLACE INTO mark VALUES (?,?,?,?)"},
      {&count_,
       "INSERT INTO ban_count VALUES (?,?,?,1,?) ON CONFLICT (who, jail, length)"
       " DO UPDATE SET bans = bans + 1, last_ms = excluded.last_ms"},
      {&audit_, "INSERT INTO audit (at_ms, name, verb, arguments, outcome) VALUES (?,?,?,?,?)"},
      {&meta_, "INSERT OR REPLACE INTO meta VALUES (?,?)"},
  };
  for (const Wanted& wanted : all) {
    auto statement = database_.prepare(wanted.sql);
    if (!statement) return statement.error();
    *wanted.statement = std::move(*statement);
  }
  const auto schema = number(database_, "SELECT value FROM meta WHERE key = 'schema'");
  if (!schema) return schema.error();
  if (*schema != 0 && *schema != kSchema) {
    return Error("its schema " + std::to_string(*schema) + " is not known to this version (it knows " +
                 std::to_string(kSchema) + ")");
  }
  const auto touched = number(database_, "SELECT max(touched) FROM mark");
  if (!touched) return touched.error();
  touched_ = *touched;
  return meta_.bind_text(1, "schema").bind(2, kSchema).run();
}

Result<void> LedgerWriter::write(const std::vector<const LedgerBatch*>& batches) {
  return database_.transaction([&]() -> Result<void> {
    for (const LedgerBatch* batch : batches) {
      if (auto done = write_one(*batch); !done) return done;
    }
    return {};
  });
}

Result<void> LedgerWriter::write_one(const LedgerBatch& batch) {
  Result<void> done = write_offences(batch);
  for (const DecisionRecord& record : batch.decisions) {
    if (done) done = write_decision(record);
  }
  for (const SpoolMark& mark : batch.marks) {
    if (!done) return done;
    mark_.bind_text(1, mark.node).bind_blob(2, mark.spool).bind(3, mark.nseq);
    done = mark_.bind(4, ++touched_).run();
  }
  for (const AuditRecord& record : batch.audit) {
    if (!done) return done;
    audit_.bind(1, to_unix_ms(record.at)).bind_text(2, record.name).bind_text(3, record.verb);
    done = audit_.bind_text(4, record.arguments).bind_text(5, record.outcome).run();
  }
  return done ? write_meta(batch) : done;
}

Result<void> LedgerWriter::write_offences(const LedgerBatch& batch) {
  for (const OffenceRecord& record : batch.offences) {
    const wire::Offence& o = record.offence;
    offence_.bind(1, to_unix_ms(record.received_at)).bind(2, to_unix_ms(o.at)).bind_blob(3, address_key(o.who));
    offence_.bind_text(4, record.node).bind_text(5, o.jail).bind_text(6, o.container).bind_text(7, o.image);
    if (auto done = offence_.bind_text(8, o.sample).bind(9, o.nseq).run(); !done) return done;
  }
  return {};
}

Result<void> LedgerWriter::write_decision(const DecisionRecord& record) {
  const wire::Decision& d = record.decision;
  const auto [first, last] = range_keys(d.who);
  decision_.bind(1, record.seq).bind(2, record.epoch).bind(3, static_cast<int>(d.op)).bind_blob(4, first);
  decision_.bind_blob(5, last).bind(6, static_cast<std::int64_t>(d.who.length())).bind(7, to_unix_ms(d.until));
  decision_.bind(8, to_unix_ms(d.decided_at)).bind_text(9, d.jail).bind_text(10, d.reason);
  if (auto done = decision_.bind_text(11, record.by).bind_text(12, record.node).run(); !done) return done;
  const bool by_policy = d.op == wire::DecisionOp::ban && record.by == "policy";
  if (by_policy) {
    count_.bind_blob(1, first).bind_text(2, d.jail).bind(3, static_cast<std::int64_t>(d.who.length()));
    if (auto done = count_.bind(4, to_unix_ms(d.decided_at)).run(); !done) return done;
  }
  return write_standing(record, first, last);
}

// Follows DecisionLog::apply().
Result<void> LedgerWriter::write_standing(const DecisionRecord& record, const std::string& first,
                                          const std::string& last) {
  const wire::Decision& d = record.decision;
  const auto stands = [&](int kind) {
    stands_.bind(1, kind).bind_blob(2, first).bind_blob(3, last).bind(4, record.seq);
    return stands_.bind(5, to_unix_ms(d.until)).run();
  };
  const auto ends = [&](int kind) { return ends_.bind(1, kind).bind_blob(2, first).bind_blob(3, last).run(); };
  switch (d.op) {
    case wire::DecisionOp::ban:
      return stands(kBan);
    case wire::DecisionOp::unban:
      return ends(kBan);
    case wire::DecisionOp::disallow:
      return ends(kAllow);
    case wire::DecisionOp::allow:
      break;
  }
  if (auto lifted = lifts_.bind_blob(1, first).bind_blob(2, last).run(); !lifted) return lifted;
  return stands(kAllow);
}

Result<void> LedgerWriter::write_meta(const LedgerBatch& batch) {
  Result<void> done;
  if (batch.epoch != 0) done = meta_.bind_text(1, "epoch").bind(2, batch.epoch).run();
  if (done && !batch.decisions.empty()) done = meta_.bind_text(1, "head").bind(2, batch.decisions.back().seq).run();
  return done;
}

Result<bool> LedgerWriter::forget(Timestamp before, Timestamp now, std::size_t most) {
  struct Kind {
    const char* sql;
    Timestamp limit;
  };
  const Kind kinds[] = {
      {"DELETE FROM standing WHERE (kind, first, last) IN"
       " (SELECT kind, first, last FROM standing WHERE until_ms < ? LIMIT ?)",
       now},
      {"DELETE FROM offence WHERE id IN (SELECT id FROM offence WHERE received_ms < ? LIMIT ?)", before},
      {"DELETE FROM decision WHERE seq IN (SELECT seq FROM decision WHERE decided_ms < ?1 AND NOT EXISTS"
       " (SELECT 1 FROM standing WHERE standing.seq = decision.seq) LIMIT ?2)",
       before},
      {"DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at_ms < ? LIMIT ?)", before},
      {"DELETE FROM ban_count WHERE (who, jail, length) IN"
       " (SELECT who, jail, length FROM ban_count WHERE last_ms < ? LIMIT ?)",
       before},
  };
  bool more = false;
  const auto done = database_.transaction([&]() -> Result<void> {
    for (const Kind& kind : kinds) {
      auto remove = database_.prepare(kind.sql);
      if (!remove) return remove.error();
      if (auto ran = remove->bind(1, to_unix_ms(kind.limit)).bind(2, static_cast<std::int64_t>(most)).run(); !ran) {
        return ran;
      }
      more |= database_.last_changes() >= static_cast<std::int64_t>(most);
    }
    return {};
  });
  if (!done) return done.error();
  return more;
}

}  // namespace breakwater
