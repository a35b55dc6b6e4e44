// SPDX-License-Identifier: Apache-2.0
// All filters of the installed fail2ban behind one gate, on all sample lines that its package ships: the gate withholds
// no line from a filter that takes notice of it. Filters and samples are read from the package while the test runs.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/config/filter_reader.h"
#include "tests/node/framing/json_file.h"
#include "tests/node/gate/gate_fixture.h"

namespace breakwater {
namespace {

using testing::framing_of;
using testing::json_record;

const std::filesystem::path kFilters = "/etc/fail2ban/filter.d";
const std::filesystem::path kSamples = "/usr/lib/python3/dist-packages/fail2ban/tests/files/logs";

struct NamedFilter {
  std::string name;
  std::unique_ptr<LineFilter> filter;
};

// Each with the modes and kinds of log that change its regexes and dates; those that are refused are left out.
std::vector<NamedFilter> stock_filters() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFilters)) {
    const auto& path = entry.path();
    if (path.extension() == ".conf" && path.stem().string().find("common") == std::string::npos)
      names.insert(path.stem());
  }
  std::vector<NamedFilter> out;
  for (const std::string& name : names) {
    std::set<std::vector<std::string>> known;
    for (const char* const options :
         {"", "[mode=normal]", "[mode=ddos]", "[mode=aggressive]", "[mode=extra]", "[mode=auth]", "[mode=rbl]",
          "[logtype=short]", "[logtype=journal]", "[logging=syslog]", "[logging=webapp]"}) {
      Problems problems;
      const auto config = read_filter({kFilters.parent_path()}, name + options, problems);
      if (!config) continue;
      std::vector<std::string> texts = {config->prefregex ? config->prefregex->pattern : ""};
      for (const auto* list : {&config->failregex, &config->datepattern}) {
        for (const RegexText& text : *list)
          texts.push_back(text.pattern);
      }
      if (!known.insert(texts).second) continue;
      auto filter = LineFilter::compile(*config, std::nullopt);
      if (filter) out.push_back({name + options, std::move(*filter)});
    }
  }
  return out;
}

std::vector<std::string> sample_lines() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kSamples)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    for (std::string line; std::getline(file, line);) {
      if (!line.empty() && !line.starts_with('#')) out.push_back(line);
    }
  }
  return out;
}

// Which filter takes notice of which line, with its memory of the lines that it was given.
using Noticed = std::vector<std::pair<std::string, std::string>>;

Noticed read_log(std::vector<NamedFilter>& filters, LogForm form, std::shared_ptr<LineGate> gate,
                 const std::string& bytes, FramingCounters& counters) {
  Noticed out;
  std::vector<std::unique_ptr<FilterMemory>> memories;
  for (const NamedFilter& each : filters)
    memories.push_back(each.filter->make_memory());
  const auto framing = framing_of(form);
  framing->set_gate(std::move(gate));
  framing->feed(bytes, [&](const FramedLine& line) {
    const auto ask = [&](std::size_t i) {
      const std::string_view text = filters[i].filter->wants_raw_json() ? line.raw : line.text;
      const auto match = filters[i].filter->match(text, {.now = from_unix_seconds(1124013600)}, memories[i].get());
      if (match.verdict == FilterVerdict::no_match) return;
      out.emplace_back(filters[i].name, std::string(line.text) + " " + std::to_string(static_cast<int>(match.verdict)));
    };
    for (std::size_t i = 0; i < filters.size(); ++i) {
      if (line.candidates == nullptr || std::binary_search(line.candidates->begin(), line.candidates->end(), i)) ask(i);
    }
  });
  counters = framing->counters();
  return out;
}

void compare(LogForm form) {
  if (!std::filesystem::exists(kFilters) || !std::filesystem::exists(kSamples))
    GTEST_SKIP() << "fail2ban is not installed";
  auto filters = stock_filters();
  std::vector<GateFilter> needs;
  for (const NamedFilter& each : filters)
    needs.push_back({each.filter->requirement(), each.filter->wants_raw_json()});
  auto gate = LineGate::make(needs, form);
  ASSERT_TRUE(gate) << gate.error().message();
  std::string bytes;
  std::size_t number = 0;
  for (const std::string& line : sample_lines())
    bytes += form == LogForm::plain ? line + "\n"
                                    : json_record(line + "\n", "2026-01-31T09:22:55." + std::to_string(++number) + "Z");
  FramingCounters alone, gated;
  const Noticed expected = read_log(filters, form, nullptr, bytes, alone);
  const Noticed got = read_log(filters, form, std::move(*gate), bytes, gated);
  EXPECT_GT(filters.size(), 90u);
  EXPECT_GT(expected.size(), 900u);
  EXPECT_EQ(gated.lines, alone.lines);
  ASSERT_EQ(got, expected);
}

TEST(GateOnStockFilters, WithholdsNothingInDockersLogs) {
  compare(LogForm::docker_json);
}

TEST(GateOnStockFilters, WithholdsNothingInPlainFiles) {
  compare(LogForm::plain);
}

}  // namespace
}  // namespace breakwater
