// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/runtime/sqlite.h"
#include "hub/core/ledger.h"

namespace breakwater {

// Writes batches into the ledger's tables. Used by the ledger's thread alone.
class LedgerWriter {
 public:
  // Makes the tables; refuses a file of a later version.
  static Result<LedgerWriter> open(SqliteDatabase database);

  // All of them in one transaction, on the disk when it returns.
  Result<void> write(const std::vector<const LedgerBatch*>& batches);

  // Removes at most `most` rows of each kind that ended before `before`, and what no longer stands. True if there may
  // be more.
  Result<bool> forget(Timestamp before, Timestamp now, std::size_t most);

 private:
  explicit LedgerWriter(SqliteDatabase database) : database_(std::move(database)) {}
  Result<void> prepare();
  Result<void> write_one(const LedgerBatch& batch);
  Result<void> write_offences(const LedgerBatch& batch);
  Result<void> write_decision(const DecisionRecord& record);
  Result<void> write_standing(const DecisionRecord& record, const std::string& first, const std::string& last);
  Result<void> write_meta(const LedgerBatch& batch);

  SqliteDatabase database_;
  SqliteStatement offence_, decision_, stands_, ends_, lifts_, mark_, count_, audit_, meta_;
  std::int64_t touched_ = 0;  // order of marks
};

}  // namespace breakwater
