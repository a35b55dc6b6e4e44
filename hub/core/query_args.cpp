// SPDX-License-Identifier: Apache-2.0
#include "hub/core/query_args.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <string_view>
#include <vector>

#include "common/base/text.h"
#include "common/config/duration_text.h"

namespace breakwater {

namespace {

constexpr std::size_t kMaxReason = 200;
constexpr std::size_t kMaxRows = 1000;

const std::map<std::string, std::vector<std::string_view>, std::less<>>& verbs() {
  static const std::map<std::string, std::vector<std::string_view>, std::less<>> known = {
      {"status", {}},
      {"nodes", {"node"}},
      {"bans", {"who", "jail", "node", "kind"}},
      {"offences", {"who", "jail", "node", "since", "until"}},
      {"why", {"who"}},
      {"ban", {"who", "for", "reason"}},
      {"unban", {"who", "reason"}},
      {"allow", {"who", "for", "reason"}},
      {"disallow", {"who", "reason"}},
      {"top", {"by", "since", "jail", "node"}},
      {"watch", {"jail", "node", "who"}},
  };
  return known;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<Timestamp> parse_time(const std::string& name, const std::string& text) {
  constexpr std::uint64_t kYear9999 = 253'402'300'799'999;
  const auto ms = parse_number(text);
  if (!ms || *ms > kYear9999) return Error(name + " \"" + escaped(text, 40) + "\" is not a time in milliseconds");
  return from_unix_ms(static_cast<std::int64_t>(*ms));
}

Result<void> take(QueryArgs& args, const std::string& name, const std::string& text) {
  if (name == "who") {
    auto who = Prefix::parse(trimmed(text));
    if (!who) return Error("\"" + escaped(text, 60) + "\" is neither an address nor a range");
    args.who = *who;
  } else if (name == "since" || name == "until") {
    auto time = parse_time(name, text);
    if (!time) return time.error();
    (name == "since" ? args.since : args.until) = *time;
  } else if (name == "for") {
    auto length = parse_ban_duration(text);
    if (!length) return length.error().within("for");
    if (*length && **length <= Duration(0)) return Error("for: a length of zero bans nobody");
    args.length = *length;
  } else if (name == "reason") {
    if (text.size() > kMaxReason) return Error("reason: more than 200 bytes");
    args.reason = text;
  } else {
    (name == "jail" ? args.jail : name == "node" ? args.node : name == "by" ? args.by : args.kind) = text;
  }
  return {};
}

}  // namespace

Result<QueryArgs> QueryArgs::parse(const wire::Query& query) {
  const auto verb = verbs().find(query.verb);
  if (verb == verbs().end()) return Error("unknown verb \"" + escaped(query.verb, 40) + "\"");
  QueryArgs args;
  args.limit = std::clamp<std::size_t>(query.limit, 1, kMaxRows);
  for (const auto& [name, text] : query.args) {
    const bool known = std::find(verb->second.begin(), verb->second.end(), name) != verb->second.end();
    if (!known) return Error(query.verb + " has no argument \"" + escaped(name, 40) + "\"");
    if (auto taken = take(args, name, text); !taken) return taken.error();
  }
  const bool about_somebody = std::find(verb->second.begin(), verb->second.end(), "who") != verb->second.end();
  const bool filter = query.verb == "bans" || query.verb == "offences" || query.verb == "watch";
  if (about_somebody && !filter && !args.who) return Error(query.verb + " needs an address: who");
  if (!args.kind.empty() && args.kind != "ban" && args.kind != "allow") return Error("kind is ban or allow");
  return args;
}

Result<LedgerQuery> ledger_query(const wire::Query& query, const QueryArgs& args, Timestamp now) {
  static constexpr std::array<std::string_view, 6> kBy = {"address", "jail", "node", "network", "container", "image"};
  LedgerQuery asked;
  asked.who = args.who;
  asked.jail = args.jail;
  asked.node = args.node;
  asked.since = args.since;
  asked.until = args.until;
  asked.limit = args.limit;
  if (query.verb == "top") {
    asked.kind = LedgerQuery::Kind::top;
    asked.by = args.by.empty() ? "address" : args.by;
    if (std::find(kBy.begin(), kBy.end(), asked.by) == kBy.end()) {
      return Error("by is one of address, jail, node, network, container, image");
    }
    if (!asked.since) asked.since = now - std::chrono::hours(24);
    return asked;
  }
  if (query.verb == "why") {
    asked.kind = LedgerQuery::Kind::why;
    asked.with_summary = query.cursor.empty();
  }
  if (query.cursor.empty()) return asked;
  const auto parts = split(query.cursor, ':');
  const auto offence = parse_number(parts[0]);
  const auto decision = parts.size() > 1 ? parse_number(parts[1]) : std::optional<std::uint64_t>(0);
  const bool fits = parts.size() == (asked.kind == LedgerQuery::Kind::why ? 2u : 1u);
  if (!fits || !offence || !decision) return Error("this cursor is not one of ours");
  asked.before_offence = *offence;
  asked.before_decision = *decision;
  return asked;
}

std::string why_cursor(std::uint64_t before_offence, std::uint64_t before_decision) {
  return std::to_string(before_offence) + ":" + std::to_string(before_decision);
}

}  // namespace breakwater
