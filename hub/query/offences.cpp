// SPDX-License-Identifier: Apache-2.0
#include "hub/query/table.h"
#include "hub/query/verbs.h"

namespace breakwater {

ExitCode run_offences(const Session& session) {
  const Answer answer = ask_rows(session, query_of(session));
  if (answer.code != ExitCode::ok) return answer.code;
  const Console& console = session.console;
  const ExitCode none = session.options.who ? ExitCode::nothing : ExitCode::ok;
  if (session.json()) return answer.count == 0 ? none : ExitCode::ok;
  if (answer.rows.empty()) {
    console.out << "no offence is known" << (session.options.who ? " of " + session.options.who->text() : "") << '\n';
    return none;
  }
  const Timestamp now = session.clock.wall();
  Table table({{"WHEN"},
               {"WHO"},
               {"JAIL", Align::left, 8},
               {"NODE", Align::left, 8},
               {"CONTAINER", Align::left, 8},
               {"IMAGE", Align::left, 8},
               {"LINE", Align::left, 16}});
  for (const Row& row : answer.rows) {
    const auto at = row.time("at");
    table.add({at ? ago_text(*at, now) : "", console.safe(row.text("who")), console.safe(row.text("jail")),
               console.safe(row.text("node")), console.safe(row.text("container")), console.safe(row.text("image")),
               console.safe(row.text("sample"))});
  }
  console.out << table.text(console.width);
  tell_more(session, answer);
  return ExitCode::ok;
}

}  // namespace breakwater
