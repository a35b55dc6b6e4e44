// SPDX-License-Identifier: Apache-2.0
// LogSources: containers come, change, end and go.
#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/log/log.h"
#include "node/adapters/logs/docker_json.h"
#include "node/adapters/logs/log_sources.h"

namespace breakwater {

ContainerEvents LogSources::container_events() {
  return {.all = [this](std::vector<ContainerInfo> containers) { on_all_containers(std::move(containers)); },
          .changed = [this](ContainerInfo container) { on_container(std::move(container)); },
          .ended = [this](const std::string& id) { on_container_ended(id); },
          .removed = [this](const std::string& id) { on_container_removed(id); },
          .networks =
              [this](const DockerNetworks& networks) {
                if (on_networks_) on_networks_(networks);
              }};
}

// The daemon knows more than its files (networks, paths), so it is preferred while it answers.
void LogSources::on_api_connected(bool connected) {
  if (connected) {
    log_info("containers are told by the Docker API", {{"version", api_->version()}});
    told_by_files_ = false;
    if (dirs_) dirs_->stop();
    return;
  }
  if (dirs_ && (dirs_->running() || dirs_->start())) tell_by_files(api_->problem());
}

// Once, and again after the API had answered: it is asked every few seconds.
void LogSources::tell_by_files(const std::string& why) {
  if (!std::exchange(told_by_files_, true)) log_info("containers are told by dockerd's files", {{"because", why}});
}

void LogSources::on_all_containers(std::vector<ContainerInfo> containers) {
  std::set<std::string> ids;
  for (const ContainerInfo& container : containers)
    ids.insert(container.id);
  std::vector<std::string> removed;
  for (const auto& [id, container] : containers_) {
    if (!ids.contains(id)) removed.push_back(id);
  }
  for (const std::string& id : removed)
    on_container_removed(id);
  for (ContainerInfo& container : containers)
    on_container(std::move(container));
  containers_known_ = true;
  if (!starting_) forget_vanished();
}

void LogSources::on_container(ContainerInfo container) {
  const std::string id = container.id;
  const ContainerInfo& known = containers_[id] = std::move(container);
  container_alarms_.erase(id);
  const ContainerJails wanted = jails_of(known, jails_);
  for (const std::string& name : wanted.unknown)
    container_alarms_[id] = "container " + escaped(known.name, 100) + " asks for jail \"" + escaped(name, 100) +
                            "\" (label breakwater.jail): there is no such jail";
  const auto found = followed_.find("docker:" + id);
  Followed* followed = found == followed_.end() ? nullptr : found->second.get();
  if (!container_enabled(known)) {
    if (followed != nullptr) stop_following(*followed, false);
    return;
  }
  if (followed == nullptr && !wanted.jails.empty() && is_json_file(known)) {
    const std::string path = log_path_of(known);
    if (!path.empty()) followed = follow("docker:" + id, path, false, starting_);
  }
  if (followed == nullptr) return;
  followed->container_jails = wanted.jails;
  merge_jails(*followed);
  describe(*followed, known);
  if (followed->jails.empty() && !starting_) stop_following(*followed, false);
}

void LogSources::describe(Followed& followed, const ContainerInfo& container) {
  followed.source.container = container.name;
  followed.source.image = container.image;
  followed.source.labels = container.labels;
}

bool LogSources::is_json_file(const ContainerInfo& container) {
  if (container.log_driver == "json-file" || container.log_driver.empty()) return true;
  const std::string text =
      "container " + escaped(container.name, 100) + " logs to " + escaped(container.log_driver, 40) + ": not followed";
  container_alarms_[container.id] = text;
  return false;
}

// Empty until the container was first started. In a container of ours the daemon's path may be mounted elsewhere.
std::string LogSources::log_path_of(const ContainerInfo& container) const {
  if (container.log_path.empty() || settings_.docker_root.empty() || facts_of(container.log_path))
    return container.log_path;
  const std::string here = settings_.docker_root + "/containers/" + container.id + "/" + container.id + "-json.log";
  return facts_of(here) ? here : container.log_path;
}

void LogSources::on_container_ended(const std::string& id) {
  const auto found = followed_.find("docker:" + id);
  if (found == followed_.end()) return;
  lines_in_batch_ = 0;
  found->second->tail->writer_ended();
  if (lines_in_batch_ > 0 && on_batch_end_) on_batch_end_();
}

void LogSources::on_container_removed(const std::string& id) {
  containers_.erase(id);
  container_alarms_.erase(id);
  const auto found = followed_.find("docker:" + id);
  if (found == followed_.end()) {
    if (stored_.erase("docker:" + id) > 0) gone_.push_back("docker:" + id);
    return;
  }
  found->second->tail->finish();
  wake(found->second);
}

}  // namespace breakwater
