// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/logs/docker_json.h"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

namespace breakwater {

namespace {

using nlohmann::json;

const json kNothing;

json parse(std::string_view text) {
  return json::parse(text, nullptr, /*allow_exceptions=*/false);
}

// The member, or null if there is none.
const json& at(const json& object, const char* key) {
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

std::string text_at(const json& object, const char* key) {
  const json& value = at(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

bool true_at(const json& object, const char* key) {
  const json& value = at(object, key);
  return value.is_boolean() && value.get<bool>();
}

std::map<std::string, std::string> labels_of(const json& config) {
  std::map<std::string, std::string> labels;
  const json& object = at(config, "Labels");
  if (!object.is_object()) return labels;
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) labels[key] = value.get<std::string>();
  }
  return labels;
}

std::string without_slash(std::string name) {
  if (name.starts_with('/')) name.erase(0, 1);
  return name;
}

// Inspect and config.v2.json have the same shape; only where the id stands differs.
std::optional<ContainerInfo> container_from(const json& object, std::string id, const json& log_config) {
  if (!is_container_id(id)) return std::nullopt;
  const json& config = at(object, "Config");
  return ContainerInfo{.id = std::move(id),
                       .name = without_slash(text_at(object, "Name")),
                       .image = text_at(config, "Image"),
                       .labels = labels_of(config),
                       .log_path = text_at(object, "LogPath"),
                       .log_driver = text_at(log_config, "Type"),
                       .tty = true_at(config, "Tty"),
                       .running = true_at(at(object, "State"), "Running")};
}

void add_range(DockerNetworks& networks, const std::string& range, const std::string& reason) {
  if (range.empty()) return;
  if (const auto prefix = Prefix::parse(range)) networks.emplace_back(*prefix, reason);
}

void add_gateway(DockerNetworks& networks, const std::string& gateway, const json& length, const std::string& reason) {
  if (gateway.empty()) return;
  add_range(networks, gateway, reason);
  if (length.is_number_integer() && length.get<int>() > 0)
    add_range(networks, gateway + "/" + std::to_string(length.get<int>()), reason);
}

}  // namespace

std::optional<ApiVersion> ApiVersion::parse(std::string_view text) {
  ApiVersion version;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc() || minor.ptr != end || version.major < 0 || version.minor < 0) return std::nullopt;
  return version;
}

Result<ApiVersion> negotiate(ApiVersion oldest, ApiVersion newest) {
  const ApiVersion agreed = std::min(newest, kNewestApi);
  if (agreed >= oldest && agreed >= kOldestApi) return agreed;
  return Error("the Docker daemon speaks API " + oldest.text() + " to " + newest.text() + ", this program " +
               kOldestApi.text() + " to " + kNewestApi.text());
}

DaemonVersion parse_version(std::string_view text) {
  const json object = parse(text);
  return {.oldest = ApiVersion::parse(text_at(object, "MinAPIVersion")),
          .newest = ApiVersion::parse(text_at(object, "ApiVersion"))};
}

std::optional<std::vector<std::string>> parse_container_ids(std::string_view text) {
  const json list = parse(text);
  if (!list.is_array()) return std::nullopt;
  std::vector<std::string> ids;
  for (const json& container : list) {
    std::string id = text_at(container, "Id");
    if (is_container_id(id)) ids.push_back(std::move(id));
  }
  return ids;
}

std::optional<ContainerInfo> parse_inspect(std::string_view text) {
  const json object = parse(text);
  return container_from(object, text_at(object, "Id"), at(at(object, "HostConfig"), "LogConfig"));
}

std::optional<DockerNetworks> parse_networks(std::string_view text) {
  const json list = parse(text);
  if (!list.is_array()) return std::nullopt;
  DockerNetworks networks;
  for (const json& network : list) {
    const std::string name = text_at(network, "Name");
    const json& configs = at(at(network, "IPAM"), "Config");
    if (!configs.is_array()) continue;
    for (const json& config : configs) {
      add_range(networks, text_at(config, "Subnet"), "docker network " + name);
      add_range(networks, text_at(config, "Gateway"), "gateway of docker network " + name);
    }
  }
  return networks;
}

std::optional<DockerEvent> parse_event(std::string_view text) {
  const json object = parse(text);
  DockerEvent event{
      .type = text_at(object, "Type"), .action = text_at(object, "Action"), .id = text_at(at(object, "Actor"), "ID")};
  if (event.action.empty() || event.id.empty()) return std::nullopt;
  return event;
}

std::optional<ContainerInfo> parse_config_v2(std::string_view config, std::string_view hostconfig) {
  const json object = parse(config);
  const json host = parse(hostconfig);
  return container_from(object, text_at(object, "ID"), at(host, "LogConfig"));
}

DockerNetworks networks_of_config_v2(std::string_view config) {
  DockerNetworks ranges;
  const json object = parse(config);
  const json& networks = at(at(object, "NetworkSettings"), "Networks");
  if (!networks.is_object()) return ranges;
  for (const auto& [name, network] : networks.items()) {
    const std::string reason = "docker network " + name;
    add_gateway(ranges, text_at(network, "Gateway"), at(network, "IPPrefixLen"), reason);
    add_gateway(ranges, text_at(network, "IPv6Gateway"), at(network, "GlobalIPv6PrefixLen"), reason);
  }
  return ranges;
}

bool is_container_id(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string container_id_of_log(std::string_view path) {
  constexpr std::string_view kSuffix = "-json.log";
  if (!path.ends_with(kSuffix)) return {};
  path.remove_suffix(kSuffix.size());
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view id = path.substr(slash + 1);
  const std::string_view directory = path.substr(0, slash);
  return is_container_id(id) && directory.ends_with(id) ? std::string(id) : std::string();
}

}  // namespace breakwater
