// SPDX-License-Identifier: Apache-2.0
#include "common/config/jail_fields.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/base/text.h"
#include "common/config/ignore_list.h"
#include "common/config/option_list.h"

namespace breakwater {

namespace {

constexpr int kMaxRetry = 1000000;
constexpr int kMaxNodes = 100000;

std::vector<std::string> read_items(OptionValues& values, const std::string& key) {
  std::vector<std::string> items;
  if (const auto text = values.text(key)) {
    for (SourcedLine& item : split_items(*text))
      items.push_back(std::move(item.text));
  }
  return items;
}

void read_log_paths(OptionValues& values, JailConfig& jail) {
  const auto text = values.text("logpath");
  if (!text) return;
  for (const SourcedLine& line : text->lines()) {
    std::string path(trimmed(line.text));
    if (path.empty()) continue;
    bool from_tail = false;
    if (const auto blank = path.find_last_of(" \t"); blank != std::string::npos) {
      const std::string last = path.substr(blank + 1);
      from_tail = last == "tail";
      if (last == "tail" || last == "head") path = std::string(trimmed(path.substr(0, blank)));
      if (last.starts_with('/')) {
        values.error_at(line.origin, "logpath " + in_quotes(path) + " holds several paths", "one path a line");
        continue;
      }
    }
    if (!path.starts_with('/')) {
      values.error_at(line.origin, "logpath " + in_quotes(path) + " is not absolute", "it starts with /");
      continue;
    }
    jail.logpaths.push_back({path, from_tail, line.origin});
  }
}

void read_backend(OptionValues& values, JailConfig& jail) {
  std::string backend;
  values.read_text("backend", backend);
  const std::string name = backend.substr(0, backend.find('['));
  if (name.empty() || name == "auto" || name == "automatic") return;
  if (name == "docker") {
    jail.backend = LogBackend::docker;
  } else if (name == "file" || name == "polling" || name == "pyinotify" || name == "gamin") {
    jail.backend = LogBackend::file;
  } else if (name == "systemd") {
    if (!values.is_set("logpath")) {
      return values.error("backend", "backend systemd: the journal is not read", "give a logpath and backend = auto");
    }
    values.warning("backend", "backend systemd: the journal is not read, logpath is", "backend = auto");
  } else {
    static const std::vector<std::string> kBackends{"auto", "file", "docker", "polling", "pyinotify"};
    values.error("backend", "backend " + in_quotes(backend) + " is unknown", suggestion(name, kBackends));
  }
}

void read_labels(OptionValues& values, JailConfig& jail) {
  for (const std::string& label : read_items(values, "label")) {
    const auto equals = label.find('=');
    const std::string key(trimmed(label.substr(0, equals)));
    if (key.empty()) {
      values.error("label", "label " + in_quotes(label) + " has no key", "label = key=value");
      continue;
    }
    jail.labels.emplace_back(key, equals == std::string::npos ? "*" : std::string(trimmed(label.substr(equals + 1))));
  }
}

void read_sources(OptionValues& values, JailConfig& jail) {
  read_log_paths(values, jail);
  read_backend(values, jail);
  jail.container_globs = read_items(values, "container");
  jail.image_globs = read_items(values, "image");
  read_labels(values, jail);
  const bool container_rule = !jail.container_globs.empty() || !jail.image_globs.empty() || !jail.labels.empty();
  if (jail.backend == LogBackend::file && container_rule) {
    values.error("backend", "backend " + std::string("file reads no containers, but container, image or label is set"),
                 "backend = docker");
  }
  const bool docker = jail.backend == LogBackend::docker || container_rule;
  if (docker && !jail.logpaths.empty()) {
    values.warning("logpath", "logpath is not read: this jail reads containers", "make a second jail for the files");
    jail.logpaths.clear();
  }
  if (!docker && jail.logpaths.empty() && !values.failed()) {
    values.error_at(jail.origin, "has nothing to read", "set logpath, or backend = docker");
  }
}

void read_policy(OptionValues& values, JailConfig& jail) {
  values.read_number("maxretry", jail.maxretry, 1, kMaxRetry);
  values.read_duration("findtime", jail.findtime);
  values.read_ban_duration("bantime", jail.bantime);
  jail.increment = read_increment(values);
  jail.fleet_maxretry = jail.maxretry;
  values.read_number("fleet.maxretry", jail.fleet_maxretry, 1, kMaxRetry);
  values.read_number("fleet.quorum", jail.fleet_quorum, 1, kMaxNodes);
  std::string scope;
  values.read_text("fleet.scope", scope);
  if (scope == "node") {
    jail.fleet_scope = FleetScope::node;
  } else if (!scope.empty() && scope != "fleet") {
    values.error("fleet.scope", "fleet.scope " + in_quotes(scope) + " is neither fleet nor node");
  }
}

void read_multipliers(OptionValues& values, BanTimeIncrement& increment) {
  const auto text = values.text("bantime.multipliers");
  if (!text) return;
  for (const SourcedLine& word : split_words(*text)) {
    double number = 0;
    const auto [end, error] = std::from_chars(word.text.data(), word.text.data() + word.text.size(), number);
    if (error != std::errc{} || end != word.text.data() + word.text.size() || !(number > 0) || number > 1e9) {
      return values.error_at(word.origin, "bantime.multipliers " + in_quotes(word.text) + " is not a positive number",
                             "1 2 4 8 16");
    }
    increment.multipliers.push_back(number);
  }
}

bool is_default_formula(std::string_view formula) {
  std::string squeezed;
  for (const char c : formula) {
    if (c != ' ' && c != '\t' && c != '\n') squeezed += c;
  }
  return squeezed == "ban.Time*(1<<(ban.Countifban.Count<20else20))*banFactor";
}

}  // namespace

BanTimeIncrement read_increment(OptionValues& values) {
  BanTimeIncrement increment;
  values.read_flag("bantime.increment", increment.enabled);
  values.read_factor("bantime.factor", increment.factor);
  read_multipliers(values, increment);
  for (const std::string key : {"bantime.formula", "bantime.evalexpr"}) {
    std::string formula;
    values.read_text(key, formula);
    if (formula.empty() || is_default_formula(formula)) continue;
    values.error(key, key + " is a Python expression, and Python is not run",
                 "use bantime.multipliers = 1 2 4 8 16 32 64");
  }
  Duration maxtime{0};
  values.read_duration("bantime.maxtime", maxtime);
  if (maxtime.count() > 0) increment.maxtime = maxtime;
  values.read_duration("bantime.rndtime", increment.rndtime);
  values.read_flag("bantime.overalljails", increment.overalljails);
  return increment;
}

std::optional<std::string> parse_time_zone(std::string_view text) {
  for (const std::string_view head : {"UTC", "GMT", "Z"}) {
    if (text.starts_with(head)) {
      text.remove_prefix(head.size());
      if (text.empty()) return "UTC+0000";
      break;
    }
  }
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  std::string digits;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (i == 3 && text[i] == ':') continue;
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    digits += text[i];
  }
  if (digits.size() == 2) digits += "00";
  if (digits.size() != 4 || digits > "1800" || digits.substr(2) > "59") return std::nullopt;
  return "UTC" + std::string(1, text[0]) + digits;
}

void read_jail_fields(JailContext& context, OptionValues& values, const JailModes& modes, JailConfig& jail) {
  read_sources(values, jail);
  read_policy(values, jail);
  values.read_flag("ignoreself", jail.ignoreself);
  IgnoreList ignored = read_ignore_list(values);
  jail.ignoreip = std::move(ignored.prefixes);
  jail.ignoreip_names = std::move(ignored.names);
  std::string zone;
  values.read_text("logtimezone", zone);
  if (!zone.empty() && zone != "none") {
    jail.logtimezone = parse_time_zone(zone);
    if (!jail.logtimezone)
      values.error("logtimezone", "logtimezone " + in_quotes(zone) + " is no fixed offset", "try UTC+0200");
  }
  read_actions(context, values, modes, jail);
}

}  // namespace breakwater
