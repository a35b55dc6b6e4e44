// SPDX-License-Identifier: Apache-2.0
// Which logs a jail wants.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/config/jail_config.h"
#include "node/adapters/logs/container_info.h"

namespace breakwater {

// The part of a JailConfig that says where to read. All that is given must have a match; containers = true with
// nothing given is every container.
struct JailWatch {
  std::string name;
  bool containers = false;
  std::vector<LogPath> logpaths;
  std::vector<std::string> container_globs;
  std::vector<std::string> image_globs;
  std::vector<std::pair<std::string, std::string>> labels;
};

JailWatch watch_of(const JailConfig& config);

// Labels on the container have a say: `breakwater.enable=false` (0, no, off) takes it out of all jails,
// `breakwater.jail=a,b` puts it into these as well, whatever their rules.
bool container_enabled(const ContainerInfo& container);

struct ContainerJails {
  std::vector<std::size_t> jails;    // ascending indices into `watches`
  std::vector<std::string> unknown;  // named in breakwater.jail, but there is no such jail
};
ContainerJails jails_of(const ContainerInfo& container, const std::vector<JailWatch>& watches);

}  // namespace breakwater
