// SPDX-License-Identifier: Apache-2.0
#include "tests/node/filter/sampled_filters.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "common/config/filter_reader.h"
#include "common/config/problem.h"

namespace breakwater::testing {

namespace {

namespace fs = std::filesystem;

const std::string kConfig = "/etc/fail2ban";
const fs::path kSamples = "/usr/lib/python3/dist-packages/fail2ban/tests/files/logs";

std::vector<std::string> lines_of(const fs::path& file) {
  std::vector<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

std::vector<std::string> stock_samples(const std::string& name) {
  auto lines = lines_of(kSamples / name);
  std::erase_if(lines, [](const std::string& line) { return line.empty() || line.front() == '#'; });
  return lines;
}

std::vector<std::string> shipped_samples(const std::string& name) {
  std::vector<std::string> samples;
  for (const std::string& line : lines_of("tests/filters/" + name + ".lines")) {
    const std::size_t bar = line.find(" | ");
    if (bar != std::string::npos && !line.starts_with('#')) samples.push_back(line.substr(bar + 3));
  }
  return samples;
}

// "mdre-aggressive = ..." names one; "mode-aggressive = ..." in ours.
std::set<std::string> modes_of(const fs::path& file) {
  std::set<std::string> modes{""};
  for (const std::string& line : lines_of(file)) {
    if (!line.starts_with("mdre-") && !line.starts_with("mode-")) continue;
    modes.insert(line.substr(5, line.find_first_of(" =") - 5));
  }
  return modes;
}

std::vector<std::string> requests_of(const std::string& config) {
  std::vector<std::string> requests;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(fs::path(config) / "filter.d", missing)) {
    if (entry.path().extension() != ".conf") continue;
    const std::string name = entry.path().stem();
    for (const std::string& mode : modes_of(entry.path()))
      requests.push_back(mode.empty() ? name : name + "[mode=" + mode + "]");
  }
  std::sort(requests.begin(), requests.end());
  return requests;
}

// Without a name: there is none, or it is only included by others.
SampledFilter filter_of(const std::string& config, const std::string& request) {
  SampledFilter filter;
  Problems problems;
  auto read = read_filter({config}, request, problems);
  if (!read || read->failregex.empty()) return filter;
  filter.name = request;
  filter.config = std::move(*read);
  return filter;
}

std::string file_of(const std::string& request) {
  return request.substr(0, request.find('['));
}

}  // namespace

SampledFilter stock_filter(const std::string& request) {
  SampledFilter filter = filter_of(kConfig, request);
  filter.config.use_dns = true;
  filter.samples = stock_samples(file_of(request));
  return filter;
}

std::vector<SampledFilter> stock_filters() {
  std::vector<SampledFilter> filters;
  for (const std::string& request : requests_of(kConfig)) {
    SampledFilter filter = stock_filter(request);
    if (!filter.name.empty()) filters.push_back(std::move(filter));
  }
  return filters;
}

std::vector<SampledFilter> shipped_filters() {
  std::vector<SampledFilter> filters;
  for (const std::string& request : requests_of("configs")) {
    SampledFilter filter = filter_of("configs", request);
    if (filter.name.empty()) continue;
    filter.samples = shipped_samples(file_of(request));
    filters.push_back(std::move(filter));
  }
  return filters;
}

}  // namespace breakwater::testing
