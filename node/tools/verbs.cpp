// SPDX-License-Identifier: Apache-2.0
#include "node/tools/verbs.h"

#include <cmath>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/runtime/system_clock.h"
#include "common/runtime/time_zone.h"
#include "node/tools/exit_status.h"
#include "node/tools/replay.h"
#include "node/tools/test_filter.h"

namespace breakwater {

namespace {

// Options as they are written, of both verbs.
struct CommonWords {
  double now = -1;
  std::string timezone, format = "auto", output = "table";

  Timestamp time() const {
    if (now >= 0) return from_unix_ms(std::llround(now * 1000));
    return std::chrono::floor<std::chrono::seconds>(SystemClock().wall());
  }
};

struct TestFilterWords : CommonWords {
  TestFilterOptions options;
};

struct ReplayWords : CommonWords {
  ReplayOptions options;
  std::vector<std::string> never_ban;
};

bool take_time_zone(const CommonWords& words) {
  if (words.timezone.empty()) return true;
  const auto set = set_time_zone(words.timezone);
  if (!set) std::cerr << set.error().message() << "\n";
  return set.has_value();
}

void add_common(CLI::App& sub, CommonWords& words, std::vector<std::string>& config_dirs,
                std::vector<std::string>& filter_dirs) {
  config_dirs = {"/etc/breakwater"};
  filter_dirs = {"/etc/fail2ban"};
  sub.add_option("--config-dir", config_dirs, "folder with jail.conf and filter.d/")
      ->capture_default_str()
      ->allow_extra_args(false);
  sub.add_option("--filter-dir", filter_dirs, "folder with filter.d/, looked through after that")
      ->capture_default_str()
      ->allow_extra_args(false);
  sub.add_option("--now", words.now, "the time, for dates without a year (epoch; default: the clock)")
      ->check(CLI::Range(0.0, 253402300799.0));
  sub.add_option("--timezone", words.timezone, "of dates without a zone: Europe/Berlin, or as in TZ");
  sub.add_option("--format", words.format, "how the log is written")
      ->check(CLI::IsMember({"docker", "file", "journal-json", "auto"}))
      ->capture_default_str();
  sub.add_option("--output", words.output, "table, or json: one object a line")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
}

int run_test_filter(TestFilterWords& words) {
  if (!take_time_zone(words)) return kBadConfig;
  TestFilterOptions& options = words.options;
  if (options.log.empty() && !options.explain) {
    std::cerr << "which log? A file, - for standard input, or a line in quotes\n";
    return kFailed;
  }
  options.now = words.time();
  options.format = *parse_log_format(words.format);
  options.json = words.output == "json";
  return test_filter(options, std::cout, std::cerr);
}

void add_test_filter(CLI::App& app, int& status) {
  auto* sub = app.add_subcommand("test-filter", "try a filter on a log: what matches, and what it finds");
  auto words = std::make_shared<TestFilterWords>();
  TestFilterOptions& options = words->options;
  sub->add_option("filter", options.filter.filter, "name[option=value], a .conf file, or a regex")->required();
  sub->add_option("log", options.log, "a file (gzip too), - for standard input, or a line");
  add_common(*sub, *words, options.filter.config_dirs, options.filter.filter_dirs);
  sub->add_option("--usedns", options.filter.usedns, "replaces the filter's: yes lets <HOST> match names")
      ->check(CLI::IsMember({"yes", "warn", "no", "raw"}));
  sub->add_flag("--print-missed", options.print_missed, "print the lines that did not match");
  sub->add_flag("--explain", options.explain, "print each regex with where it stands and how it is run; needs no log");
  sub->callback([words, &status] { status = run_test_filter(*words); });
}

int run_replay(ReplayWords& words) {
  if (!take_time_zone(words)) return kBadConfig;
  ReplayOptions& options = words.options;
  for (const std::string& text : words.never_ban) {
    const auto range = Prefix::parse(text);
    if (!range) {
      std::cerr << "--never-ban: " << range.error().message() << "\n";
      return kFailed;
    }
    options.never_ban.push_back(*range);
  }
  options.now = words.time();
  options.format = *parse_log_format(words.format);
  options.json = words.output == "json";
  return replay(options, std::cout, std::cerr);
}

void add_replay(CLI::App& app, int& status) {
  auto* sub = app.add_subcommand("replay", "run logs through whole jails: whom they would have banned, and when");
  auto words = std::make_shared<ReplayWords>();
  ReplayOptions& options = words->options;
  sub->add_option("log", options.logs, "files (gzip too), or - for standard input")->required();
  add_common(*sub, *words, options.jails.config_dirs, options.jails.filter_dirs);
  sub->add_option("--jail", options.jails.names, "this jail, enabled or not, for every log (several times)")
      ->allow_extra_args(false);
  sub->add_option("--never-ban", words->never_ban, "an address or range to leave out (several times)")
      ->allow_extra_args(false);
  sub->callback([words, &status] { status = run_replay(*words); });
}

}  // namespace

void add_tool_verbs(CLI::App& app, int& status) {
  add_test_filter(app, status);
  add_replay(app, status);
}

}  // namespace breakwater
