// SPDX-License-Identifier: Apache-2.0
#include "hub/query/table.h"
#include "hub/query/verbs.h"

namespace breakwater {

namespace {

std::string number_text(const Row& row, const char* key) {
  const auto number = row.number_if(key);
  return number ? std::to_string(*number) : "";
}

// "7 (3s)": decisions behind, and for how long.
std::string lag_text(const Row& row, Timestamp now) {
  std::string text = number_text(row, "lag");
  if (const auto since = row.time("behind_since")) text += " (" + length_text(now - *since) + ")";
  return text;
}

// "0.1.0" of "breakwater-node 0.1.0"; anything else as it is.
std::string version_text(const Session& session, const Row& row) {
  constexpr std::string_view kName = "breakwater-node ";
  const std::string software = row.text("software");
  return session.console.safe(software.starts_with(kName) ? software.substr(kName.size()) : software);
}

void print_alarms(const Session& session, const std::vector<Row>& rows) {
  const Console& console = session.console;
  for (const Row& row : rows) {
    const std::string node = console.safe(row.text("node"));
    if (row.number("failed") > 0) {
      console.out << console.bad(node + ": " + count_text(row.number("failed"), "ban") + " NOT in its kernel") << '\n';
    }
    for (const std::string& alarm : row.texts("alarms")) {
      console.out << console.bad(node + ": " + console.safe(alarm)) << '\n';
    }
  }
}

}  // namespace

ExitCode run_nodes(const Session& session) {
  const Answer answer = ask_rows(session, query_of(session));
  if (answer.code != ExitCode::ok || session.json()) return answer.code;
  const Console& console = session.console;
  if (answer.rows.empty()) {
    console.out << (session.options.node.empty() ? "no node is enrolled\n" : "no such node\n");
    return session.options.node.empty() ? ExitCode::ok : ExitCode::nothing;
  }
  const Timestamp now = session.clock.wall();
  Table table({{"NODE", Align::left, 12},
               {"STATE"},
               {"FOR"},
               {"RECEIVED", Align::right},
               {"ENFORCED", Align::right},
               {"LAG", Align::right},
               {"BANS", Align::right},
               {"FAILED", Align::right},
               {"REFUSED", Align::right},
               {"DROPPED", Align::right},
               {"SPOOL", Align::right},
               {"VERSION", Align::left, 8}});
  for (const Row& row : answer.rows) {
    const auto since = row.time("since");
    table.add({console.safe(row.text("node")), console.safe(row.text("state")), since ? length_text(now - *since) : "",
               number_text(row, "received"), number_text(row, "enforced"), lag_text(row, now),
               number_text(row, "bans_in_kernel"), number_text(row, "failed"), number_text(row, "refused"),
               number_text(row, "dropped"), number_text(row, "spool_depth"), version_text(session, row)});
  }
  console.out << table.text(console.width);
  print_alarms(session, answer.rows);
  tell_more(session, answer);
  return ExitCode::ok;
}

}  // namespace breakwater
