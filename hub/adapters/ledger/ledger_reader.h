// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/runtime/sqlite.h"
#include "hub/core/ledger.h"

namespace breakwater {

// Reads the ledger's tables: at start, and for operators' questions. Sees what is committed. One thread.
class LedgerReader {
 public:
  // `top` looks at this many offences at most, the newest.
  static constexpr std::size_t kMostForTop = 1'000'000;

  explicit LedgerReader(SqliteDatabase database) : database_(std::move(database)) {}

  Result<LedgerState> load(const LoadRequest& request);
  Result<LedgerAnswer> answer(const LedgerQuery& query);
  // As SqliteDatabase::interrupt_when().
  void interrupt_when(std::function<bool()> should_stop) { database_.interrupt_when(std::move(should_stop)); }

 private:
  Result<void> load_decisions(const LoadRequest& request, LedgerState& state);
  Result<void> load_marks(LedgerState& state);
  Result<void> load_offences(const LoadRequest& request, LedgerState& state);
  Result<void> load_history(const LoadRequest& request, LedgerState& state);
  Result<void> read_offences(const LedgerQuery& query, LedgerAnswer& answer);
  Result<void> read_decisions(const LedgerQuery& query, LedgerAnswer& answer);
  Result<void> read_summary(const LedgerQuery& query, LedgerAnswer& answer);
  Result<void> read_top(const LedgerQuery& query, LedgerAnswer& answer);

  SqliteDatabase database_;
};

}  // namespace breakwater
