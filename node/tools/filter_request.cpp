// SPDX-License-Identifier: Apache-2.0
#include "node/tools/filter_request.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "common/base/text.h"
#include "common/config/filter_reader.h"
#include "common/config/option_list.h"
#include "common/config/problem.h"

namespace breakwater {

namespace {

namespace fs = std::filesystem;

// No filter's name holds one of these, and no regex that finds an address does without.
constexpr std::array<std::string_view, 12> kAddressTags{"<HOST>", "<ADDR>", "<IP4>",   "<IP6>",  "<DNS>",  "<SUBNET>",
                                                        "<F-ID",  "<F-IP",  "<F-ADDR", "<F-DNS", "(?P<ip", "(?P<dns>"};

bool is_regex(const std::string& text) {
  return std::any_of(kAddressTags.begin(), kAddressTags.end(),
                     [&](std::string_view tag) { return text.find(tag) != std::string::npos; });
}

FilterConfig filter_of_regex(const std::string& regex) {
  const Origin here{"command line", 0};
  FilterConfig config;
  config.name = "command line";
  config.origin = here;
  config.failregex.push_back({regex, here});
  return config;
}

// Folders that hold filter.d/; whoever names filter.d itself means the folder around it.
std::vector<std::string> search_path(const FilterRequest& request) {
  std::vector<std::string> all = request.config_dirs;
  all.insert(all.end(), request.filter_dirs.begin(), request.filter_dirs.end());
  for (std::string& directory : all) {
    while (directory.size() > 1 && directory.ends_with('/'))
      directory.pop_back();
    const fs::path path(directory);
    std::error_code ignored;
    if (path.filename() == "filter.d" && !fs::exists(path / "filter.d", ignored)) {
      directory = path.has_parent_path() ? path.parent_path().string() : ".";
    }
  }
  return all;
}

std::vector<std::string> names_in(const std::vector<std::string>& directories) {
  std::vector<std::string> names;
  for (const std::string& directory : directories) {
    std::error_code problem;
    for (fs::directory_iterator it(fs::path(directory) / "filter.d", problem), end; !problem && it != end;
         it.increment(problem)) {
      if (it->path().extension() == ".conf") names.push_back(it->path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

bool in_search_path(const std::string& name, const std::vector<std::string>& names) {
  return std::binary_search(names.begin(), names.end(), name);
}

std::string help_with_name(const std::string& name, const std::vector<std::string>& names) {
  if (name.find('/') != std::string::npos || in_search_path(name, names)) return "";
  if (const auto near = nearest(name, names)) return "did you mean " + *near + "?\n";
  std::string containing;
  for (const std::string& known : names) {
    if (known.find(name) != std::string::npos || name.find(known) != std::string::npos) containing += ' ' + known;
  }
  if (!containing.empty()) return "did you mean one of:" + containing + "?\n";
  return names.empty() ? "no folder filter.d was found; name its parent by --config-dir or --filter-dir\n" : "";
}

// `sshd.conf` without a folder is a file of the working directory, if it is there.
std::string full_name(const std::string& request, const std::string& name) {
  std::error_code ignored;
  const bool plain = name.find('/') == std::string::npos && name.ends_with(".conf");
  return plain && fs::is_regular_file(name, ignored) ? "./" + request : request;
}

bool has_option(const NameWithOptions& request, const std::string& key) {
  return std::any_of(request.options.begin(), request.options.end(),
                     [&](const auto& option) { return option.first == key; });
}

}  // namespace

FilterAnswer find_filter(const FilterRequest& request) {
  FilterAnswer answer;
  if (is_regex(request.filter)) {
    answer.config = filter_of_regex(request.filter);
  } else {
    const std::vector<std::string> path = search_path(request);
    Problems problems;
    std::string wanted = request.filter;
    const auto parsed = parse_name_with_options(wanted);
    if (parsed) {
      wanted = full_name(wanted, parsed->name);
      if (request.journal && !has_option(*parsed, "logtype")) wanted += "[logtype=journal]";
    }
    answer.config = read_filter(path, wanted, problems);
    answer.report = problems.text();
    if (!answer.config && parsed) answer.report += help_with_name(parsed->name, names_in(path));
  }
  if (answer.config && !request.usedns.empty()) {
    answer.config->use_dns = request.usedns == "yes" || request.usedns == "warn";
  }
  return answer;
}

}  // namespace breakwater
