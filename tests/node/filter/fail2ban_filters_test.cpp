// SPDX-License-Identifier: Apache-2.0
// Every filter that the installed fail2ban ships and that compiles here must give fail2ban's own verdict, address,
// time and regex on every line of the samples that its package ships. Nothing of fail2ban stands in this tree: filters
// and samples are read from the package while the test runs.
#include <iostream>
#include <map>

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "node/core/filter/line_filter.h"
#include "tests/node/filter/fail2ban_oracle.h"

namespace breakwater {
namespace {

using nlohmann::json;

constexpr std::int64_t kSampleNow = 1124013600;

std::vector<RegexText> texts(const json& lines, const std::string& file) {
  std::vector<RegexText> out;
  for (const auto& line : lines)
    out.push_back({line.get<std::string>(), {file, static_cast<int>(out.size()) + 1}});
  return out;
}

FilterConfig config_of(const json& said) {
  FilterConfig config;
  const std::string name = said["name"];  // "sshd", or "sshd{...}" with options
  config.name = name.substr(0, name.find('{'));
  config.origin = {config.name + ".conf", 1};
  config.failregex = texts(said["addfailregex"], "failregex");
  config.ignoreregex = texts(said["addignoreregex"], "ignoreregex");
  if (said["prefregex"].is_string()) config.prefregex = RegexText{said["prefregex"], {"prefregex", 1}};
  config.maxlines = said["maxlines"];
  config.use_dns = true;
  if (!said["datepattern"].is_string()) return config;
  const std::string patterns = said["datepattern"];
  for (const auto line : split(patterns, '\n')) {
    if (!trimmed(line).empty()) config.datepattern.push_back({std::string(trimmed(line)), {"datepattern", 1}});
  }
  return config;
}

std::string describe(const FilterMatch& match) {
  switch (match.verdict) {
    case FilterVerdict::no_match:
    case FilterVerdict::pending:
    case FilterVerdict::ignored:
      return "-";
    case FilterVerdict::engine_failed:
      return "engine failed";
    case FilterVerdict::no_address:
      return "no address, regex " + std::to_string(match.regex);
    case FilterVerdict::offence:
      break;
  }
  return match.who.text() + ", regex " + std::to_string(match.regex) +
         (match.dated ? ", at " + std::to_string(to_unix_ms(match.at)) : "");
}

std::string describe(const json& answer, bool dated) {
  if (!answer.contains("id")) return "-";
  const std::string regex = ", regex " + std::to_string(answer["regex"].get<int>());
  const auto who = Address::parse(answer["id"].get<std::string>());
  if (!who) return "no address" + regex;
  const double time = answer["time"].is_number() ? answer["time"].get<double>() : 0;
  return who->text() + regex + (dated ? ", at " + std::to_string(static_cast<std::int64_t>(time * 1000)) : "");
}

struct Score {
  int filters = 0, refused = 0, lines = 0, offences = 0;
  std::map<std::string, int> reasons;
};

void compare(const json& said, Score& score) {
  auto filter = LineFilter::compile(config_of(said), std::nullopt);
  ++score.filters;
  if (!filter) {
    ++score.refused;
    const std::string& message = filter.error().message();
    const auto name = message.find("\": ") + 3;
    ++score.reasons[message.substr(name, message.find(" at column", name) - name)];
    return;
  }
  const auto memory = (*filter)->make_memory();
  for (const auto& answer : said["lines"]) {
    const std::string line = answer["line"];
    const auto match = (*filter)->match(line, {.now = from_unix_seconds(kSampleNow)}, memory.get());
    ++score.lines;
    if (match.verdict == FilterVerdict::offence) ++score.offences;
    EXPECT_EQ(describe(match), describe(answer, match.dated)) << said["name"] << "\n  " << line;
  }
}

TEST(StockFilters, GiveTheVerdictsOfTheInstalledFail2ban) {
  const auto filters = testing_oracle::ask_fail2ban("filters", {});
  if (!filters) GTEST_SKIP() << "fail2ban is not installed";
  Score score;
  for (const json& said : *filters)
    compare(said, score);
  std::cout << "compared " << score.lines << " lines (" << score.offences << " offences) of "
            << score.filters - score.refused << " filters; refused " << score.refused << " of " << score.filters
            << ":\n";
  for (const auto& [reason, count] : score.reasons)
    std::cout << "  " << count << "  " << reason << '\n';
  EXPECT_GE(score.lines, 450);
  EXPECT_GE(score.offences, 400);
}

}  // namespace
}  // namespace breakwater
