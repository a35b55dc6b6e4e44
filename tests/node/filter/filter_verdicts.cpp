// SPDX-License-Identifier: Apache-2.0
// A program that prints what filters make of some lines, by machine code from the first match on. The first line says
// whether this process makes any; then come filters of its own and those of the installed fail2ban on their samples.
#include <iostream>
#include <string>
#include <vector>

#include "common/base/text.h"
#include "node/core/filter/filter_engine.h"
#include "node/core/filter/regex_line_filter.h"
#include "node/core/filter/regex_programs.h"
#include "tests/node/filter/sampled_filters.h"

namespace breakwater {
namespace {

const std::vector<std::string> kRegexes = {
    R"(^sshd\[\d+\]: Failed \S+ for (?:invalid user )?<F-USER>.*</F-USER> from <HOST>(?: port \d+)?$)",
    R"(^user (?!admin)<F-USER>\S+</F-USER> from <HOST>$)",
    R"(^login (?P<quote>"?)<F-USER>\w+</F-USER>(?P=quote) from <HOST>$)",
    R"(^(?P<known>known )?user from <HOST>(?(known): seen|: new)$)",
};

const std::vector<std::string> kLines = {
    "sshd[7]: Failed password for invalid user x from 198.51.100.1 from 203.0.113.7 port 22",
    "sshd[7]: Failed password for caf\xc3\xa9 from 203.0.113.7",
    "user bob from 203.0.113.7",
    "user admin from 203.0.113.7",
    "user \xff from 203.0.113.7",
    "login \"bob\" from 203.0.113.7",
    "login \"bob from 203.0.113.7",
    "login bob from 2001:db8::7",
    "known user from 203.0.113.7: seen",
    "known user from 203.0.113.7: new",
    "user from 203.0.113.7: new",
    "user " + std::string(60'000, 'a') + " from 203.0.113.7",
    "Nov  2 03:04:05 user \xc3\xbc from 203.0.113.7",
};

void print(LineFilter& filter, FilterMemory* memory, const std::string& line) {
  const FilterMatch match = filter.match(line, {.now = from_unix_seconds(1793588645), .fields = true}, memory);
  std::cout << static_cast<int>(match.verdict) << ' ' << match.regex << ' ' << match.who.text() << ' ' << match.id;
  for (const auto& [name, value] : match.fields)
    std::cout << ' ' << name << '=' << escaped(value, 40);
  std::cout << '\n';
}

bool print_all(const FilterConfig& config, const std::vector<std::string>& lines) {
  FilterEngine engine(1);
  auto filter = RegexLineFilter::compile(config, {}, engine);
  if (!filter) return false;
  const auto memory = (*filter)->make_memory();
  for (int i = 0; i < 3; ++i) {
    for (const std::string& line : lines)
      print(**filter, memory.get(), line);
  }
  return true;
}

int run() {
  auto program = Pcre2Program::make("a+b", Alphabet::ascii, Pcre2Program::Use::verdict);
  std::cout << "machine code: " << (program && (*program)->is_fast() ? "yes" : "no") << '\n';
  for (const std::string& regex : kRegexes) {
    FilterConfig config;
    config.failregex.push_back({regex, {"here", 1}});
    if (!print_all(config, kLines)) return 1;
  }
  for (const testing::SampledFilter& stock : testing::stock_filters()) {
    std::cout << "filter " << stock.name << '\n';
    if (!print_all(stock.config, stock.samples)) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace breakwater

int main() {
  return breakwater::run();
}
