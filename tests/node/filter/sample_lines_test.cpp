// SPDX-License-Identifier: Apache-2.0
// tests/filters/*.lines: what each filter makes of its sample lines. Every file there is run.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/config/filter_reader.h"
#include "common/config/problem.h"
#include "node/core/filter/line_filter.h"

namespace breakwater {
namespace {

constexpr char kFolder[] = "tests/filters";

std::unique_ptr<LineFilter> filter_named(const std::string& request) {
  Problems problems;
  const auto config = read_filter({"configs", kFolder}, request, problems);
  EXPECT_EQ(problems.text(), "");
  if (!config) return nullptr;
  auto filter = LineFilter::compile(*config, std::nullopt);
  EXPECT_TRUE(filter) << filter.error().message();
  return filter ? std::move(*filter) : nullptr;
}

// Lines below one another are one log: what a filter remembers of it counts.
struct Log {
  explicit Log(std::unique_ptr<LineFilter> f) : filter(std::move(f)) {
    if (filter) memory = filter->make_memory();
  }
  std::unique_ptr<LineFilter> filter;
  std::unique_ptr<FilterMemory> memory;
};

std::string outcome(Log& log, std::string_view line) {
  const FilterMatch match =
      log.filter->match(line, {.now = from_unix_seconds(1793588645), .record_time = {}}, log.memory.get());
  switch (match.verdict) {
    case FilterVerdict::no_match:
    case FilterVerdict::pending:
    case FilterVerdict::ignored:
      return "-";
    case FilterVerdict::offence:
      return match.who.text();
    case FilterVerdict::no_address:
      return "no address";
    case FilterVerdict::engine_failed:
      break;
  }
  return "the engine failed";
}

class SampleLines : public testing::TestWithParam<std::string> {};

TEST_P(SampleLines, AreJudgedAsWritten) {
  const std::string path = std::string(kFolder) + "/" + GetParam() + ".lines";
  std::ifstream in(path);
  ASSERT_TRUE(in) << path;
  Log log{nullptr};
  int number = 0, offences = 0, others = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    constexpr std::string_view kHead = "# filter = ";
    if (line.starts_with(kHead)) log = Log(filter_named(line.substr(kHead.size())));
    if (line.starts_with('[')) log = Log(filter_named(line.substr(1, line.size() - 2)));
    const std::size_t bar = line.find(" | ");
    if (line.starts_with('#') || line.starts_with('[') || line.empty()) continue;
    ASSERT_NE(bar, std::string::npos) << path << ':' << number << ": neither a comment nor ADDRESS | LINE";
    ASSERT_TRUE(log.filter) << path << ':' << number << ": no filter";
    const std::string expected = line.substr(0, bar);
    (expected == "-" ? others : offences) += 1;
    EXPECT_EQ(outcome(log, line.substr(bar + 3)), expected) << path << ':' << number;
  }
  EXPECT_GT(offences, 0) << path;
  EXPECT_GT(others, 0) << path << ": a filter that matches everything would pass";
}

std::vector<std::string> sample_files() {
  std::vector<std::string> names;
  if (!std::filesystem::is_directory(kFolder)) return names;  // listed from another directory
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".lines") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name) {
    if (c == '-' || c == '.') c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Filters, SampleLines, testing::ValuesIn(sample_files()), test_name);

}  // namespace
}  // namespace breakwater
