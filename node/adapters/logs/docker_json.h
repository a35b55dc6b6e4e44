// SPDX-License-Identifier: Apache-2.0
// What dockerd says in JSON, as values: API answers, events, and its own config.v2.json. Parsing only, no I/O.
// Nothing here throws; what is missing or of another type is empty. Container environments (secrets) are not kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "node/adapters/logs/container_info.h"

namespace breakwater {

// "1.41".
struct ApiVersion {
  int major = 0;
  int minor = 0;
  static std::optional<ApiVersion> parse(std::string_view text);
  std::string text() const { return std::to_string(major) + "." + std::to_string(minor); }
  auto operator<=>(const ApiVersion&) const = default;
};

// The newest version that both sides speak. `oldest`, `newest`: the daemon's. An error if there is none.
Result<ApiVersion> negotiate(ApiVersion oldest, ApiVersion newest);
inline constexpr ApiVersion kOldestApi{1, 12};
inline constexpr ApiVersion kNewestApi{1, 52};

struct DaemonVersion {
  std::optional<ApiVersion> oldest, newest;
};
DaemonVersion parse_version(std::string_view json);  // GET /version

std::optional<std::vector<std::string>> parse_container_ids(std::string_view json);  // GET /containers/json
std::optional<ContainerInfo> parse_inspect(std::string_view json);                   // GET /containers/ID/json
std::optional<DockerNetworks> parse_networks(std::string_view json);                 // GET /networks

// `Action` and `Actor` only: the top-level `status`, `id`, `from` are gone since API 1.52.
struct DockerEvent {
  std::string type;    // container, network
  std::string action;  // start, die, ...
  std::string id;
};
std::optional<DockerEvent> parse_event(std::string_view json);

// <id>/config.v2.json and <id>/hostconfig.json (empty: not readable). The same keys from 20.10 to 29.
std::optional<ContainerInfo> parse_config_v2(std::string_view config, std::string_view hostconfig);
// The networks a container is in, as its config.v2.json says.
DockerNetworks networks_of_config_v2(std::string_view config);

// 64 lower-case hex digits.
bool is_container_id(std::string_view text);
// The id if `path` is that of a json-file log: .../<id>/<id>-json.log; else empty.
std::string container_id_of_log(std::string_view path);

}  // namespace breakwater
