// SPDX-License-Identifier: Apache-2.0
// The verbs, one file each but for the four orders, which differ in a word. Each asks the hub, prints, and says how the
// program ends.
#pragma once

#include "hub/query/session.h"

namespace breakwater {

ExitCode run_status(const Session& session);
ExitCode run_nodes(const Session& session);
ExitCode run_bans(const Session& session);
ExitCode run_offences(const Session& session);
ExitCode run_why(const Session& session);
ExitCode run_order(const Session& session);  // ban, unban, allow, disallow
ExitCode run_top(const Session& session);
ExitCode run_watch(const Session& session);

// The one that was asked for; output that could not be written makes it ExitCode::output.
ExitCode run_verb(const Session& session);

}  // namespace breakwater
