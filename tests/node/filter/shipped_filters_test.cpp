// SPDX-License-Identifier: Apache-2.0
// Every filter in configs/filter.d: RE2 alone runs it, nothing in it is dangerous, it has samples, a jail and a line in
// docs/filters.md. What it makes of its samples: sample_lines_test.cpp.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/config/filter_reader.h"
#include "common/config/jail_reader.h"
#include "common/config/problem.h"
#include "node/core/filter/line_filter.h"

namespace breakwater {
namespace {

constexpr char kFilters[] = "configs/filter.d";

std::string file_text(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Filters, without the files that are only included.
std::vector<std::string> shipped_filters() {
  std::vector<std::string> names;
  if (!std::filesystem::is_directory(kFilters)) return names;  // listed from another directory
  for (const auto& entry : std::filesystem::directory_iterator(kFilters)) {
    const std::string name = entry.path().stem();
    if (entry.path().extension() == ".conf" && !name.ends_with("-common")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::unique_ptr<LineFilter> compiled(const std::string& request) {
  Problems problems;
  const auto config = read_filter({"configs"}, request, problems);
  EXPECT_EQ(problems.text(), "") << request;
  if (!config) return nullptr;
  auto filter = LineFilter::compile(*config, std::nullopt);
  EXPECT_TRUE(filter) << filter.error().message();
  return filter ? std::move(*filter) : nullptr;
}

// What a file of samples holds, by the filter and parameters that its lines are for.
struct Samples {
  std::map<std::string, std::vector<std::string>> lines;
  int offences = 0, others = 0, injections = 0;
};

Samples samples_of(const std::string& name) {
  Samples out;
  std::ifstream in("tests/filters/" + name + ".lines");
  std::string request;
  bool injections = false;
  constexpr std::string_view kHead = "# filter = ";
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(kHead)) request = line.substr(kHead.size());
    if (line.starts_with('[')) request = line.substr(1, line.size() - 2);
    if (line.starts_with('#') || line.starts_with('[') || line.empty())
      injections = line.starts_with("# Injections") || (line.empty() && injections);
    const std::size_t bar = line.find(" | ");
    if (line.starts_with('#') || line.starts_with('[') || bar == std::string::npos) continue;
    out.lines[request].push_back(line.substr(bar + 3));
    if (injections) {
      ++out.injections;
    } else {
      ++(line.starts_with("- | ") ? out.others : out.offences);
    }
  }
  return out;
}

class ShippedFilter : public testing::TestWithParam<std::string> {};

TEST_P(ShippedFilter, HasSamplesOfEachKind) {
  const Samples samples = samples_of(GetParam());
  EXPECT_TRUE(samples.lines.contains(GetParam())) << "its samples begin with its defaults";
  EXPECT_GE(samples.offences, 3);
  EXPECT_GE(samples.others, 3) << "lines that are nearly an offence";
  EXPECT_GE(samples.injections, 2) << "under a comment \"# Injections\"";
}

TEST_P(ShippedFilter, RunsOnRe2AloneWithoutAWarning) {
  for (const auto& [request, lines] : samples_of(GetParam()).lines) {
    const auto filter = compiled(request);
    ASSERT_TRUE(filter) << request;
    for (const RegexExplanation& regex : filter->explain())
      EXPECT_EQ(regex.engine, "RE2") << request << ": " << regex.role << ' ' << regex.index;
    EXPECT_TRUE(filter->warnings().empty()) << request << ": " << filter->warnings().front();
  }
}

TEST_P(ShippedFilter, HasASampleForEachOfItsFailregex) {
  for (const auto& [request, lines] : samples_of(GetParam()).lines) {
    if (request != GetParam()) continue;  // parameters add some and leave others out
    const auto filter = compiled(request);
    ASSERT_TRUE(filter) << request;
    const auto memory = filter->make_memory();
    std::set<int> seen;
    for (const std::string& line : lines)
      seen.insert(filter->match(line, {.now = from_unix_seconds(1793588645)}, memory.get()).regex);
    for (const RegexExplanation& regex : filter->explain()) {
      if (regex.role != "failregex") continue;
      EXPECT_TRUE(seen.contains(regex.index))
          << request << ": no sample for " << regex.origin.text() << ", number " << regex.index + 1;
    }
  }
}

TEST_P(ShippedFilter, HasAJailAndIsDocumented) {
  const JailReading jails = read_jails({.config_dirs = {"configs"}, .filter_dirs = {}, .with_filters = false});
  const bool enabled = std::any_of(jails.jails.begin(), jails.jails.end(),
                                   [](const JailConfig& jail) { return jail.name == GetParam(); });
  EXPECT_TRUE(enabled || std::count(jails.disabled.begin(), jails.disabled.end(), GetParam()) == 1)
      << "no [" << GetParam() << "] in configs/jail.conf";
  EXPECT_NE(file_text("docs/filters.md").find("| `" + GetParam() + "` |"), std::string::npos)
      << "not in the table of docs/filters.md";
}

TEST_P(ShippedFilter, SaysWhatItIsFor) {
  const std::string text = file_text(std::string(kFilters) + "/" + GetParam() + ".conf");
  EXPECT_TRUE(text.starts_with("# SPDX-License-Identifier: Apache-2.0\n# ")) << text.substr(0, 80);
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Filters, ShippedFilter, testing::ValuesIn(shipped_filters()), test_name);

}  // namespace
}  // namespace breakwater
