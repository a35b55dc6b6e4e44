// SPDX-License-Identifier: Apache-2.0
#include "hub/query/verbs.h"

namespace breakwater {

namespace {

ExitCode dispatch(const Session& session) {
  switch (session.options.verb) {
    case Verb::status:
      return run_status(session);
    case Verb::nodes:
      return run_nodes(session);
    case Verb::bans:
      return run_bans(session);
    case Verb::offences:
      return run_offences(session);
    case Verb::why:
      return run_why(session);
    case Verb::ban:
    case Verb::unban:
    case Verb::allow:
    case Verb::disallow:
      return run_order(session);
    case Verb::top:
      return run_top(session);
    case Verb::watch:
      return run_watch(session);
  }
  return ExitCode::usage;
}

}  // namespace

ExitCode run_verb(const Session& session) {
  const ExitCode code = dispatch(session);
  session.console.out.flush();
  if (session.console.out) return code;
  session.console.err << "breakwater: the output could not be written\n";
  return ExitCode::output;
}

}  // namespace breakwater
