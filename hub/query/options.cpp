// SPDX-License-Identifier: Apache-2.0
#include "hub/query/options.h"

#include <algorithm>
#include <array>

#include <CLI/CLI.hpp>

#include "common/base/text.h"
#include "common/base/version.h"
#include "common/config/duration_text.h"

namespace breakwater {

namespace {

struct VerbText {
  Verb verb;
  const char* name;
  const char* help;
};

constexpr std::array<VerbText, 11> kVerbs = {{
    {Verb::status, "status", "how the hub and the fleet are, on one screen"},
    {Verb::nodes, "nodes", "every node: connected, lag, what its kernel enforces, alarms"},
    {Verb::bans, "bans", "who is banned now, until when, on how many nodes"},
    {Verb::offences, "offences", "what the filters matched, newest first"},
    {Verb::why, "why", "the story of one address: offences, decisions, where it is enforced"},
    {Verb::ban, "ban", "ban an address or a range on the whole fleet"},
    {Verb::unban, "unban", "lift a ban on the whole fleet"},
    {Verb::allow, "allow", "never ban an address or a range; lifts its bans"},
    {Verb::disallow, "disallow", "end an allow"},
    {Verb::top, "top", "who and what offends most"},
    {Verb::watch, "watch", "offences and decisions as they happen, until interrupted"},
}};

constexpr const char* kFooter =
    "Exit codes: 0 done, 1 nothing known, 2 usage, 3 no answer from the hub, 4 refused by the hub, 5 degraded "
    "(status), "
    "6 output not written. See breakwater(1).";

// What CLI11 fills; text that still has to be read.
struct Raw {
  Options options;
  std::string hub, key, hub_key, output = "table", timeout = "5s", address, length, since;
  std::int64_t limit = -1;
};

void add_common(CLI::App& app, Raw& raw) {
  app.add_option("--hub", raw.hub, "ipc:///PATH or tcp://HOST:PORT")->envname("BREAKWATER_HUB")->type_name("WHERE");
  app.add_option("--key", raw.key, "our secret key file, for a hub over tcp")
      ->envname("BREAKWATER_KEY")
      ->type_name("FILE");
  app.add_option("--hub-key", raw.hub_key, "the hub's public key, for a hub over tcp")
      ->envname("BREAKWATER_HUB_KEY")
      ->type_name("HEX|FILE");
  app.add_option("--output", raw.output, "table or json (one object a line)")->type_name("FORM");
  app.add_option("--limit", raw.limit, "rows at most; 0 = all (100; watch: all)")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000}));
  app.add_option("--timeout", raw.timeout, "how long to wait for the hub")->type_name("LENGTH")->capture_default_str();
}

void add_address(CLI::App& verb, Raw& raw, bool required) {
  verb.add_option("address", raw.address, "203.0.113.7, 203.0.113.0/24, 2001:db8::/64")
      ->required(required)
      ->type_name("ADDRESS");
}

void add_filters(CLI::App& verb, Raw& raw) {
  verb.add_option("--jail", raw.options.jail, "only this jail")->type_name("NAME");
  verb.add_option("--node", raw.options.node, "only this node")->type_name("NAME");
}

void add_since(CLI::App& verb, Raw& raw) {
  verb.add_option("--since", raw.since, "only this far back: 10m, 1d")->type_name("LENGTH");
}

void add_order(CLI::App& verb, Raw& raw, bool lasts) {
  add_address(verb, raw, true);
  verb.add_option("--reason", raw.options.reason, "for the record, at most 200 bytes")->type_name("TEXT");
  if (lasts) verb.add_option("--for", raw.length, "10m, 1h, 7d; -1 = no end")->type_name("LENGTH");
}

// What only this verb takes.
void add_arguments(CLI::App& verb, Verb which, Raw& raw) {
  switch (which) {
    case Verb::status:
      return;
    case Verb::nodes:
      verb.add_option("node", raw.options.node, "a name or a pattern: web-*")->type_name("NAME");
      return;
    case Verb::bans:
      verb.add_flag("--allowed", raw.options.allowed, "the allow list instead");
      add_address(verb, raw, false);
      return add_filters(verb, raw);
    case Verb::offences:
      add_since(verb, raw);
      add_address(verb, raw, false);
      return add_filters(verb, raw);
    case Verb::why:
      verb.add_flag("--timeline", raw.options.timeline, "only what happened when, in milliseconds");
      return add_address(verb, raw, true);
    case Verb::ban:
    case Verb::allow:
      return add_order(verb, raw, true);
    case Verb::unban:
    case Verb::disallow:
      return add_order(verb, raw, false);
    case Verb::top:
      verb.add_option("--by", raw.options.by, "address (default), network, jail, node, container or image")
          ->type_name("WHAT");
      add_since(verb, raw);
      return add_filters(verb, raw);
    case Verb::watch:
      add_address(verb, raw, false);
      return add_filters(verb, raw);
  }
}

void add_verb(CLI::App& app, const VerbText& text, Raw& raw) {
  CLI::App& verb = *app.add_subcommand(text.name, text.help);
  verb.callback([&raw, which = text.verb] { raw.options.verb = which; });
  add_arguments(verb, text.verb, raw);
}

Farewell usage(std::string text) {
  return {ExitCode::usage, "breakwater: " + std::move(text) + "\nTry: breakwater --help\n"};
}

std::optional<Farewell> read_raw(Raw& raw) {
  Options& options = raw.options;
  if (!raw.hub.empty()) options.hub = raw.hub;
  if (!options.hub.starts_with("ipc:///") && !options.hub.starts_with("tcp://")) {
    return usage("--hub \"" + escaped(options.hub, 100) + "\" is neither ipc:///PATH nor tcp://HOST:PORT");
  }
  if (!raw.key.empty()) options.key = raw.key;
  if (!raw.hub_key.empty()) options.hub_key = raw.hub_key;
  if (raw.output != "table" && raw.output != "json") return usage("--output is table or json");
  options.output = raw.output == "json" ? OutputForm::json : OutputForm::table;
  const auto timeout = parse_duration(raw.timeout);
  if (!timeout || *timeout <= Duration::zero()) return usage("--timeout: not a length of time (try 5s)");
  options.timeout = *timeout;
  if (raw.limit >= 0) options.limit = static_cast<std::size_t>(raw.limit);
  if (!raw.since.empty()) {
    const auto since = parse_duration(raw.since);
    if (!since) return usage("--since: " + since.error().message());
    options.since = *since;
  }
  if (!raw.address.empty()) {
    const auto who = Prefix::parse(raw.address);
    if (!who) return usage(who.error().message());
    options.who = *who;
  }
  if (!raw.length.empty()) {
    const auto length = parse_ban_duration(raw.length);
    if (!length) return usage("--for: " + length.error().message());
    if (*length && **length < std::chrono::seconds(1)) return usage("--for: at least 1s");
    options.length = *length;
  }
  return std::nullopt;
}

// CLI11 calls an unknown verb "The following argument was not expected": not what the operator asks himself.
std::optional<std::string> misspelt_verb(const std::vector<std::string>& arguments) {
  std::vector<std::string> known;
  for (const VerbText& verb : kVerbs)
    known.emplace_back(verb.name);
  for (const std::string& argument : arguments) {
    if (std::find(known.begin(), known.end(), argument) != known.end()) return std::nullopt;
  }
  for (const std::string& argument : arguments) {
    if (argument.starts_with('-') || argument.size() > 32) continue;
    const auto near = nearest(argument, known);
    if (near) return "unknown verb \"" + escaped(argument, 64) + "\": did you mean \"" + *near + "\"?";
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(Verb verb) {
  for (const VerbText& text : kVerbs) {
    if (text.verb == verb) return text.name;
  }
  return "";
}

std::variant<Options, Farewell> parse_options(const std::vector<std::string>& arguments) {
  Raw raw;
  CLI::App app("Ask a Breakwater hub: who is banned, why, by whom, where it is enforced; and undo.", "breakwater");
  app.set_version_flag("--version", software_name("breakwater"));
  app.require_subcommand(1);
  app.fallthrough();  // common options may stand behind the verb
  app.footer(kFooter);
  add_common(app, raw);
  for (const VerbText& verb : kVerbs)
    add_verb(app, verb, raw);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // CLI11 takes them off the end
    app.parse(reversed);
  } catch (const CLI::CallForVersion& version) {
    return Farewell{ExitCode::ok, std::string(version.what()) + "\n"};
  } catch (const CLI::CallForHelp&) {
    const auto verbs = app.get_subcommands();
    return Farewell{ExitCode::ok, verbs.empty() ? app.help() : verbs.front()->help()};
  } catch (const CLI::ParseError& error) {
    if (arguments.empty()) return Farewell{ExitCode::usage, app.help()};
    return usage(misspelt_verb(arguments).value_or(escaped(error.what(), 300)));
  }
  if (auto farewell = read_raw(raw)) return *farewell;
  return raw.options;
}

}  // namespace breakwater
