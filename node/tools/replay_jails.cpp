// SPDX-License-Identifier: Apache-2.0
#include "node/tools/replay_jails.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <system_error>
#include <utility>

#include <fnmatch.h>

#include "common/base/text.h"
#include "common/config/jail_reader.h"
#include "common/runtime/time_zone.h"

namespace breakwater {

namespace {

namespace fs = std::filesystem;

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// /var/log/auth.log for /var/log/auth.log.2.gz and /var/log/auth.log-20260101.
std::string before_rotation(std::string name) {
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  const std::size_t mark = name.find_last_of(".-");
  if (mark != std::string::npos && is_digits(std::string_view(name).substr(mark + 1))) name.resize(mark);
  return name;
}

bool glob_fits(const std::string& glob, const std::string& path) {
  return fnmatch(glob.c_str(), path.c_str(), FNM_PATHNAME) == 0;
}

bool reads(const JailConfig& jail, const std::string& path) {
  const std::string unrotated = before_rotation(path);
  return std::any_of(jail.logpaths.begin(), jail.logpaths.end(),
                     [&](const LogPath& log) { return glob_fits(log.glob, path) || glob_fits(log.glob, unrotated); });
}

bool reads_by_name(const JailConfig& jail, const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  const std::string unrotated = before_rotation(name);
  return std::any_of(jail.logpaths.begin(), jail.logpaths.end(), [&](const LogPath& log) {
    const std::string glob = fs::path(log.glob).filename().string();
    return glob_fits(glob, name) || glob_fits(glob, unrotated);
  });
}

bool reads_docker(const JailConfig& jail) {
  const bool rules = !jail.container_globs.empty() || !jail.image_globs.empty() || !jail.labels.empty();
  return jail.backend == LogBackend::docker || (jail.backend == LogBackend::automatic && rules);
}

std::string name_list(const JailReading& reading) {
  std::vector<std::string> names = reading.disabled;
  names.insert(names.end(), reading.refused.begin(), reading.refused.end());
  for (const JailConfig& jail : reading.jails)
    names.push_back(jail.name);
  std::sort(names.begin(), names.end());
  std::string out;
  for (const std::string& name : names)
    out += (out.empty() ? "" : ", ") + name;
  return out;
}

void check_names(const ReplayJailsRequest& request, const JailReading& reading, ReplayJailsAnswer& answer) {
  std::vector<std::string> known = reading.disabled;
  for (const JailConfig& jail : reading.jails)
    known.push_back(jail.name);
  known.insert(known.end(), reading.refused.begin(), reading.refused.end());
  for (const std::string& name : request.names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    answer.all_there = false;
    const auto near = nearest(name, known);
    answer.report += "there is no jail \"" + escaped(name) + "\"" +
                     (near ? " (did you mean " + *near + "?)" : "; there are: " + name_list(reading)) + "\n";
  }
}

// Of the jails asked for, and of the files as such: what is wrong with others is `check`'s to say.
std::string problems_of(const ReplayJailsRequest& request, const Problems& problems) {
  if (request.names.empty()) return problems.text();
  std::string out;
  for (const Problem& problem : problems.all()) {
    const bool other = problem.subject.kind == "jail" && std::find(request.names.begin(), request.names.end(),
                                                                   problem.subject.name) == request.names.end();
    if (!other && problem.severity != Severity::info) out += problem.text() + "\n";
  }
  return out;
}

}  // namespace

ReplayJailsAnswer load_replay_jails(const ReplayJailsRequest& request) {
  ReplayJailsAnswer answer;
  JailReading reading =
      read_jails({.config_dirs = request.config_dirs, .filter_dirs = request.filter_dirs, .enable_too = request.names});
  answer.report = problems_of(request, reading.problems);
  check_names(request, reading, answer);
  const auto wanted = [&](const std::string& name) {
    return request.names.empty() || std::find(request.names.begin(), request.names.end(), name) != request.names.end();
  };
  if (!request.names.empty() && std::any_of(reading.refused.begin(), reading.refused.end(), wanted)) {
    answer.all_there = false;
  }
  for (JailConfig& jail : reading.jails) {
    if (!wanted(jail.name)) continue;
    auto filter = LineFilter::compile(jail.filter, jail.logtimezone, host_offset);
    if (filter) {
      answer.jails.push_back({std::move(jail), std::move(*filter)});
    } else {
      answer.report += filter.error().message() + " - jail \"" + jail.name + "\" is left out\n";
      answer.all_there &= request.names.empty();
    }
  }
  return answer;
}

std::vector<std::size_t> jails_for_log(const std::vector<const JailConfig*>& jails, const std::string& log,
                                       LogFormat format) {
  std::error_code problem;
  const fs::path absolute = fs::absolute(log, problem);
  const std::string path = problem ? log : absolute.lexically_normal().string();
  const auto those = [&](const std::function<bool(const JailConfig&)>& fits) {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < jails.size(); ++i) {
      if (fits(*jails[i])) out.push_back(i);
    }
    return out;
  };
  auto found = those([&](const JailConfig& jail) { return reads(jail, path); });
  if (found.empty()) found = those([&](const JailConfig& jail) { return reads_by_name(jail, path); });
  if (found.empty() && format == LogFormat::docker) found = those(reads_docker);
  return found;
}

}  // namespace breakwater
