// SPDX-License-Identifier: Apache-2.0
#include "common/config/jail_options.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "common/base/text.h"

namespace breakwater {

namespace {

struct Unused {
  const char* option;
  const char* why;
  Severity severity;
  // Values, separated by '|', that change nothing anyway.
  const char* harmless;
};

constexpr std::array<Unused, 12> kUnused{{
    {"port", "a ban covers all ports", Severity::warning, "0:65535|any|all"},
    {"protocol", "a ban covers all protocols", Severity::warning, "tcp|all"},
    {"chain", "a ban stands in DOCKER, DOCKER-USER, INPUT and before them", Severity::warning,
     "INPUT|DOCKER|DOCKER-USER|<known/chain>"},
    {"ignorecommand", "commands are not run: it spares nobody; use ignoreip", Severity::warning, ""},
    {"ignorecache", "it belongs to ignorecommand", Severity::info, ""},
    {"logencoding", "lines are matched as the bytes they are", Severity::info, "auto|utf-8|UTF-8|utf8|ascii"},
    {"maxmatches", "the hub keeps one sample line of each offence", Severity::info, "*"},
    {"skip_if_nologs", "logs may come at any time", Severity::info, "*"},
    {"systemd_if_nologs", "the journal is not read", Severity::info, "false|no|0|off"},
    {"sendername", "mail is not sent", Severity::info, "*"},
    {"tcpport", "a ban covers all ports", Severity::info, "*"},
    {"udpport", "a ban covers all ports", Severity::info, "*"},
}};

// Variables of fail2ban's own jail.conf: nothing needs to refer to them.
constexpr std::array<const char*, 17> kVariables{
    "banaction",      "banaction_*", "action_*",   "mta",        "destemail", "sender",
    "fail2ban_agent", "*_log",       "*_backend",  "syslog_*",   "blocktype", "returntype",
    "default_*",      "fq-hostname", "blocklist*", "abuseipdb*", "cf*"};

const Unused* find_unused(std::string_view option) {
  const auto it = std::find_if(kUnused.begin(), kUnused.end(), [&](const Unused& u) { return option == u.option; });
  return it == kUnused.end() ? nullptr : &*it;
}

bool harmless(const Unused& unused, const std::string& value) {
  const std::string text(trimmed(value));
  if (text.empty()) return true;
  for (const std::string_view good : split(unused.harmless, '|')) {
    if (good == "*" || good == text) return true;
  }
  return false;
}

bool is_variable(const std::string& key) {
  return std::any_of(kVariables.begin(), kVariables.end(), [&](const char* p) { return glob_matches(p, key); });
}

// What any %(name)s or %(section/name)s in the files refers to.
std::set<std::string> referenced(const Config& config) {
  std::set<std::string> names;
  const auto scan = [&names](const std::string& text) {
    for (auto at = text.find("%("); at != std::string::npos; at = text.find("%(", at + 2)) {
      const auto close = text.find(')', at);
      if (close == std::string::npos) return;
      std::string name = text.substr(at + 2, close - at - 2);
      if (const auto slash = name.rfind('/'); slash != std::string::npos) name.erase(0, slash + 1);
      for (char& c : name)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      names.insert(name);
    }
  };
  const auto scan_section = [&](const std::string& section) {
    for (const auto& [key, option] : config.options(section)) {
      for (const auto* layer = option.get(); layer != nullptr; layer = layer->previous.get()) {
        for (const SourcedLine& line : layer->value.lines())
          scan(line.text);
      }
    }
  };
  scan_section(kDefaultSection);
  for (const std::string& section : config.sections())
    scan_section(section);
  return names;
}

std::vector<std::string> all_names() {
  std::vector<std::string> names = jail_options();
  for (const Unused& unused : kUnused)
    names.emplace_back(unused.option);
  return names;
}

// "sshd, web and 3 more"
std::string short_list(const std::vector<std::string>& names) {
  std::string out;
  const std::size_t shown = std::min<std::size_t>(names.size(), 3);
  for (std::size_t i = 0; i < shown; ++i)
    out += (i > 0 ? ", " : "") + escaped(names[i], 60);
  if (names.size() > shown) out += " and " + std::to_string(names.size() - shown) + " more";
  return out;
}

}  // namespace

const std::vector<std::string>& jail_options() {
  static const std::vector<std::string> kOptions{"enabled",
                                                 "filter",
                                                 "mode",
                                                 "breakwater.mode",
                                                 "backend",
                                                 "logpath",
                                                 "logtimezone",
                                                 "container",
                                                 "image",
                                                 "label",
                                                 "maxretry",
                                                 "findtime",
                                                 "bantime",
                                                 "bantime.increment",
                                                 "bantime.factor",
                                                 "bantime.formula",
                                                 "bantime.evalexpr",
                                                 "bantime.multipliers",
                                                 "bantime.maxtime",
                                                 "bantime.rndtime",
                                                 "bantime.overalljails",
                                                 "ignoreself",
                                                 "ignoreip",
                                                 "failregex",
                                                 "ignoreregex",
                                                 "prefregex",
                                                 "datepattern",
                                                 "maxlines",
                                                 "usedns",
                                                 "journalmatch",
                                                 "action",
                                                 "fleet.maxretry",
                                                 "fleet.quorum",
                                                 "fleet.scope"};
  return kOptions;
}

std::string_view why_unused(std::string_view option) {
  const Unused* unused = find_unused(option);
  return unused == nullptr ? std::string_view() : unused->why;
}

void UnusedOptions::take(OptionValues& values, const std::string& jail) {
  for (const Unused& unused : kUnused) {
    if (!values.is_set(unused.option)) continue;
    // A value that cannot be expanded is as unused as any other: no problem of its own.
    const Expanded value = values.interpolator().get(values.section(), unused.option);
    if (value.value && harmless(unused, value.value->text())) continue;
    const auto [it, first] = uses_.try_emplace(unused.option, Use{values.origin(unused.option), {}});
    it->second.jails.push_back(jail);
  }
}

void UnusedOptions::report(Problems& problems) const {
  for (const auto& [option, use] : uses_) {
    const Unused& unused = *find_unused(option);
    problems.add({unused.severity,
                  use.origin,
                  {"option", option},
                  "has no effect: " + std::string(unused.why) + "; set in " + short_list(use.jails),
                  {}});
  }
}

void report_unknown_jail_options(const Config& config, Problems& problems) {
  const std::vector<std::string> known = all_names();
  const std::set<std::string> in_use = referenced(config);
  const auto check = [&](const std::string& section) {
    const bool defaults = section == kDefaultSection;
    const Subject subject{defaults ? "section" : "jail", section};
    for (const auto& [key, option] : config.options(section)) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      if (in_use.count(key) > 0 || is_variable(key)) continue;
      const auto near = nearest(key, known);
      const std::string right = near ? "did you mean " + *near + "?" : "";
      const std::string what = "unknown option " + in_quotes(key);
      if (near || !defaults) {
        problems.error(option->origin, subject, what, right);
      } else {
        problems.warning(option->origin, subject, what + ", and nothing refers to it");
      }
    }
  };
  check(kDefaultSection);
  for (const std::string& section : config.sections())
    check(section);
}

}  // namespace breakwater
