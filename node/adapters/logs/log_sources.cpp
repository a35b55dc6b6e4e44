// SPDX-License-Identifier: Apache-2.0
// LogSources: start, files, what is followed.
#include "node/adapters/logs/log_sources.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "common/base/text.h"
#include "common/log/log.h"
#include "node/adapters/logs/docker_json.h"

namespace breakwater {

namespace {

constexpr std::string_view kDockerId = "docker:";
constexpr std::string_view kFileId = "file:";

// The clock that file systems stamp new files with: a tick behind the exact one, so only it can be compared.
std::optional<Timestamp> file_system_now() {
  timespec now{};
  if (::clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0) return std::nullopt;
  return from_unix_seconds(now.tv_sec) + Duration(now.tv_nsec / 1'000'000);
}

}  // namespace

LogSources::LogSources(Reactor& reactor, const Clock& clock, LogSourcesSettings settings, std::vector<JailWatch> jails,
                       std::vector<StoredPosition> stored)
    : reactor_(reactor), clock_(clock), settings_(std::move(settings)), jails_(std::move(jails)) {
  for (StoredPosition& each : stored)
    stored_[each.source] = each.position;
  buffer_.resize(std::max<std::size_t>(settings_.read_bytes, 4096));
}

LogSources::~LogSources() {
  *alive_ = false;
  reactor_.cancel(rescan_timer_);
  reactor_.cancel(poll_timer_);
}

Result<void> LogSources::start() {
  auto inotify = Inotify::open(reactor_);
  if (!inotify) return inotify.error().within("following logs");
  inotify_ = std::move(*inotify);
  inotify_->on_overflow([this] { rescan(); });
  started_ = file_system_now();
  starting_ = true;
  start_discovery();
  start_globs({});
  join_jails();
  forget_vanished();
  rescan_timer_ = reactor_.every(settings_.rescan, [this] { rescan(); });
  poll_timer_ = reactor_.every(settings_.poll, [this] { poll_unwatched(); });
  return {};
}

void LogSources::set_jails(std::vector<JailWatch> jails) {
  jails_ = std::move(jails);
  for (const auto& [id, followed] : followed_) {
    followed->path_jails.clear();
    followed->container_jails.clear();
  }
  starting_ = true;
  const auto known = containers_;
  for (const auto& [id, container] : known)
    on_container(container);
  const std::vector<Glob> before = std::exchange(globs_, {});  // watches stay until the new ones stand
  start_globs(before);
  join_jails();
}

// What start_discovery() and start_globs() found goes to those who want it, with one gate a log.
void LogSources::join_jails() {
  starting_ = false;
  const auto all = followed_;
  for (const auto& [id, followed] : all) {
    merge_jails(*followed);
    if (followed->jails.empty()) stop_following(*followed, false);
  }
}

// What appears where a jail looked already (`before`) is new; the rest was there before anybody looked.
void LogSources::start_globs(const std::vector<Glob>& before) {
  for (std::size_t jail = 0; jail < jails_.size(); ++jail) {
    for (const LogPath& logpath : jails_[jail].logpaths) {
      const std::size_t index = globs_.size();
      globs_.emplace_back();
      globs_[index].jail = jails_[jail].name;
      const bool looked_already = std::any_of(before.begin(), before.end(), [&](const Glob& glob) {
        return glob.jail == jails_[jail].name && glob.watch->pattern() == logpath.glob;
      });
      auto found = [this, jail, logpath, index, looked_already](const std::string& path) {
        ++globs_[index].found;
        on_path_found(jail, logpath, path, starting_ && !looked_already);
      };
      globs_[index].watch = std::make_unique<GlobWatch>(*inotify_, logpath.glob, std::move(found));
    }
  }
}

void LogSources::start_discovery() {
  if (!settings_.docker_root.empty()) {
    dirs_ = std::make_unique<ContainerDirs>(*inotify_, settings_.docker_root, container_events());
    dirs_->start();
  }
  if (settings_.docker_socket.empty()) {
    if (dirs_ && dirs_->running()) tell_by_files("no Docker socket is set");
    return;
  }
  api_ = std::make_unique<DockerApi>(reactor_, clock_, settings_.docker_socket, container_events(),
                                     [this](bool connected, const std::string&) { on_api_connected(connected); });
  api_->start();
}

// Stored positions of logs that are no more would be kept for ever.
void LogSources::forget_vanished() {
  if (vanished_forgotten_) return;
  const bool ask_containers = api_ || dirs_;
  if (ask_containers && !containers_known_) return;
  vanished_forgotten_ = true;
  for (auto it = stored_.begin(); it != stored_.end();) {
    const std::string& id = it->first;
    const bool container = id.starts_with(kDockerId);
    const bool exists =
        followed_.contains(id) || (container ? !ask_containers || containers_.contains(id.substr(kDockerId.size()))
                                             : facts_of(id.substr(std::min(id.size(), kFileId.size()))).has_value());
    if (exists) {
      ++it;
      continue;
    }
    gone_.push_back(id);
    it = stored_.erase(it);
  }
}

void LogSources::on_path_found(std::size_t jail, const LogPath& logpath, const std::string& path, bool all_is_old) {
  const std::string container = container_id_of_log(path);
  const auto known = containers_.find(container);
  if (known != containers_.end() && !container_enabled(known->second)) return;
  const std::string id = container.empty() ? std::string(kFileId) + path : std::string(kDockerId) + container;
  Followed* const followed = follow(id, path, logpath.from_tail, all_is_old);
  if (followed == nullptr || !followed->path_jails.insert(jail).second) return;
  merge_jails(*followed);
  if (known != containers_.end()) describe(*followed, known->second);
}

FirstSight LogSources::first_sight(const std::string& path, bool from_tail, bool all_is_old) const {
  const auto facts = facts_of(path);
  const bool before_us = facts && (all_is_old || (facts->born && started_ && *facts->born < *started_));
  if (!before_us) return FirstSight::beginning;
  return from_tail ? FirstSight::end : FirstSight::backlog;
}

LogSources::Followed* LogSources::follow(const std::string& id, const std::string& path, bool from_tail,
                                         bool all_is_old) {
  const auto known = followed_.find(id);
  if (known != followed_.end()) return known->second.get();
  if (followed_.size() >= settings_.max_files) {
    ++totals_.files_refused;
    return nullptr;
  }
  const bool is_container = id.starts_with(kDockerId);
  const auto followed = std::make_shared<Followed>();
  followed->source.id = id;
  followed->source.path = path;
  followed->source.docker_json = is_container;
  if (is_container) followed->source.container_id = id.substr(kDockerId.size());
  const auto stored = stored_.find(id);
  TailSettings tail{.path = path,
                    .docker_json = is_container,
                    .stored = stored == stored_.end() ? std::nullopt : std::optional(stored->second),
                    .first_sight = first_sight(path, from_tail, all_is_old),
                    .backlog_bytes = settings_.backlog_bytes,
                    .started = all_is_old ? file_system_now() : started_,
                    .limits = settings_.framing};
  const std::weak_ptr<Followed> weak = followed;
  TailCallbacks callbacks{
      .woken =
          [this, weak] {
            if (const auto strong = weak.lock()) wake(strong);
          },
      .line = [this, raw = followed.get()](const FramedLine& line, const LogPosition& after, bool backlog,
                                           bool missed) { deliver(*raw, line, after, backlog, missed); }};
  followed->tail = std::make_unique<FileTail>(*inotify_, std::move(tail), std::move(callbacks));
  followed_[id] = followed;
  log_info("following a log", {{"source", id}, {"path", path}, {"known", stored != stored_.end() ? "yes" : "no"}});
  wake(followed);
  return followed.get();
}

void LogSources::stop_following(Followed& followed, bool gone) {
  const std::string id = followed.source.id;  // `followed` may end with its entry
  const auto it = followed_.find(id);
  if (it == followed_.end()) return;
  const FollowedPtr keep = it->second;
  keep->stopped = true;
  add_totals(totals_, *keep);
  if (gone) {
    stored_.erase(id);
    gone_.push_back(id);
  } else {
    stored_[id] = keep->tail->position();
  }
  path_alarms_.erase(keep->source.path);
  followed_.erase(it);
  log_info("no longer following a log", {{"source", id}, {"gone", gone ? "yes" : "no"}});
}

void LogSources::merge_jails(Followed& followed) {
  std::set<std::size_t> merged = followed.path_jails;
  merged.insert(followed.container_jails.begin(), followed.container_jails.end());
  followed.jails.assign(merged.begin(), merged.end());
  if (starting_) return;  // more may come
  // No line is being delivered now, so the candidates of each line are always indices into these jails.
  if (gate_for_) followed.tail->set_gate(gate_for_(followed.jails, followed.source.docker_json));
}

std::vector<StoredPosition> LogSources::positions() const {
  std::vector<StoredPosition> positions;
  positions.reserve(followed_.size());
  for (const auto& [id, followed] : followed_)
    positions.push_back({id, followed->tail->position()});
  return positions;
}

std::vector<std::string> LogSources::take_gone() {
  return std::exchange(gone_, {});
}

std::vector<std::string> LogSources::alarms() const {
  std::vector<std::string> texts;
  const bool containers_wanted =
      std::any_of(jails_.begin(), jails_.end(), [](const JailWatch& jail) { return jail.containers; });
  const bool dirs_running = dirs_ && dirs_->running();
  if (containers_wanted && !dirs_running && !(api_ && api_->connected()))
    texts.push_back("containers are not seen: " + (api_ ? api_->problem() : std::string("no Docker socket is set")) +
                    (dirs_ ? "; " + settings_.docker_root + "/containers cannot be read" : ""));
  for (const Glob& glob : globs_) {
    if (glob.found == 0) texts.push_back("no file matches logpath " + escaped(glob.watch->pattern()));
  }
  if (totals_.files_refused > 0)
    texts.push_back("more than " + std::to_string(settings_.max_files) + " logs: the rest is not followed");
  if (inotify_ && inotify_->refused() > 0)
    texts.push_back("the kernel has no inotify watches left (fs.inotify.max_user_watches): some logs are polled");
  for (const auto* each : {&container_alarms_, &path_alarms_}) {
    for (const auto& [key, text] : *each)
      texts.push_back(text);
  }
  if (texts.size() > kMaxAlarms) texts.resize(kMaxAlarms);
  return texts;
}

}  // namespace breakwater
