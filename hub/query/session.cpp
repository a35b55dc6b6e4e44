// SPDX-License-Identifier: Apache-2.0
#include "hub/query/session.h"

#include <algorithm>

namespace breakwater {

namespace {

constexpr std::size_t kRowsPerPage = 1000;  // as many as the hub gives: messages.h

// Rows of one reply into the answer; false if one is unreadable (told).
bool take_rows(const Session& session, const wire::Reply& reply, std::size_t room, Answer& answer) {
  for (const std::string& text : reply.rows) {
    if (room-- == 0) return true;  // a hub that gives more than it was asked for
    auto row = Row::parse(text);
    if (!row) {
      answer.code = tell_hub_away(session, row.error().within("the hub's answer cannot be read"));
      return false;
    }
    ++answer.count;
    if (session.json()) {
      session.console.out << row->json() << '\n';
    } else {
      answer.rows.push_back(*std::move(row));
    }
  }
  return true;
}

}  // namespace

wire::Query query_of(const Session& session) {
  const Options& options = session.options;
  wire::Query query;
  query.verb = name_of(options.verb);
  const auto add = [&](const char* name, std::string value) {
    if (!value.empty()) query.args[name] = std::move(value);
  };
  if (options.who) add("who", options.who->text());
  add("jail", options.jail);
  add("node", options.node);
  add("reason", options.reason);
  add("by", options.by);
  if (options.allowed) add("kind", "allow");
  if (options.since) add("since", std::to_string(to_unix_ms(session.clock.wall() - *options.since)));
  if (options.length) {
    const auto length = *options.length;
    add("for", length ? std::to_string(std::chrono::ceil<std::chrono::seconds>(*length).count()) : "-1");
  }
  return query;
}

Answer ask_rows(const Session& session, wire::Query query) {
  Answer answer;
  const std::size_t limit = session.options.limit.value_or(kDefaultLimit);
  const std::size_t asked = limit == 0 ? SIZE_MAX : limit;
  std::size_t page = kRowsPerPage;
  const std::size_t most = session.json() ? asked : std::min(asked, kMostTableRows);
  for (;;) {
    const std::size_t room = most - answer.count;
    query.limit = static_cast<std::uint16_t>(std::min(room, page));
    const auto reply = session.hub.ask(query);
    if (!reply) {
      answer.code = tell_hub_away(session, reply.error());
      return answer;
    }
    if (reply->status == 413 && query.limit > 1) {  // rows with long samples: fewer fit into one reply
      page = query.limit / 2;
      continue;
    }
    if (reply->status != 200) {
      answer.code = tell_refusal(session, *reply);
      return answer;
    }
    if (!take_rows(session, *reply, room, answer)) return answer;
    if (reply->next.empty() || reply->next == query.cursor) return answer;
    if (answer.count >= most) {
      answer.more = true;
      return answer;
    }
    query.cursor = reply->next;
  }
}

ExitCode tell_refusal(const Session& session, const wire::Reply& reply) {
  const Console& console = session.console;
  const std::string words = reply.error.empty() ? "status " + std::to_string(reply.status) : console.safe(reply.error);
  if (reply.status == 404) {
    console.err << words << '\n';
    return ExitCode::nothing;
  }
  if (reply.status == 400 || reply.status == 403) {
    console.err << "breakwater: the hub refuses: " << words << '\n';
    return ExitCode::refused;
  }
  console.err << "breakwater: the hub cannot answer now: " << words << '\n';
  return ExitCode::hub_away;
}

ExitCode tell_hub_away(const Session& session, const Error& error) {
  const Console& console = session.console;
  const bool local = session.options.hub.starts_with("ipc:");
  console.err << "breakwater: " << console.safe(error.message()) << '\n'
              << "  tried  " << console.safe(session.options.hub) << '\n'
              << "  check  "
              << (local ? "systemctl status breakwater-hub; that you are root, or the hub's user"
                        : "that the hub runs and its port is open; --key and --hub-key")
              << "; --hub or BREAKWATER_HUB name another hub\n"
              << "  note   nodes keep detecting and banning while the hub is away\n";
  return ExitCode::hub_away;
}

void tell_more(const Session& session, const Answer& answer) {
  if (!answer.more) return;
  session.console.err << answer.count << " shown, there are more: --limit 0 shows all\n";
}

}  // namespace breakwater
