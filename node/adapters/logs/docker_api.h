// SPDX-License-Identifier: Apache-2.0
// Containers and networks as the Docker Engine API tells them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/runtime/reactor.h"
#include "node/adapters/logs/container_info.h"
#include "node/adapters/logs/curl_multi.h"
#include "node/adapters/logs/docker_json.h"

namespace breakwater {

struct DockerApiCounters {
  std::uint64_t connects = 0;  // complete views obtained
  std::uint64_t disconnects = 0;
  std::uint64_t events = 0;
  std::uint64_t bad_answers = 0;  // neither JSON nor what was asked for
};

// Speaks only GET _ping, version, events, containers/json, containers/ID/json, networks: what a filtering proxy has to
// allow. Negotiates the version; opens the event stream first and then lists, so that a container started in between
// is not missed; asks for each container by itself, because only inspect knows its log. When the stream ends (the
// daemon restarts) it connects anew, with back-off, and lists again. At most kMaxContainers are followed.
//
// One thread. Callbacks come from the reactor.
class DockerApi {
 public:
  static constexpr std::size_t kMaxContainers = 20'000;
  static constexpr Duration kFirstRetry{100};
  static constexpr Duration kLastRetry{5'000};

  // on_connected(true): events.all was called and all from now on will be told; (false): contact is lost, with `why`.
  DockerApi(Reactor& reactor, const Clock& clock, std::string socket, ContainerEvents events,
            std::function<void(bool connected, const std::string& why)> on_connected);
  ~DockerApi();

  void start();
  bool connected() const { return connected_; }
  const std::string& problem() const { return problem_; }  // empty while connected
  std::string version() const { return version_ ? version_->text() : ""; }
  const DockerApiCounters& counters() const { return counters_; }

 private:
  void connect();
  void ask_version();
  void use_version(ApiVersion oldest, ApiVersion newest);
  void open_events();
  void list();
  void inspect_listed(std::vector<std::string> ids);
  void inspect_next();
  void complete();
  bool is_listed(const std::string& id) const;
  void networks_first();
  void ask_networks(std::function<void()> then);
  void on_data(std::string_view bytes);
  void on_event(const DockerEvent& event);
  void refresh(const std::string& id);
  void lost(const std::string& why);
  std::string versioned(const std::string& path) const { return "/v" + version_->text() + path; }

  Reactor& reactor_;
  const Clock& clock_;
  std::string socket_;
  ContainerEvents events_;
  std::function<void(bool, const std::string&)> on_connected_;
  CurlMulti curl_;
  std::optional<ApiVersion> version_;
  bool connected_ = false;
  std::string problem_ = "not asked yet";
  Duration retry_ = kFirstRetry;
  Reactor::TimerId retry_timer_ = 0;
  std::string partial_event_;
  // While the first view is being put together.
  std::vector<std::string> to_inspect_;
  std::size_t asked_ = 0;  // of to_inspect_
  std::size_t answered_ = 0;
  std::vector<ContainerInfo> listed_;
  std::set<std::string> removed_meanwhile_;
  DockerApiCounters counters_;
};

}  // namespace breakwater
