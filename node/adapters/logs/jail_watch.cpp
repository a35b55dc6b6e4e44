// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/logs/jail_watch.h"

#include <algorithm>

#include "common/base/text.h"

namespace breakwater {

namespace {

bool any_matches(const std::vector<std::string>& globs, const std::string& text) {
  return globs.empty() ||
         std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) { return glob_matches(glob, text); });
}

bool any_label(const std::vector<std::pair<std::string, std::string>>& wanted, const ContainerInfo& container) {
  return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](const auto& label) {
           const auto found = container.labels.find(label.first);
           return found != container.labels.end() && glob_matches(label.second, found->second);
         });
}

bool rules_match(const JailWatch& watch, const ContainerInfo& container) {
  return watch.containers && any_matches(watch.container_globs, container.name) &&
         any_matches(watch.image_globs, container.image) && any_label(watch.labels, container);
}

std::vector<std::string> named_jails(const ContainerInfo& container) {
  std::vector<std::string> names;
  const auto label = container.labels.find("breakwater.jail");
  if (label == container.labels.end()) return names;
  for (const std::string_view name : split(label->second, ',')) {
    if (!trimmed(name).empty()) names.emplace_back(trimmed(name));
  }
  return names;
}

}  // namespace

JailWatch watch_of(const JailConfig& config) {
  const bool rules = !config.container_globs.empty() || !config.image_globs.empty() || !config.labels.empty();
  return {.name = config.name,
          .containers = config.backend == LogBackend::docker || (config.backend == LogBackend::automatic && rules),
          .logpaths = config.logpaths,
          .container_globs = config.container_globs,
          .image_globs = config.image_globs,
          .labels = config.labels};
}

bool container_enabled(const ContainerInfo& container) {
  const auto label = container.labels.find("breakwater.enable");
  if (label == container.labels.end()) return true;
  return label->second != "false" && label->second != "0" && label->second != "no" && label->second != "off";
}

ContainerJails jails_of(const ContainerInfo& container, const std::vector<JailWatch>& watches) {
  ContainerJails result;
  if (!container_enabled(container)) return result;
  std::vector<std::string> named = named_jails(container);
  for (std::size_t i = 0; i < watches.size(); ++i) {
    const bool is_named = std::erase(named, watches[i].name) > 0;
    if (is_named || rules_match(watches[i], container)) result.jails.push_back(i);
  }
  result.unknown = std::move(named);
  return result;
}

}  // namespace breakwater
