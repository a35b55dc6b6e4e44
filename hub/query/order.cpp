// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "hub/query/verbs.h"

namespace breakwater {

namespace {

std::string_view done_text(Verb verb) {
  switch (verb) {
    case Verb::ban:
      return "banned";
    case Verb::unban:
      return "unbanned";
    case Verb::allow:
      return "allowed: never banned";
    default:
      return "no longer allowed";
  }
}

void print_order(const Session& session, const Row& row) {
  const Console& console = session.console;
  const Verb verb = session.options.verb;
  std::string text = fmt::format("{} {}", console.safe(row.text("who")), done_text(verb));
  const auto until = row.time("until");
  if ((verb == Verb::ban || verb == Verb::allow) && until) {
    text += *until == kForever ? ", without end"
                               : fmt::format(", ends {} ({})", end_text(*until, session.clock.wall()), to_text(*until));
  }
  text += fmt::format("\n  decision {} of epoch {} by {}, on its way to {}", row.number("seq"), row.number("epoch"),
                      console.safe(row.text("by")), count_text(row.number("connected"), "node"));
  const std::string was = row.text("was");
  if (was == "banned" || was == "allowed") text += "; it was " + was + " before";
  if (verb == Verb::ban)
    text += fmt::format("\n  where it is enforced: breakwater bans {}", session.options.who->text());
  console.out << text << '\n';
}

}  // namespace

ExitCode run_order(const Session& session) {
  const auto reply = session.hub.ask(query_of(session));
  if (!reply) return tell_hub_away(session, reply.error());
  if (reply->status != 200) return tell_refusal(session, *reply);
  for (const std::string& text : reply->rows) {
    const auto row = Row::parse(text);
    if (!row) return tell_hub_away(session, row.error().within("the hub's answer cannot be read"));
    if (session.json()) {
      session.console.out << row->json() << '\n';
    } else {
      print_order(session, *row);
    }
  }
  return ExitCode::ok;
}

}  // namespace breakwater
