// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "hub/query/verbs.h"

namespace breakwater {

namespace {

// Offences of the last minute, over all jails; nullopt if the hub does not say.
std::optional<std::uint64_t> offences_last_minute(const Session& session, Timestamp now) {
  wire::Query query;
  query.verb = "top";
  query.args = {{"by", "jail"}, {"since", std::to_string(to_unix_ms(now - std::chrono::minutes(1)))}};
  query.limit = 1000;
  const auto reply = session.hub.ask(query);
  if (!reply || reply->status != 200) return std::nullopt;
  std::uint64_t sum = 0;
  for (const std::string& text : reply->rows) {
    const auto row = Row::parse(text);
    if (!row || row->flag("partial")) return std::nullopt;
    sum += row->number("offences");
  }
  return sum;
}

std::string microseconds(std::uint64_t us) {
  return fmt::format("{}.{} ms", us / 1000, us % 1000 / 100);
}

void print_line(const Session& session, std::string_view what, const std::string& text) {
  session.console.out << fmt::format("  {:<10} {}\n", what, text);
}

void print_nodes(const Session& session, const Row& row) {
  const auto nodes = row.object("nodes");
  if (!nodes) return;
  std::string text = fmt::format("{}/{} connected", nodes->number("connected"), nodes->number("enrolled"));
  for (const char* state : {"late", "lost", "lagging"}) {
    if (nodes->number(state) > 0) text += fmt::format(", {} {}", nodes->number(state), state);
  }
  print_line(session, "nodes", text);
}

void print_ledger(const Session& session, const Row& row) {
  const auto ledger = row.object("ledger");
  if (!ledger) return;
  std::string text =
      fmt::format("{} commits, p50 {}, p99 {}", ledger->number("commits"),
                  microseconds(ledger->number("commit_p50_us")), microseconds(ledger->number("commit_p99_us")));
  if (const auto waiting = ledger->number("pending_offences")) text += fmt::format(", {} offences waiting", waiting);
  if (const auto failures = ledger->number("failures")) text += fmt::format(", {} failed", failures);
  print_line(session, "ledger", text);
  const std::string error = ledger->text("error");
  if (!error.empty()) print_line(session, "", session.console.bad(session.console.safe(error)));
}

std::string jail_text(const Session& session, const Row& jail) {
  const auto length = [&](const char* key) -> std::string {
    return jail.number_if(key) ? length_text(Duration(static_cast<std::int64_t>(jail.number(key)))) : "ever";
  };
  std::string text = fmt::format("{}: {} in {} bans for {}", session.console.safe(jail.text("jail")),
                                 jail.number("maxretry"), length("findtime_ms"), length("bantime_ms"));
  if (jail.text("fleet_scope") == "node") {
    text += ", each node alone";
  } else {
    text += fmt::format(", fleet: {}", jail.number("fleet_maxretry"));
    if (jail.number("fleet_quorum") > 1) text += fmt::format(" on {} nodes", jail.number("fleet_quorum"));
  }
  if (jail.text("mode") == "observe") text += " (observed only)";
  return text;
}

// Every counter that is not zero, so that nothing which was dropped stays unseen.
void print_counters(const Session& session, const Row& row) {
  const std::size_t width = session.console.width > 40 ? session.console.width : 100;
  std::string line;
  std::string_view what = "counted";
  for (const auto& [name, count] : row.numbers("counters")) {
    if (count == 0) continue;
    const std::string text = fmt::format("{} {}", session.console.safe(name), count);
    if (!line.empty() && line.size() + text.size() + 2 + 13 > width) {
      print_line(session, what, line);
      what = line = "";
    }
    line += (line.empty() ? "" : ", ") + text;
  }
  if (!line.empty()) print_line(session, what, line);
}

void print_alarms(const Session& session, const Row& row, Timestamp now) {
  const Console& console = session.console;
  for (const std::string& problem : row.texts("problems")) {
    print_line(session, "PROBLEM", console.bad(console.safe(problem)));
  }
  for (const Row& alarm : row.rows("alarms")) {
    std::string text = console.safe(alarm.text("text"));
    if (alarm.number("count") > 1) text += fmt::format(" ({} times)", alarm.number("count"));
    if (const auto last = alarm.time("last")) text += ", " + ago_text(*last, now);
    print_line(session, "alarm", text);
  }
}

void print_status(const Session& session, const Row& row) {
  const Console& console = session.console;
  const Timestamp now = row.time("now").value_or(session.clock.wall());
  const std::string state = row.text("state");
  std::string up;
  if (const auto started = row.time("started")) up = ", up " + length_text(now - *started);
  console.out << fmt::format("hub {} ({}): {}{}\n", console.strong(console.safe(row.text("hub"))),
                             console.safe(row.text("software")),
                             state == "ok" ? console.good("ok") : console.bad(console.safe(state)), up);
  print_nodes(session, row);
  print_line(session, "bans",
             fmt::format("{} active, {} allowed, {} being counted", row.number("bans"), row.number("allows"),
                         row.number("windows")));
  std::string offences = "unknown";
  if (const auto rate = offences_last_minute(session, now)) offences = fmt::format("{} in the last minute", *rate);
  print_line(session, "offences", offences);
  print_line(session, "decisions",
             fmt::format("newest {} of epoch {}, log from {}", row.number("head"), row.number("epoch"),
                         row.number("log_from")));
  print_ledger(session, row);
  const char* what = "jails";
  for (const Row& jail : row.rows("jails")) {
    print_line(session, what, jail_text(session, jail));
    what = "";
  }
  print_counters(session, row);
  print_alarms(session, row, now);
}

}  // namespace

ExitCode run_status(const Session& session) {
  const auto reply = session.hub.ask(query_of(session));
  if (!reply) return tell_hub_away(session, reply.error());
  if (reply->status != 200) return tell_refusal(session, *reply);
  const auto row = reply->rows.empty() ? Result<Row>(Error("there is no row")) : Row::parse(reply->rows.front());
  if (!row) return tell_hub_away(session, row.error().within("the hub's answer cannot be read"));
  if (session.json()) {
    session.console.out << row->json() << '\n';
  } else {
    print_status(session, *row);
  }
  return row->text("state") == "ok" ? ExitCode::ok : ExitCode::degraded;
}

}  // namespace breakwater
