// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/logs/container_dirs.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <dirent.h>
#include <sys/inotify.h>

#include "node/adapters/logs/docker_json.h"
#include "node/adapters/logs/log_reader.h"

namespace breakwater {

namespace {

constexpr std::size_t kMaxConfig = 4 * 1024 * 1024;

std::optional<std::string> read_file(const std::string& path) {
  UniqueFd fd = open_log(path);
  if (!fd) return std::nullopt;
  std::string text = LogReader::plain(std::move(fd))->head(kMaxConfig + 1);
  if (text.size() > kMaxConfig) return std::nullopt;
  return text;
}

std::optional<std::set<std::string>> container_directories(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> handle(::opendir(directory.c_str()), &::closedir);
  if (!handle) return std::nullopt;
  std::set<std::string> ids;
  while (const dirent* entry = ::readdir(handle.get())) {
    if (is_container_id(entry->d_name)) ids.insert(entry->d_name);
  }
  return ids;
}

}  // namespace

ContainerDirs::ContainerDirs(Inotify& inotify, std::string docker_root, ContainerEvents events)
    : inotify_(inotify), directory_(std::move(docker_root) + "/containers"), events_(std::move(events)) {}

bool ContainerDirs::start() {
  if (running_) return true;
  auto watch = inotify_.watch(directory_, IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR,
                              [this](std::uint32_t mask, std::string_view name) { on_entry(mask, name); });
  if (!watch) return false;
  watch_ = std::move(*watch);
  // Everything is collected first and told at once.
  const ContainerEvents events = std::exchange(events_, {.all = [](auto) {},
                                                         .changed = [](auto) {},
                                                         .ended = [](const auto&) {},
                                                         .removed = [](const auto&) {},
                                                         .networks = [](auto) {}});
  running_ = scan();
  events_ = events;
  if (!running_) {
    stop();
    return false;
  }
  std::vector<ContainerInfo> all;
  for (const auto& [id, known] : known_) {
    if (!known.info.id.empty()) all.push_back(known.info);
  }
  events_.all(std::move(all));
  told_networks_.clear();
  tell_networks();
  return true;
}

void ContainerDirs::stop() {
  running_ = false;
  watch_.reset();
  known_.clear();
}

void ContainerDirs::rescan() {
  if (!running_) return;
  // The directory may be another one by now.
  if (!watch_ || !scan()) {
    stop();
    start();
    return;
  }
  tell_networks();
}

bool ContainerDirs::scan() {
  const auto ids = container_directories(directory_);
  if (!ids) return false;
  for (auto it = known_.begin(); it != known_.end();) {
    if (ids->contains(it->first)) {
      ++it;
      continue;
    }
    const std::string id = it->first;
    it = known_.erase(it);
    events_.removed(id);
  }
  for (const std::string& id : *ids)
    look_at(id);
  return true;
}

void ContainerDirs::on_entry(std::uint32_t mask, std::string_view name) {
  if (!is_container_id(name)) return;
  const std::string id(name);
  if (mask & (IN_CREATE | IN_MOVED_TO)) {
    look_at(id);
  } else if (known_.erase(id) > 0) {
    events_.removed(id);
  }
  tell_networks();
}

void ContainerDirs::look_at(const std::string& id) {
  if (!known_.contains(id) && known_.size() >= kMaxContainers) return;
  Known& known = known_[id];
  if (!known.watch) {
    auto watch = inotify_.watch(directory_ + "/" + id, IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR,
                                [this, id](std::uint32_t, std::string_view name) {
                                  const auto it = known_.find(id);
                                  if (it == known_.end() || name != "config.v2.json") return;
                                  read(id, it->second);
                                  tell_networks();
                                });
    if (watch) known.watch = std::move(*watch);
  }
  read(id, known);
}

void ContainerDirs::read(const std::string& id, Known& known) {
  const std::string directory = directory_ + "/" + id;
  const auto config = read_file(directory + "/config.v2.json");
  if (!config) return;  // it comes a moment after the directory
  auto info = parse_config_v2(*config, read_file(directory + "/hostconfig.json").value_or(""));
  if (!info || info->id != id) {
    ++unreadable_;
    return;
  }
  known.networks = info->running ? networks_of_config_v2(*config) : DockerNetworks();
  const bool ended = known.info.running && !info->running;
  if (*info == known.info) return;
  known.info = *info;
  events_.changed(std::move(*info));
  if (ended) events_.ended(id);
}

void ContainerDirs::tell_networks() {
  std::set<std::pair<Prefix, std::string>> unique;
  for (const auto& [id, known] : known_)
    unique.insert(known.networks.begin(), known.networks.end());
  DockerNetworks networks(unique.begin(), unique.end());
  if (networks == told_networks_) return;
  told_networks_ = networks;
  events_.networks(std::move(networks));
}

}  // namespace breakwater
