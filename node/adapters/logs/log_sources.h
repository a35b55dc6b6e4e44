// SPDX-License-Identifier: Apache-2.0
// All logs of a node: finds them, follows them, hands on their lines.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/runtime/reactor.h"
#include "node/adapters/logs/container_dirs.h"
#include "node/adapters/logs/docker_api.h"
#include "node/adapters/logs/file_tail.h"
#include "node/adapters/logs/glob_watch.h"
#include "node/adapters/logs/jail_watch.h"
#include "node/core/framing/log_line.h"
#include "node/core/node_store.h"

namespace breakwater {

struct LogSourcesSettings {
  std::string docker_socket = "/var/run/docker.sock";  // empty: never ask the daemon
  std::string docker_root = "/var/lib/docker";         // empty: never read its files
  std::size_t max_files = 4096;                        // more are not followed, counted, an alarm
  std::uint64_t backlog_bytes = 64 * 1024 * 1024;      // of a log first seen: its newest bytes
  std::size_t read_bytes = 64 * 1024;                  // one read; then another log has its turn
  std::size_t turn_bytes = 256 * 1024;                 // all reads in one turn of the loop
  Duration rescan = std::chrono::seconds(10);          // for what inotify did not tell
  Duration poll = std::chrono::milliseconds(250);      // logs for which the kernel has no watch left
  FramingLimits framing;
};

// Since start; logs no longer followed included.
struct LogSourcesStats {
  std::uint64_t files = 0;                    // followed now
  std::uint64_t containers = 0;               // known now
  std::uint64_t containers_not_followed = 0;  // now: wanted by a jail, but they log elsewhere
  std::uint64_t files_refused = 0;            // beyond max_files
  std::uint64_t inotify_overflows = 0;
  std::uint64_t watches_refused = 0;
  FramingCounters framing;
  TailCounters tail;
  DockerApiCounters api;
  // By name, for NodeCore::set_gauge and the log.
  std::map<std::string, std::uint64_t> by_name() const;
};

// Jails say what they want (JailWatch); this finds the containers (Docker's API while the socket answers, dockerd's
// own files else) and files (live globs), follows each log once whatever the number of jails that want it, and calls
// on_line with the indices of those jails. A path that is a container's json-file log is followed as that container.
//
// A line reaches on_line in the same turn of the loop in which inotify tells of its write. Reads are bounded: a busy
// log neither starves the others nor the loop.
//
// One thread, the reactor's. Set the callbacks before start(). Whoever destroys it destroys it before the reactor.
class LogSources {
 public:
  using OnLine = std::function<void(const LogLine& line, const std::vector<std::size_t>& jails)>;

  LogSources(Reactor& reactor, const Clock& clock, LogSourcesSettings settings, std::vector<JailWatch> jails,
             std::vector<StoredPosition> stored);
  ~LogSources();
  LogSources(const LogSources&) = delete;
  LogSources& operator=(const LogSources&) = delete;

  void on_line(OnLine callback) { on_line_ = std::move(callback); }
  // The gate for a log that these jails follow, made for their filters in that order; nullptr: none. Without the
  // callback no log has one. A line that a gate lets through reaches on_line with the jails whose filters may match.
  using GateFor = std::function<std::shared_ptr<LineGate>(const std::vector<std::size_t>& jails, bool docker_json)>;
  void gate_for(GateFor callback) { gate_for_ = std::move(callback); }
  // After each bounded batch that had lines: carry out now what they caused.
  void on_batch_end(std::function<void()> callback) { on_batch_end_ = std::move(callback); }
  // Docker's networks, whenever they changed: they replace what was said before. For the never-ban list.
  void on_docker_networks(std::function<void(const DockerNetworks&)> callback) { on_networks_ = std::move(callback); }

  // An error: nothing can be followed at all.
  Result<void> start();

  // Other jails from now on, after start(). Logs that one of them wants are read on where they were; those that none
  // wants are left with their position kept; new ones are read as after a fresh start: from their position if one is
  // known, else their newest bytes as backlog. Indices in on_line and gate_for are the new ones from here on.
  void set_jails(std::vector<JailWatch> jails);

  // Where reading would go on, of every log that is followed. Everything before has been given to on_line.
  std::vector<StoredPosition> positions() const;
  // Sources that are gone for good since the last call, and positions of such: forget them.
  std::vector<std::string> take_gone();

  LogSourcesStats stats() const;
  // What an operator should know now; empty if all is well. At most kMaxAlarms.
  static constexpr std::size_t kMaxAlarms = 32;
  std::vector<std::string> alarms() const;

 private:
  struct Followed {
    LogSource source;
    std::unique_ptr<FileTail> tail;
    std::set<std::size_t> path_jails;  // by logpath
    std::vector<std::size_t> container_jails;
    std::vector<std::size_t> jails;  // both, ascending
    bool queued = false;
    bool stopped = false;  // no longer followed; may still stand in the queue
    int scans_gone = 0;
    int scans_with_stragglers = 0;
  };
  using FollowedPtr = std::shared_ptr<Followed>;
  struct Glob {
    std::string jail;  // its name
    std::unique_ptr<GlobWatch> watch;
    std::uint64_t found = 0;
  };

  // log_sources.cpp
  void start_globs(const std::vector<Glob>& before);
  void start_discovery();
  void join_jails();
  void forget_vanished();
  void on_path_found(std::size_t jail, const LogPath& logpath, const std::string& path, bool all_is_old);
  FirstSight first_sight(const std::string& path, bool from_tail, bool all_is_old) const;
  // `all_is_old`: nobody looked for it until now, so what it holds was there before us.
  Followed* follow(const std::string& id, const std::string& path, bool from_tail, bool all_is_old);
  void stop_following(Followed& followed, bool gone);
  void merge_jails(Followed& followed);

  // log_sources_containers.cpp
  ContainerEvents container_events();
  void on_api_connected(bool connected);
  void tell_by_files(const std::string& why);
  void on_all_containers(std::vector<ContainerInfo> containers);
  void on_container(ContainerInfo container);
  void on_container_ended(const std::string& id);
  void on_container_removed(const std::string& id);
  void describe(Followed& followed, const ContainerInfo& container);
  std::string log_path_of(const ContainerInfo& container) const;
  bool is_json_file(const ContainerInfo& container);

  // log_sources_reading.cpp
  void wake(const FollowedPtr& followed);
  void wake_all();
  void arm();
  void read_ready();
  void read_one(const FollowedPtr& followed);
  void deliver(Followed& followed, const FramedLine& line, const LogPosition& after, bool backlog, bool missed);
  void rescan();
  void check_gone(const FollowedPtr& followed);
  void poll_unwatched();
  void add_totals(LogSourcesStats& stats, const Followed& followed) const;

  Reactor& reactor_;
  const Clock& clock_;
  LogSourcesSettings settings_;
  std::vector<JailWatch> jails_;
  std::map<std::string, LogPosition> stored_;
  OnLine on_line_;
  GateFor gate_for_;
  std::vector<std::size_t> jails_of_line_;  // reused from line to line
  std::function<void()> on_batch_end_;
  std::function<void(const DockerNetworks&)> on_networks_;

  std::optional<Timestamp> started_;  // by the file systems' clock
  bool starting_ = false;             // start() or set_jails(): who follows what is put together at its end
  bool vanished_forgotten_ = false;
  std::unique_ptr<Inotify> inotify_;
  std::unique_ptr<DockerApi> api_;
  std::unique_ptr<ContainerDirs> dirs_;
  std::map<std::string, ContainerInfo> containers_;
  bool containers_known_ = false;
  bool told_by_files_ = false;
  std::map<std::string, FollowedPtr> followed_;  // by LogSource::id
  std::vector<Glob> globs_;
  std::vector<std::string> gone_;
  std::map<std::string, std::string> container_alarms_;  // by container id
  std::map<std::string, std::string> path_alarms_;       // by path

  std::deque<FollowedPtr> ready_;
  std::vector<char> buffer_;
  bool armed_ = false;
  std::uint64_t lines_in_batch_ = 0;
  Reactor::TimerId rescan_timer_ = 0;
  Reactor::TimerId poll_timer_ = 0;
  LogSourcesStats totals_;  // of logs no longer followed
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace breakwater
