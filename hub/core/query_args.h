// SPDX-License-Identifier: Apache-2.0
// The arguments of a query, checked: docs/query.md is the contract.
#pragma once

#include <optional>
#include <string>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/wire/messages.h"
#include "hub/core/ledger.h"

namespace breakwater {

// Errors are sentences for the operator and become status 400.
struct QueryArgs {
  std::optional<Prefix> who;
  std::string jail, node, reason, by, kind;
  std::optional<Timestamp> since, until;
  std::optional<std::optional<Duration>> length;  // `for`: not given, no end, or so long
  std::size_t limit = 100;

  // Fails on an unknown verb, an argument that the verb does not know, and malformed ones.
  static Result<QueryArgs> parse(const wire::Query& query);
};

// The question to the ledger that answers `offences`, `why` or `top`.
Result<LedgerQuery> ledger_query(const wire::Query& query, const QueryArgs& args, Timestamp now);

// "17:4" <-> (before_offence, before_decision) of a LedgerQuery.
std::string why_cursor(std::uint64_t before_offence, std::uint64_t before_decision);

}  // namespace breakwater
