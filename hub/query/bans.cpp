// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "hub/query/table.h"
#include "hub/query/verbs.h"

namespace breakwater {

namespace {

constexpr std::size_t kNamesShown = 3;

// "2/3, not on host3": where a ban does not stand is in the same cell as where it does.
std::string enforced_text(const Session& session, const Row& row) {
  std::string text = fmt::format("{}/{}", row.number("enforced_on"), row.number("connected"));
  const auto missing = row.texts("missing");
  for (std::size_t i = 0; i < missing.size() && i < kNamesShown; ++i) {
    text += (i == 0 ? ", not on " : ", ") + session.console.safe(missing[i]);
  }
  if (missing.size() > kNamesShown) text += fmt::format(" and {} more", missing.size() - kNamesShown);
  return text;
}

ExitCode nobody(const Session& session) {
  const Options& options = session.options;
  const char* what = options.allowed ? "allowed" : "banned";
  if (options.who) {
    session.console.out << options.who->text() << " is not " << what << '\n';
    return ExitCode::nothing;
  }
  session.console.out << "nobody is " << what << '\n';
  return ExitCode::ok;
}

}  // namespace

ExitCode run_bans(const Session& session) {
  const Answer answer = ask_rows(session, query_of(session));
  if (answer.code != ExitCode::ok) return answer.code;
  if (session.json()) return answer.count == 0 && session.options.who ? ExitCode::nothing : ExitCode::ok;
  if (answer.rows.empty()) return nobody(session);
  const Console& console = session.console;
  const Timestamp now = session.clock.wall();
  Table table({{"WHO"},
               {"ENDS"},
               {"ENFORCED"},
               {"JAIL", Align::left, 8},
               {"NODE", Align::left, 8},
               {"BY", Align::left, 8},
               {"REASON", Align::left, 12}});
  for (const Row& row : answer.rows) {
    const auto until = row.time("until");
    table.add({console.safe(row.text("who")), until ? end_text(*until, now) : "", enforced_text(session, row),
               console.safe(row.text("jail")), console.safe(row.text("node")), console.safe(row.text("by")),
               console.safe(row.text("reason"))});
  }
  console.out << table.text(console.width);
  tell_more(session, answer);
  return ExitCode::ok;
}

}  // namespace breakwater
