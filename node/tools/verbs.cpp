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
#include "node/tools/test_filter.h"

namespace breakwater {

namespace {

struct TestFilterWords {
  TestFilterOptions options;
  double now = -1;
  std::string timezone, format = "auto", output = "table";
};

int run_test_filter(TestFilterWords& words) {
  if (!words.timezone.empty()) {
    if (const auto set = set_time_zone(words.timezone); !set) {
      std::cerr << set.error().message() << "\n";
      return kBadConfig;
    }
  }
  TestFilterOptions& options = words.options;
  if (options.log.empty() && !options.explain) {
    std::cerr << "which log? A file, - for standard input, or a line in quotes\n";
    return kFailed;
  }
  options.now = words.now >= 0 ? from_unix_ms(std::llround(words.now * 1000))
                               : std::chrono::floor<std::chrono::seconds>(SystemClock().wall());
  options.format = *parse_log_format(words.format);
  options.filter.journal = options.format == LogFormat::journal_json;
  options.json = words.output == "json";
  return test_filter(options, std::cout, std::cerr);
}

void add_test_filter(CLI::App& app, int& status) {
  auto* sub = app.add_subcommand("test-filter", "try a filter on a log: what matches, and what it finds");
  auto words = std::make_shared<TestFilterWords>();
  TestFilterOptions& options = words->options;
  options.filter.config_dirs = {"/etc/breakwater"};
  options.filter.filter_dirs = {"/etc/fail2ban"};
  sub->add_option("filter", options.filter.filter, "name[option=value], a .conf file, or a regex")->required();
  sub->add_option("log", options.log, "a file (gzip too), - for standard input, or a line");
  sub->add_option("--config-dir", options.filter.config_dirs, "folder with filter.d/")
      ->capture_default_str()
      ->allow_extra_args(false);
  sub->add_option("--filter-dir", options.filter.filter_dirs, "folder with filter.d/, looked through after that")
      ->capture_default_str()
      ->allow_extra_args(false);
  sub->add_option("--now", words->now, "the time, for dates without a year (epoch; default: the clock)")
      ->check(CLI::Range(0.0, 253402300799.0));
  sub->add_option("--timezone", words->timezone, "of dates without a zone: Europe/Berlin, or as in TZ");
  sub->add_option("--format", words->format, "how the log is written")
      ->check(CLI::IsMember({"docker", "file", "journal-json", "auto"}))
      ->capture_default_str();
  sub->add_option("--output", words->output, "table or json: one object a line")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  sub->add_option("--usedns", options.filter.usedns, "replaces the filter's: yes lets <HOST> match names")
      ->check(CLI::IsMember({"yes", "warn", "no", "raw"}));
  sub->add_flag("--print-missed", options.print_missed, "print the lines that did not match");
  sub->add_flag("--explain", options.explain, "print each regex with where it stands and how it is run; needs no log");
  sub->callback([words, &status] { status = run_test_filter(*words); });
}

}  // namespace

void add_tool_verbs(CLI::App& app, int& status) {
  add_test_filter(app, status);
}

}  // namespace breakwater
