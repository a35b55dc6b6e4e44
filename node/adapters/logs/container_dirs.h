// SPDX-License-Identifier: Apache-2.0
// Containers as dockerd's own files tell them: <root>/containers/<id>/config.v2.json. For nodes that may read the
// files but not ask the daemon.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "common/runtime/reactor.h"
#include "node/adapters/logs/container_info.h"
#include "node/adapters/logs/inotify.h"

namespace breakwater {

// dockerd writes the file anew and renames it into place at create, start, rename and end of a container, so reading
// it is free of races, and the rename is the event. No stable interface, but the same keys from 20.10 to 29. A file
// that is too big or no JSON is skipped and counted. At most kMaxContainers.
//
// One thread. Callbacks come from the reactor, and from rescan().
class ContainerDirs {
 public:
  static constexpr std::size_t kMaxContainers = 20'000;

  ContainerDirs(Inotify& inotify, std::string docker_root, ContainerEvents events);

  // Begins to watch, calls events.all; false if the directory cannot be read (yet): try again.
  bool start();
  void stop();
  bool running() const { return running_; }
  // For lost events. Tells only what changed.
  void rescan();
  std::uint64_t unreadable() const { return unreadable_; }

 private:
  struct Known {
    ContainerInfo info;
    DockerNetworks networks;
    Inotify::Watch watch;
  };

  bool scan();
  void on_entry(std::uint32_t mask, std::string_view name);
  void look_at(const std::string& id);
  void read(const std::string& id, Known& known);
  void tell_networks();

  Inotify& inotify_;
  std::string directory_;
  ContainerEvents events_;
  bool running_ = false;
  Inotify::Watch watch_;
  std::map<std::string, Known> known_;
  DockerNetworks told_networks_;
  std::uint64_t unreadable_ = 0;
};

}  // namespace breakwater
