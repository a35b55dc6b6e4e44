// SPDX-License-Identifier: Apache-2.0
// What every verb is given, and how it asks the hub.
#pragma once

#include <vector>

#include "common/base/clock.h"
#include "common/wire/messages.h"
#include "hub/query/console.h"
#include "hub/query/exit_code.h"
#include "hub/query/hub_client.h"
#include "hub/query/options.h"
#include "hub/query/row.h"

namespace breakwater {

struct Session {
  const Options& options;
  HubClient& hub;
  const Console& console;
  const Clock& clock;

  bool json() const { return options.output == OutputForm::json; }
};

// More rows than this are not made into a table (its columns need all of them in memory); JSON has no such limit.
inline constexpr std::size_t kMostTableRows = 100'000;

struct Answer {
  ExitCode code = ExitCode::ok;  // hub_away, refused: the reason stands on stderr already; nothing: the hub said 404
  std::vector<Row> rows;         // empty with --output json: they were written as they came
  std::size_t count = 0;         // rows, written or kept
  bool more = false;             // the hub has more than --limit let through
};

// The verb with the arguments that stand in the options.
wire::Query query_of(const Session& session);

// Asks page by page until --limit rows or the end. With --output json every row goes to stdout at once, a line each.
Answer ask_rows(const Session& session, wire::Query query);

// Tells on stderr why a reply is no success: 404 is `nothing`, 400 and 403 `refused`, all else `hub_away`.
ExitCode tell_refusal(const Session& session, const wire::Reply& reply);
ExitCode tell_hub_away(const Session& session, const Error& error);

// Says on stderr that --limit cut the list.
void tell_more(const Session& session, const Answer& answer);

}  // namespace breakwater
