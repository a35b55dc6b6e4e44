// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include "hub/query/table.h"
#include "hub/query/verbs.h"

namespace breakwater {

ExitCode run_top(const Session& session) {
  const Answer answer = ask_rows(session, query_of(session));
  if (answer.code != ExitCode::ok || session.json()) return answer.code;
  const Console& console = session.console;
  if (answer.rows.empty()) {
    console.out << "no offence in that time\n";
    return ExitCode::ok;
  }
  const Timestamp now = session.clock.wall();
  std::string title = console.safe(answer.rows.front().text("by"));
  std::transform(title.begin(), title.end(), title.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  Table table({{title, Align::left, 16},
               {"OFFENCES", Align::right},
               {"ADDRESSES", Align::right},
               {"NODES", Align::right},
               {"LAST"}});
  for (const Row& row : answer.rows) {
    const auto last = row.time("last");
    table.add({console.safe(row.text("key")), std::to_string(row.number("offences")),
               std::to_string(row.number("addresses")), std::to_string(row.number("nodes")),
               last ? ago_text(*last, now) : ""});
  }
  console.out << table.text(console.width);
  if (answer.rows.front().flag("partial")) {
    console.err << "the hub counted only the newest offences of that time: there are too many\n";
  }
  tell_more(session, answer);
  return ExitCode::ok;
}

}  // namespace breakwater
