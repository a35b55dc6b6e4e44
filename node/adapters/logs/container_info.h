// SPDX-License-Identifier: Apache-2.0
// What we know of a container, and who tells.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/address.h"

namespace breakwater {

struct ContainerInfo {
  std::string id;    // 64 hex digits: names change and are used again
  std::string name;  // without the leading '/'
  std::string image;
  std::map<std::string, std::string> labels;
  std::string log_path;    // empty: not started yet, or a driver without a file
  std::string log_driver;  // "json-file"
  bool tty = false;
  bool running = false;
  bool operator==(const ContainerInfo&) const = default;
};

// Ranges of Docker's networks, with a reason an operator understands: "docker network bridge".
using DockerNetworks = std::vector<std::pair<Prefix, std::string>>;

// Implementations: DockerApi (asks the daemon), ContainerDirs (reads its files).
struct ContainerEvents {
  std::function<void(std::vector<ContainerInfo>)> all;  // these and no others
  std::function<void(ContainerInfo)> changed;           // new, started, renamed
  std::function<void(const std::string& id)> ended;     // its process ended: nothing more is written until a start
  std::function<void(const std::string& id)> removed;
  std::function<void(DockerNetworks)> networks;  // these and no others
};

}  // namespace breakwater
