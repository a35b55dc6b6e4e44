// SPDX-License-Identifier: Apache-2.0
// Jails and filters as values: what the configuration says, parsed once, for node and hub alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/address.h"
#include "common/base/clock.h"

namespace breakwater {

// Where a piece of configuration was written, for messages: "jail.d/web.conf:12".
struct Origin {
  std::string file;
  int line = 0;
  std::string text() const { return line > 0 ? file + ":" + std::to_string(line) : file; }
  bool operator==(const Origin&) const = default;
};

// One line of failregex or ignoreregex, after interpolation and after <tag>s of the filter's own parameters were
// replaced. fail2ban's own tags (<HOST>, <F-...>, <SKIPLINES>, ...) still stand in it: the filter engine knows them.
struct RegexText {
  std::string pattern;
  Origin origin;
  bool operator==(const RegexText&) const = default;
};

struct FilterConfig {
  std::string name;  // "sshd"
  Origin origin;     // its file
  std::vector<RegexText> failregex;
  std::vector<RegexText> ignoreregex;
  std::optional<RegexText> prefregex;
  std::vector<RegexText> datepattern;  // empty = fail2ban's defaults
  int maxlines = 1;
  std::string journalmatch;
  bool use_dns = false;  // usedns: only "no" and "raw" are false
  // All remaining options of [Definition] and [Init], interpolated: for features that come later.
  std::vector<std::pair<std::string, std::string>> parameters;
};

enum class JailMode { enforce, observe };  // observe: report, never ban
enum class FleetScope { fleet, node };     // node: offences of this jail never leave the node
enum class LogBackend { automatic, file, docker };

struct LogPath {
  std::string glob;
  bool from_tail = false;  // "path tail": a file first seen is read from its end
  Origin origin;
  bool operator==(const LogPath&) const = default;
};

// bantime.increment and friends: jail.conf(5) of fail2ban 1.0.2.
struct BanTimeIncrement {
  bool enabled = false;
  double factor = 1.0;
  std::vector<double> multipliers;  // empty = formula: ban.Time * (1 << min(count, 20)) * factor
  std::optional<Duration> maxtime;
  Duration rndtime{0};
  bool overalljails = false;
  bool operator==(const BanTimeIncrement&) const = default;
};

struct JailConfig {
  std::string name;
  Origin origin;
  bool enabled = false;
  FilterConfig filter;
  LogBackend backend = LogBackend::automatic;  // automatic: docker if a container/image/label rule stands, else file
  std::vector<LogPath> logpaths;
  // backend = docker; a container is taken if every kind that is given has a match. All empty = every container.
  std::vector<std::string> container_globs;
  std::vector<std::string> image_globs;
  std::vector<std::pair<std::string, std::string>> labels;
  JailMode mode = JailMode::enforce;
  int maxretry = 5;
  Duration findtime = std::chrono::minutes(10);
  std::optional<Duration> bantime = std::chrono::minutes(10);  // nullopt: -1, no end
  BanTimeIncrement increment;
  bool ignoreself = true;
  std::vector<Prefix> ignoreip;
  std::vector<std::string> ignoreip_names;  // DNS names, resolved at start and refreshed
  std::vector<std::string> actions;         // as written; all that drop packets are done by the built-in firewall
  int fleet_maxretry = 5;                   // default: maxretry
  int fleet_quorum = 1;                     // distinct nodes that must have seen the address
  FleetScope fleet_scope = FleetScope::fleet;
  std::optional<std::string> logtimezone;  // fixed offset, "UTC+0200"
};

}  // namespace breakwater
