// SPDX-License-Identifier: Apache-2.0
// Any filter, and a few lines through it. The input is the filter, an empty line, and the lines:
//   f:REGEX  i:REGEX  p:REGEX  d:PATTERN  m:MAXLINES  n (names are addresses)
#include <limits>
#include <map>

#include "common/base/text.h"
#include "node/core/filter/filter_engine.h"
#include "node/core/filter/regex_line_filter.h"
#include "node/core/filter/subject_text.h"
#include "tests/fuzz/fuzz_input.h"

namespace breakwater::fuzz {
namespace {

FilterConfig read_filter(Input& input) {
  FilterConfig config;
  config.name = "fuzz";
  for (std::string_view line = input.line(); !line.empty(); line = input.line()) {
    const char what = line.front();
    const RegexText text{std::string(line.substr(std::min<std::size_t>(2, line.size()))), {"input", 1}};
    if (what == 'f') config.failregex.push_back(text);
    if (what == 'i') config.ignoreregex.push_back(text);
    if (what == 'p') config.prefregex = text;
    if (what == 'd') config.datepattern.push_back(text);
    if (what == 'm') config.maxlines = std::atoi(text.pattern.c_str());
    if (what == 'n') config.use_dns = true;
  }
  return config;
}

bool same(const FilterMatch& a, const FilterMatch& b) {
  return a.verdict == b.verdict && a.who == b.who && a.range == b.range && a.at == b.at && a.regex == b.regex &&
         a.fields == b.fields && a.users == b.users && a.attempts == b.attempts && a.id == b.id;
}

void check(const FilterMatch& match, const FilterConfig& config) {
  const auto regexes = static_cast<int>(config.failregex.size());
  expect(match.verdict == FilterVerdict::no_match || match.verdict == FilterVerdict::engine_failed ||
             (match.regex >= 0 && match.regex < regexes),
         "a match of no regex");
  expect(match.verdict != FilterVerdict::offence || match.id.empty(), "an offence of an address and a name");
  for (const auto& [name, value] : match.fields)
    expect(is_utf8(value), "a field that is no UTF-8");
}

// By RE2 as far as it goes, and with its groups taken by PCRE2 from the first match on.
void match_by_both(const FilterConfig& config, Input& input) {
  FilterEngine slow(std::numeric_limits<int>::max()), fast(1);
  const auto a = RegexLineFilter::compile(config, {}, slow);
  const auto b = RegexLineFilter::compile(config, {}, fast);
  expect(a.has_value() == b.has_value(), "one compiles, the other not");
  if (!a) return expect(!a.error().message().empty(), "refused without a reason");
  const auto memory_a = (*a)->make_memory(), memory_b = (*b)->make_memory();
  (*a)->explain();
  (*a)->requirement();
  for (int i = 0; i < 50 && !input.empty(); ++i) {
    const std::string_view line = input.line();
    const LineContext context{.now = from_unix_seconds(1793588645 + i), .fields = true};
    const FilterMatch by_a = (*a)->match(line, context, memory_a.get());
    const FilterMatch by_b = (*b)->match(line, context, memory_b.get());
    check(by_a, config);
    const bool gave_up = by_a.verdict == FilterVerdict::engine_failed || by_b.verdict == FilterVerdict::engine_failed;
    if (gave_up) return;  // from here on they may remember different things
    expect(same(by_a, by_b), "the engines disagree on: " + escaped(line, 1000));
  }
}

}  // namespace
}  // namespace breakwater::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace breakwater::fuzz;
  Input input(data, size);
  const auto config = read_filter(input);
  match_by_both(config, input);
  return 0;
}
