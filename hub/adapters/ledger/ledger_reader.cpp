// SPDX-License-Identifier: Apache-2.0
#include "hub/adapters/ledger/ledger_reader.h"

#include <algorithm>
#include <map>

#include "hub/adapters/ledger/ledger_rows.h"

namespace breakwater {

namespace {

// The WHERE of an offence question, and its parameters in the same order.
class OffenceFilter {
 public:
  explicit OffenceFilter(const LedgerQuery& query) : query_(query) {
    if (query.who) sql_ += query.who->is_single() ? " AND who = ?" : " AND who BETWEEN ? AND ?";
    if (!query.jail.empty()) sql_ += " AND jail = ?";
    if (!query.node.empty()) sql_ += " AND node = ?";
    if (query.since) sql_ += " AND received_ms >= ?";
    if (query.until) sql_ += " AND received_ms <= ?";
    if (query.before_offence > 0) sql_ += " AND id < ?";
  }
  const std::string& sql() const { return sql_; }  // begins with WHERE

  // Returns the index of the next parameter.
  int bind(SqliteStatement& statement) const {
    int next = 1;
    if (query_.who) {
      const auto [first, last] = range_keys(*query_.who);
      statement.bind_blob(next++, first);
      if (!query_.who->is_single()) statement.bind_blob(next++, last);
    }
    if (!query_.jail.empty()) statement.bind_text(next++, query_.jail);
    if (!query_.node.empty()) statement.bind_text(next++, query_.node);
    if (query_.since) statement.bind(next++, to_unix_ms(*query_.since));
    if (query_.until) statement.bind(next++, to_unix_ms(*query_.until));
    if (query_.before_offence > 0) statement.bind(next++, query_.before_offence);
    return next;
  }

 private:
  const LedgerQuery& query_;
  std::string sql_ = " WHERE 1";
};

Result<std::uint64_t> meta(SqliteDatabase& database, std::string_view key) {
  auto query = database.prepare("SELECT value FROM meta WHERE key = ?");
  if (!query) return query.error();
  const auto row = query->bind_text(1, key).step();
  if (!row) return row.error();
  return *row ? query->unsigned_integer(0) : std::uint64_t{0};
}

// The column, or the part of it, that `top` groups by.
const char* group_of(const std::string& by) {
  // The family's byte and 24 or 64 bits of the address.
  if (by == "network") return "substr(who, 1, CASE WHEN length(who) = 5 THEN 4 ELSE 9 END)";
  if (by == "jail") return "jail";
  if (by == "node") return "node";
  if (by == "container") return "container";
  if (by == "image") return "image";
  return "who";
}

Result<std::string> top_key(const std::string& by, std::string_view value) {
  if (by != "address" && by != "network") return std::string(value);
  if (by == "address") {
    const auto address = address_of(value);
    if (!address) return address.error();
    return address->text();
  }
  const bool v4 = value.size() == 4;
  std::string key(value);
  key.resize(v4 ? 5 : 17, '\0');
  const auto address = address_of(key);
  if (!address) return address.error();
  return Prefix(*address, v4 ? 24 : 64).text();
}

}  // namespace

Result<LedgerState> LedgerReader::load(const LoadRequest& request) {
  LedgerState state;
  const auto epoch = meta(database_, "epoch");
  if (!epoch) return epoch.error();
  const auto head = meta(database_, "head");
  if (!head) return head.error();
  state.epoch = *epoch;
  state.head = *head;
  Result<void> done = load_decisions(request, state);
  if (done) done = load_marks(state);
  if (done) done = load_offences(request, state);
  if (done) done = load_history(request, state);
  if (!done) return done.error();
  return state;
}

Result<void> LedgerReader::load_decisions(const LoadRequest& request, LedgerState& state) {
  const std::string columns = kDecisionColumns;
  auto standing = database_.prepare("SELECT " + columns +
                                    " FROM decision WHERE seq IN (SELECT seq FROM standing WHERE until_ms > ?)"
                                    " ORDER BY seq");
  if (!standing) return standing.error();
  standing->bind(1, to_unix_ms(request.now));
  const auto take_into = [](std::vector<DecisionRecord>& to) {
    return [&to](const SqliteStatement& row) -> Result<void> {
      auto record = decision_row(row);
      if (!record) return record.error();
      to.push_back(std::move(*record));
      return {};
    };
  };
  if (auto done = for_each_row(*standing, take_into(state.standing)); !done) return done;
  auto recent = database_.prepare("SELECT " + columns + " FROM decision WHERE epoch = ? ORDER BY seq DESC LIMIT ?");
  if (!recent) return recent.error();
  recent->bind(1, state.epoch).bind(2, static_cast<std::int64_t>(request.most_recent));
  if (auto done = for_each_row(*recent, take_into(state.recent)); !done) return done;
  // Only what reaches the head without a hole can be sent as a delta.
  std::size_t unbroken = 0;
  while (unbroken < state.recent.size() && state.recent[unbroken].seq + unbroken == state.head)
    ++unbroken;
  state.recent.resize(unbroken);
  std::reverse(state.recent.begin(), state.recent.end());
  return {};
}

Result<void> LedgerReader::load_marks(LedgerState& state) {
  auto marks = database_.prepare("SELECT node, spool, nseq FROM mark ORDER BY node, touched DESC");
  if (!marks) return marks.error();
  std::string node;
  std::size_t of_node = 0;
  const auto done = for_each_row(*marks, [&](const SqliteStatement& row) -> Result<void> {
    if (row.text(0) != node) of_node = 0;
    node = row.text(0);
    if (of_node++ < kMarksPerNode) {
      state.marks.push_back({node, std::string(row.blob(1)), row.unsigned_integer(2)});
    }
    return {};
  });
  // Latest last, as they were written.
  std::reverse(state.marks.begin(), state.marks.end());
  return done;
}

Result<void> LedgerReader::load_offences(const LoadRequest& request, LedgerState& state) {
  auto offences = database_.prepare("SELECT " + std::string(kOffenceColumns) +
                                    " FROM offence WHERE received_ms >= ? ORDER BY id DESC LIMIT ?");
  if (!offences) return offences.error();
  offences->bind(1, to_unix_ms(request.offences_since)).bind(2, static_cast<std::int64_t>(request.most_offences));
  const auto done = for_each_row(*offences, [&](const SqliteStatement& row) -> Result<void> {
    auto record = offence_row(row);
    if (!record) return record.error();
    state.offences.push_back(std::move(*record));
    return {};
  });
  std::reverse(state.offences.begin(), state.offences.end());
  return done;
}

Result<void> LedgerReader::load_history(const LoadRequest& request, LedgerState& state) {
  auto counts = database_.prepare("SELECT jail, who, length, bans FROM ban_count ORDER BY last_ms DESC LIMIT ?");
  if (!counts) return counts.error();
  counts->bind(1, static_cast<std::int64_t>(request.most_history));
  return for_each_row(*counts, [&](const SqliteStatement& row) -> Result<void> {
    const auto who = address_of(row.blob(1));
    if (!who) return who.error();
    state.history.push_back({std::string(row.text(0)), Prefix(*who, static_cast<unsigned>(row.integer(2))),
                             static_cast<std::uint32_t>(row.integer(3))});
    return {};
  });
}

Result<LedgerAnswer> LedgerReader::answer(const LedgerQuery& query) {
  LedgerAnswer answer;
  Result<void> done;
  if (query.kind == LedgerQuery::Kind::top) {
    done = read_top(query, answer);
  } else {
    done = read_offences(query, answer);
    if (done && query.kind == LedgerQuery::Kind::why) done = read_decisions(query, answer);
    if (done && query.with_summary) done = read_summary(query, answer);
  }
  if (!done) return done.error();
  return answer;
}

Result<void> LedgerReader::read_offences(const LedgerQuery& query, LedgerAnswer& answer) {
  const OffenceFilter filter(query);
  auto rows = database_.prepare("SELECT " + std::string(kOffenceColumns) + " FROM offence" + filter.sql() +
                                " ORDER BY id DESC LIMIT ?");
  if (!rows) return rows.error();
  rows->bind(filter.bind(*rows), static_cast<std::int64_t>(query.limit));
  const auto done = for_each_row(*rows, [&](const SqliteStatement& row) -> Result<void> {
    auto record = offence_row(row);
    if (!record) return record.error();
    answer.offences.push_back(std::move(*record));
    return {};
  });
  if (answer.offences.size() >= query.limit && !answer.offences.empty()) {
    answer.next_offence = answer.offences.back().id;
  }
  return done;
}

Result<void> LedgerReader::read_decisions(const LedgerQuery& query, LedgerAnswer& answer) {
  if (!query.who) return {};
  const std::string before = query.before_decision > 0 ? " AND seq < ?4" : "";
  auto rows =
      database_.prepare("SELECT " + std::string(kDecisionColumns) + " FROM decision WHERE first <= ?2 AND last >= ?1" +
                        before + " ORDER BY seq DESC LIMIT ?3");
  if (!rows) return rows.error();
  const auto [first, last] = range_keys(*query.who);
  rows->bind_blob(1, first).bind_blob(2, last).bind(3, static_cast<std::int64_t>(query.limit));
  if (query.before_decision > 0) rows->bind(4, query.before_decision);
  return for_each_row(*rows, [&](const SqliteStatement& row) -> Result<void> {
    auto record = decision_row(row);
    if (!record) return record.error();
    answer.decisions.push_back(std::move(*record));
    return {};
  });
}

Result<void> LedgerReader::read_summary(const LedgerQuery& query, LedgerAnswer& answer) {
  LedgerQuery all = query;
  all.before_offence = 0;
  const OffenceFilter filter(all);
  auto counts = database_.prepare(
      "SELECT count(*), count(DISTINCT node), min(received_ms), max(received_ms) FROM offence" + filter.sql());
  if (!counts) return counts.error();
  filter.bind(*counts);
  auto row = counts->step();
  if (!row) return row.error();
  answer.total_offences = counts->unsigned_integer(0);
  answer.total_nodes = counts->unsigned_integer(1);
  answer.first = from_unix_ms(counts->integer(2));
  answer.last = from_unix_ms(counts->integer(3));
  if (!query.who) return {};
  auto decisions = database_.prepare("SELECT count(*) FROM decision WHERE first <= ?2 AND last >= ?1");
  if (!decisions) return decisions.error();
  const auto [first, last] = range_keys(*query.who);
  row = decisions->bind_blob(1, first).bind_blob(2, last).step();
  if (!row) return row.error();
  answer.total_decisions = decisions->unsigned_integer(0);
  return {};
}

Result<void> LedgerReader::read_top(const LedgerQuery& query, LedgerAnswer& answer) {
  const OffenceFilter filter(query);
  const std::string group = group_of(query.by);
  auto rows =
      database_.prepare("SELECT " + group +
                        " AS grouped, count(*), count(DISTINCT who), count(DISTINCT node), max(received_ms),"
                        " sum(count(*)) OVER () FROM (SELECT * FROM offence" +
                        filter.sql() + " ORDER BY id DESC LIMIT ?) GROUP BY grouped ORDER BY 2 DESC, 1 LIMIT ?");
  if (!rows) return rows.error();
  const int next = filter.bind(*rows);
  rows->bind(next, static_cast<std::int64_t>(kMostForTop)).bind(next + 1, static_cast<std::int64_t>(query.limit));
  return for_each_row(*rows, [&](const SqliteStatement& row) -> Result<void> {
    const std::string by = query.by.empty() ? "address" : query.by;
    auto key = top_key(by, by == "address" || by == "network" ? row.blob(0) : row.text(0));
    if (!key) return key.error();
    answer.top.push_back({std::move(*key), row.unsigned_integer(1), row.unsigned_integer(2), row.unsigned_integer(3),
                          from_unix_ms(row.integer(4))});
    answer.partial = row.unsigned_integer(5) >= kMostForTop;
    return {};
  });
}

}  // namespace breakwater
