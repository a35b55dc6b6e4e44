// SPDX-License-Identifier: Apache-2.0
// How the ledger's values stand in its tables.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "common/base/address.h"
#include "common/base/result.h"
#include "common/runtime/sqlite.h"
#include "hub/core/ledger.h"

namespace breakwater {

// Addresses as blobs that sort: a byte for the family (4, 6), then the address in network order. A range is the pair
// of its first and its last.
std::string address_key(const Address& address);
std::pair<std::string, std::string> range_keys(const Prefix& range);
Result<Address> address_of(std::string_view key);

inline constexpr const char* kLedgerTables = R"sql(
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS offence (
    id INTEGER PRIMARY KEY, received_ms INTEGER NOT NULL, at_ms INTEGER NOT NULL, who BLOB NOT NULL,
    node TEXT NOT NULL, jail TEXT NOT NULL, container TEXT NOT NULL, image TEXT NOT NULL, sample TEXT NOT NULL,
    nseq INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS offence_who ON offence (who);
  CREATE INDEX IF NOT EXISTS offence_received ON offence (received_ms);
  CREATE TABLE IF NOT EXISTS decision (
    seq INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, op INTEGER NOT NULL, first BLOB NOT NULL, last BLOB NOT NULL,
    length INTEGER NOT NULL, until_ms INTEGER NOT NULL, decided_ms INTEGER NOT NULL, jail TEXT NOT NULL,
    reason TEXT NOT NULL, by TEXT NOT NULL, node TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS decision_first ON decision (first);
  CREATE INDEX IF NOT EXISTS decision_decided ON decision (decided_ms);
  -- The bans (kind 0) and allows (kind 2) that stand: what a start must know of all decisions.
  CREATE TABLE IF NOT EXISTS standing (
    kind INTEGER NOT NULL, first BLOB NOT NULL, last BLOB NOT NULL, seq INTEGER NOT NULL, until_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, first, last)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS standing_until ON standing (until_ms);
  CREATE TABLE IF NOT EXISTS mark (
    node TEXT NOT NULL, spool BLOB NOT NULL, nseq INTEGER NOT NULL, touched INTEGER NOT NULL,
    PRIMARY KEY (node, spool)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS ban_count (
    who BLOB NOT NULL, jail TEXT NOT NULL, length INTEGER NOT NULL, bans INTEGER NOT NULL, last_ms INTEGER NOT NULL,
    PRIMARY KEY (who, jail, length)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS ban_count_last ON ban_count (last_ms);
  CREATE TABLE IF NOT EXISTS audit (
    id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, name TEXT NOT NULL, verb TEXT NOT NULL, arguments TEXT NOT NULL,
    outcome TEXT NOT NULL);
)sql";

// The columns that the two functions below read, in their order.
inline constexpr const char* kOffenceColumns =
    "id, received_ms, at_ms, who, node, jail, container, image, sample, nseq";
inline constexpr const char* kDecisionColumns =
    "seq, epoch, op, first, length, until_ms, decided_ms, jail, reason, by, node";
Result<OffenceRecord> offence_row(const SqliteStatement& row);
Result<DecisionRecord> decision_row(const SqliteStatement& row);

// Calls `each` with every row of the statement; stops at the first error.
template <class Each>
Result<void> for_each_row(SqliteStatement& statement, Each&& each) {
  for (;;) {
    const auto more = statement.step();
    if (!more) return more.error();
    if (!*more) return {};
    if (Result<void> taken = each(statement); !taken) return taken;
  }
}

}  // namespace breakwater
