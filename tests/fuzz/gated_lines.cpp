// SPDX-License-Identifier: Apache-2.0
// The gate withholds no line from a filter that would take notice of it: gate and engine find what the engine alone
// finds. Filters and lines are put together from parts that go well with each other, as the bytes of the input say.
#include <array>
#include <memory>
#include <vector>

#include "common/base/text.h"
#include "node/core/filter/line_filter.h"
#include "node/core/framing/docker_json_framing.h"
#include "node/core/framing/line_framing.h"
#include "node/core/gate/line_gate.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/node/framing/json_file.h"

namespace breakwater::fuzz {
namespace {

// Of regexes.
constexpr std::array<std::string_view, 36> kPatterns = {"login",
                                                        "failed ",
                                                        "from ",
                                                        "<HOST>",
                                                        "^",
                                                        "$",
                                                        "(?i)",
                                                        "(?:a|login)",
                                                        "[Ll]ogin",
                                                        ".*",
                                                        "\\s+",
                                                        "\\S+",
                                                        "\"",
                                                        "<<HOST>>",
                                                        "&",
                                                        "\\\\",
                                                        "/",
                                                        "(?i:LOGIN)",
                                                        "(?!x)",
                                                        "(?:from)?",
                                                        "(?:from )*",
                                                        "fa{1,2}iled",
                                                        "\\[\\]",
                                                        ": ",
                                                        "\\d+",
                                                        "k",
                                                        "stra\xc3\x9f"
                                                        "e",
                                                        "|",
                                                        "(",
                                                        ")",
                                                        "(?:",
                                                        "-",
                                                        "\\x66ailed",
                                                        "[^x]ailed",
                                                        "\\b",
                                                        "user=<F-USER>\\w+</F-USER>"};

// Of lines.
constexpr std::array<std::string_view, 32> kWords = {"login",
                                                     "LOGIN",
                                                     "failed ",
                                                     "from ",
                                                     "203.0.113.7",
                                                     "2001:db8::7",
                                                     "\"",
                                                     "<",
                                                     ">",
                                                     "&",
                                                     "\\",
                                                     "/",
                                                     " ",
                                                     "\t",
                                                     "x",
                                                     "faailed",
                                                     "Nov  2 03:04:05 ",
                                                     "[02/Nov/2026:03:04:05 +0000]",
                                                     "1793588645 ",
                                                     "lo",
                                                     "gin",
                                                     "\xe2\x84\xaa",
                                                     "\xc5\xbf",
                                                     "stra\xc3\x9f"
                                                     "e",
                                                     "\xff",
                                                     "\r",
                                                     "user=bob",
                                                     ": ",
                                                     "[]",
                                                     "{\"log\":\"",
                                                     std::string_view("\0", 1),
                                                     "7"};

FilterConfig make_filter(Input& input) {
  FilterConfig config;
  config.name = "fuzz";
  const auto regex = [&] {
    std::string text;
    for (std::size_t i = 1 + input.pick(8); i > 0; --i)
      text += kPatterns[input.pick(kPatterns.size())];
    return text;
  };
  for (std::size_t i = 1 + input.pick(3); i > 0; --i)
    config.failregex.push_back({regex() + (input.pick(2) == 0 ? "<HOST>" : ""), {"input", 1}});
  if (input.pick(4) == 1) config.prefregex = RegexText{regex() + "<F-CONTENT>.+</F-CONTENT>", {"input", 1}};
  if (input.pick(4) == 1) config.datepattern.push_back({"%Y-%m-%d", {"input", 1}});
  return config;
}

std::vector<std::unique_ptr<LineFilter>> make_filters(Input& input) {
  std::vector<std::unique_ptr<LineFilter>> filters;
  for (std::size_t i = 1 + input.pick(3); i > 0; --i) {
    auto filter = LineFilter::compile(make_filter(input), std::nullopt);
    if (filter) filters.push_back(std::move(*filter));
  }
  return filters;
}

std::string make_log(Input& input, LogForm form) {
  std::string log;
  while (!input.empty() && log.size() < 20'000) {
    std::string line;
    for (std::size_t i = input.pick(12); i > 0; --i)
      line += kWords[input.pick(kWords.size())];
    if (form == LogForm::plain) {
      log += line + "\n";
    } else {
      const bool whole = input.pick(8) != 1;
      log += testing::json_record(line + (whole ? "\n" : ""), "2026-11-02T03:04:05.123456789Z");
    }
  }
  return log;
}

struct Finding {
  std::size_t filter;
  std::string line;
  FilterVerdict verdict;
  bool operator==(const Finding&) const = default;
};

std::vector<Finding> findings(std::vector<std::unique_ptr<LineFilter>>& filters, LogForm form, std::string_view log,
                              std::shared_ptr<LineGate> gate) {
  std::unique_ptr<Framing> framing;
  if (form == LogForm::plain) framing = std::make_unique<LineFraming>();
  if (form != LogForm::plain) framing = std::make_unique<DockerJsonFraming>();
  framing->set_gate(std::move(gate));
  std::vector<Finding> out;
  const auto on_line = [&](const FramedLine& line) {
    for (std::size_t i = 0; i < filters.size(); ++i) {
      const auto* candidates = line.candidates;
      if (candidates != nullptr && std::find(candidates->begin(), candidates->end(), i) == candidates->end()) continue;
      LineFilter& filter = *filters[i];
      const std::string_view text = filter.wants_raw_json() ? line.raw : line.text;
      const auto verdict = filter.match(text, {.record_time = line.record_time}).verdict;
      if (verdict != FilterVerdict::no_match) out.push_back({i, std::string(text), verdict});
    }
  };
  framing->feed(log, on_line);
  framing->end_of_file(on_line);
  framing->flush(on_line);
  return out;
}

}  // namespace
}  // namespace breakwater::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace breakwater;
  fuzz::Input input(data, std::min<std::size_t>(size, 4000));
  const LogForm form = input.pick(2) == 0 ? LogForm::docker_json : LogForm::plain;
  auto filters = fuzz::make_filters(input);
  if (filters.empty()) return 0;
  std::vector<GateFilter> needs;
  for (const auto& filter : filters)
    needs.push_back({filter->requirement(), filter->wants_raw_json()});
  auto gate = LineGate::make(needs, form);
  fuzz::expect(gate.has_value(), "no gate");
  const std::string log = fuzz::make_log(input, form);
  const auto alone = fuzz::findings(filters, form, log, nullptr);
  const auto gated = fuzz::findings(filters, form, log, std::move(*gate));
  for (const auto& finding : alone) {
    const bool kept = std::find(gated.begin(), gated.end(), finding) != gated.end();
    fuzz::expect(kept, "withheld from filter " + std::to_string(finding.filter) + ": " + escaped(finding.line, 1000));
  }
  fuzz::expect(alone.size() == gated.size(), "a finding more or less");
  return 0;
}
