// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "hub/query/timeline.h"
#include "hub/query/verbs.h"

namespace breakwater {

namespace {

constexpr std::size_t kNodesALine = 8;

// "203.0.113.7 is banned, ends in 9m 58s (2026-01-31T09:32:55.000Z)"
std::string state_text(const Session& session, const Row& summary, Timestamp now) {
  const Console& console = session.console;
  const std::string who = console.safe(summary.text("who"));
  if (summary.flag("allowed")) return console.good(who + " is allowed: it is never banned");
  if (!summary.flag("banned")) return who + " is not banned";
  std::string text = who + " is banned";
  if (const auto until = summary.time("until")) {
    text +=
        *until == kForever ? ", without end" : fmt::format(", ends {} ({})", end_text(*until, now), to_text(*until));
  }
  return console.bad(text);
}

void print_summary(const Session& session, const Row& summary) {
  const Console& console = session.console;
  const Timestamp now = session.clock.wall();
  console.out << state_text(session, summary, now) << '\n';
  const auto line = [&](const char* what, const std::string& text) {
    if (!text.empty()) console.out << "  " << what << console.safe(text) << '\n';
  };
  line("as part of ", summary.text("covered_by"));
  line("jail: ", summary.text("jail"));
  line("reason: ", summary.text("reason"));
  line("never banned: it is covered by ignoreip ", summary.text("never_ban"));
  std::string known =
      fmt::format("{} on {}, {}", count_text(summary.number("offences"), "offence"),
                  count_text(summary.number("nodes"), "node"), count_text(summary.number("decisions"), "decision"));
  if (const auto first = summary.time("first")) known += ", first " + ago_text(*first, now);
  if (const auto last = summary.time("last")) known += ", last " + ago_text(*last, now);
  console.out << "  known: " << known << '\n';
}

void print_offence(const Session& session, const Row& row) {
  const Console& console = session.console;
  const auto at = row.time("at");
  std::string where = fmt::format("jail {} on {}", console.safe(row.text("jail")), console.safe(row.text("node")));
  if (!row.text("container").empty()) where += ", " + console.safe(row.text("container"));
  if (!row.text("image").empty()) where += " (" + console.safe(row.text("image")) + ")";
  console.out << fmt::format("{}  offence  {}\n", at ? to_text(*at) : "", where);
  const std::string sample = console.safe(row.text("sample"));
  if (sample.empty()) return;
  const std::size_t room = console.width > 40 ? console.width - 4 : 0;
  console.out << "    " << (room > 0 ? fitted(sample, room) : sample) << '\n';
}

// "enforced on 2: host1 +2 ms, host2 +4 ms", wrapped.
void print_enforced(const Session& session, const Row& row) {
  const Console& console = session.console;
  const auto enforced = row.rows("enforced");
  std::string line;
  for (std::size_t i = 0; i < enforced.size(); ++i) {
    if (i > 0) line += i % kNodesALine == 0 ? ",\n      " : ", ";
    line += console.safe(enforced[i].text("node"));
    if (const auto after = enforced[i].number_if("after_ms")) line += fmt::format(" +{} ms", *after);
  }
  if (enforced.empty()) {
    if (row.has("enforced") && !row.flag("superseded")) console.out << "    enforced nowhere yet\n";
    return;
  }
  const std::uint64_t count = std::max<std::uint64_t>(row.number("enforced_on"), enforced.size());
  if (count > enforced.size()) line += fmt::format(", and {} more", count - enforced.size());
  console.out << "    enforced on " << count_text(count, "node") << ": " << line << '\n';
}

void print_missing(const Session& session, const Row& row) {
  const Console& console = session.console;
  const auto missing = row.rows("missing");
  // A later decision stands in its place: that this one is not everywhere means nothing any more.
  if (missing.empty() || row.flag("superseded")) return;
  std::string line;
  for (const Row& node : missing) {
    if (!line.empty()) line += ", ";
    line += console.safe(node.text("node")) + " (" + console.safe(node.text("state")) + ")";
  }
  console.out << "    " << console.bad("NOT enforced on " + line) << '\n';
}

void print_decision(const Session& session, const Row& row) {
  const Console& console = session.console;
  const auto at = row.time("decided_at");
  const auto until = row.time("until");
  std::string text = console.safe(row.text("op"));
  if (until && (row.text("op") == "ban" || row.text("op") == "allow")) text += " until " + to_text(*until);
  text += fmt::format(", decision {} of epoch {} by {}", row.number("seq"), row.number("epoch"),
                      console.safe(row.text("by")));
  if (row.flag("superseded")) text += " (over)";
  console.out << fmt::format("{}  {}  {}\n", at ? to_text(*at) : "", console.strong("DECIDED"), text);
  if (row.text("who") != session.options.who->text())
    console.out << "    for " << console.safe(row.text("who")) << '\n';
  if (!row.text("reason").empty()) console.out << "    reason: " << console.safe(row.text("reason")) << '\n';
  print_enforced(session, row);
  print_missing(session, row);
}

}  // namespace

ExitCode run_why(const Session& session) {
  const Answer answer = ask_rows(session, query_of(session));
  if (answer.code != ExitCode::ok) return answer.code;
  if (session.json()) return answer.count == 0 ? ExitCode::nothing : ExitCode::ok;
  const Console& console = session.console;
  if (answer.rows.empty()) {
    console.out << "nothing is known of " << session.options.who->text() << '\n';
    return ExitCode::nothing;
  }
  // The hub tells the newest first; a story begins at its beginning.
  std::vector<Row> events(answer.rows.rbegin(), answer.rows.rend());
  for (const Row& row : events) {
    if (row.text("type") == "summary") print_summary(session, row);
  }
  if (answer.more) console.out << "  (older events are left out: --limit 0 shows all)\n";
  console.out << '\n';
  if (session.options.timeline) {
    console.out << timeline_text(events, console);
    return ExitCode::ok;
  }
  for (const Row& row : events) {
    if (row.text("type") == "offence") print_offence(session, row);
    if (row.text("type") == "decision") print_decision(session, row);
  }
  return ExitCode::ok;
}

}  // namespace breakwater
