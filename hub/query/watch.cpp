// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "hub/query/verbs.h"

namespace breakwater {

namespace {

// "09:22:55.123Z": who watches knows the day.
std::string clock_text(std::optional<Timestamp> at) {
  const std::string text = at ? to_text(*at) : "";
  const auto day = text.find('T');
  return day == std::string::npos ? "-" : text.substr(day + 1);
}

std::string offence_text(const Console& console, const Row& row) {
  std::string where = console.safe(row.text("node"));
  if (!row.text("container").empty()) where += "/" + console.safe(row.text("container"));
  return fmt::format("{}  offence   {}  {}  {}  {}", clock_text(row.time("at")), console.safe(row.text("who")),
                     console.safe(row.text("jail")), where, console.safe(row.text("sample")));
}

std::string decision_text(const Console& console, const Row& row) {
  const auto until = row.time("until");
  std::string text = fmt::format("{}  {:<8}  {}", clock_text(row.time("decided_at")), console.safe(row.text("op")),
                                 console.safe(row.text("who")));
  if (until) text += "  until " + to_text(*until);
  return text + "  by " + console.safe(row.text("by")) + "  " + console.safe(row.text("reason"));
}

std::string enforced_text(const Console& console, const Row& row) {
  std::string text = fmt::format("{}  enforced  {}", clock_text(row.time("at")), console.safe(row.text("node")));
  if (!row.text("who").empty())
    text += fmt::format("  {} {}", console.safe(row.text("op")), console.safe(row.text("who")));
  if (const auto after = row.number_if("after_ms")) text += fmt::format("  +{} ms", *after);
  text += fmt::format("  (all up to {})", row.number("seq"));
  if (row.number("failed") > 0) text += fmt::format("  {} NOT in its kernel", count_text(row.number("failed"), "ban"));
  return text;
}

std::string event_text(const Console& console, const Row& row) {
  const std::string type = row.text("type");
  if (type == "offence") return offence_text(console, row);
  if (type == "decision") return decision_text(console, row);
  if (type == "enforced") return enforced_text(console, row);
  if (type == "node") {
    return fmt::format("{}  node      {}  {}  {}", clock_text(row.time("at")), console.safe(row.text("node")),
                       console.safe(row.text("state")), console.safe(row.text("text")));
  }
  if (type == "dropped") {
    return fmt::format("-  dropped   {} left out: this terminal reads too slowly",
                       count_text(row.number("count"), "event"));
  }
  return console.safe(row.json());  // of a newer hub
}

}  // namespace

ExitCode run_watch(const Session& session) {
  const Console& console = session.console;
  const std::size_t most = session.options.limit.value_or(0);
  std::size_t shown_rows = 0;
  ExitCode code = ExitCode::ok;
  const auto on_reply = [&](const wire::Reply& reply) {
    if (reply.status != 200) {
      code = tell_refusal(session, reply);
      return false;
    }
    for (const std::string& text : reply.rows) {
      const auto row = Row::parse(text);
      if (!row) {
        code = tell_hub_away(session, row.error().within("the hub's answer cannot be read"));
        return false;
      }
      const std::string line = session.json() ? row->json() : event_text(console, *row);
      console.out << (session.json() || console.width == 0 ? line : fitted(line, console.width)) << '\n';
      if (++shown_rows == most) return false;
    }
    console.out.flush();
    return static_cast<bool>(console.out);
  };
  const auto followed = session.hub.follow(query_of(session), on_reply);
  if (!followed) return tell_hub_away(session, followed.error());
  return code;
}

}  // namespace breakwater
