// SPDX-License-Identifier: Apache-2.0
// What the operator typed.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "hub/query/exit_code.h"

namespace breakwater {

enum class Verb { status, nodes, bans, offences, why, ban, unban, allow, disallow, top, watch };
enum class OutputForm { table, json };

inline constexpr std::size_t kDefaultLimit = 100;
inline constexpr const char* kLocalHub = "ipc:///run/breakwater-hub/query.sock";

struct Options {
  Verb verb = Verb::status;
  std::string hub = kLocalHub;         // --hub, BREAKWATER_HUB
  std::optional<std::string> key;      // --key, BREAKWATER_KEY: file of our secret key, for a remote hub
  std::optional<std::string> hub_key;  // --hub-key, BREAKWATER_HUB_KEY: the hub's public key, hex or file
  OutputForm output = OutputForm::table;
  Duration timeout = std::chrono::seconds(5);
  std::optional<std::size_t> limit;  // --limit: rows at most; 0 = all. Not given: kDefaultLimit, for watch no limit
  // why, ban, unban, allow, disallow: whom. bans, offences, watch: only what overlaps it; not given = everybody.
  std::optional<Prefix> who;
  // ban, allow: nullopt = --for not given; a nullopt inside = no end.
  std::optional<std::optional<Duration>> length;
  std::string reason;             // ban, unban, allow, disallow
  std::string jail, node;         // bans, offences, top, watch: only these; nodes: a glob; empty = all
  std::optional<Duration> since;  // offences, top: only this far back
  std::string by;                 // top: what is counted
  bool allowed = false;           // bans: the allow list instead
  bool timeline = false;          // why: milliseconds since the first event instead of the story
};

// The program ends at once: --help, --version or a usage error.
struct Farewell {
  ExitCode code = ExitCode::usage;
  std::string text;  // for stdout if code is ok, else for stderr
};

// `arguments` without the program's name. Reads the environment variables named above.
std::variant<Options, Farewell> parse_options(const std::vector<std::string>& arguments);

std::string_view name_of(Verb verb);

}  // namespace breakwater
