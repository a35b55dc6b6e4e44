// SPDX-License-Identifier: Apache-2.0
// LogSources: whose turn it is to be read, counters.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "common/base/text.h"
#include "node/adapters/logs/log_sources.h"

namespace breakwater {

namespace {

// A step without bytes costs some system calls all the same.
constexpr std::uint64_t kCostOfAStep = 512;

void add(FramingCounters& to, const FramingCounters& more) {
  to.lines += more.lines;
  to.lines_gated += more.lines_gated;
  to.lines_cut += more.lines_cut;
  to.records_too_long += more.records_too_long;
  to.parse_errors += more.parse_errors;
  to.resyncs += more.resyncs;
  to.nul_bytes += more.nul_bytes;
  to.torn_at_end += more.torn_at_end;
}

void add(TailCounters& to, const TailCounters& more) {
  to.bytes += more.bytes;
  to.rotations += more.rotations;
  to.truncations += more.truncations;
  to.backlog_skipped += more.backlog_skipped;
  to.positions_lost += more.positions_lost;
  to.read_errors += more.read_errors;
}

}  // namespace

void LogSources::wake(const FollowedPtr& followed) {
  if (followed->stopped || std::exchange(followed->queued, true)) return;
  ready_.push_back(followed);
  arm();
}

void LogSources::wake_all() {
  for (const auto& [id, followed] : followed_)
    wake(followed);
}

void LogSources::arm() {
  if (std::exchange(armed_, true)) return;
  reactor_.at_end_of_turn([this, alive = alive_] {
    if (*alive) read_ready();
  });
}

// One after the other, each one buffer; what is left has its turn when the loop has looked at everything else.
void LogSources::read_ready() {
  armed_ = false;
  std::uint64_t left = settings_.turn_bytes;
  while (!ready_.empty() && left > 0) {
    const FollowedPtr followed = ready_.front();
    ready_.pop_front();
    if (followed->stopped) continue;
    const std::uint64_t before = followed->tail->counters().bytes;
    read_one(followed);
    left -= std::min(left, followed->tail->counters().bytes - before + kCostOfAStep);
  }
  if (!ready_.empty()) arm();
}

void LogSources::read_one(const FollowedPtr& followed) {
  followed->queued = false;
  lines_in_batch_ = 0;
  const bool more = followed->tail->step(buffer_);
  if (lines_in_batch_ > 0 && on_batch_end_) on_batch_end_();
  if (followed->tail->finished()) return stop_following(*followed, true);
  if (more) wake(followed);
}

void LogSources::deliver(Followed& followed, const FramedLine& line, const LogPosition& after, bool backlog,
                         bool missed) {
  ++lines_in_batch_;
  if (!on_line_) return;
  const std::vector<std::size_t>* jails = &followed.jails;
  if (line.candidates != nullptr) {
    jails_of_line_.clear();
    for (const std::uint16_t index : *line.candidates)
      jails_of_line_.push_back(followed.jails[index]);
    jails = &jails_of_line_;
  }
  on_line_({.source = &followed.source,
            .text = line.text,
            .raw = line.raw,
            .record_time = line.record_time,
            .after = after,
            .backlog = backlog,
            .missed = missed},
           *jails);
}

void LogSources::rescan() {
  for (Glob& glob : globs_)
    glob.watch->rescan();
  if (dirs_ && dirs_->running()) dirs_->rescan();
  if (dirs_ && !dirs_->running() && !(api_ && api_->connected())) dirs_->start();
  const auto all = followed_;
  for (const auto& [id, followed] : all)
    check_gone(followed);
  wake_all();
}

void LogSources::check_gone(const FollowedPtr& followed) {
  FileTail& tail = *followed->tail;
  followed->scans_with_stragglers = tail.has_stragglers() ? followed->scans_with_stragglers + 1 : 0;
  if (followed->scans_with_stragglers > 1) tail.end_stragglers();
  // A container that is known decides itself when it goes.
  const bool known = containers_.contains(followed->source.container_id);
  followed->scans_gone = !known && tail.is_gone() ? followed->scans_gone + 1 : 0;
  if (followed->scans_gone > 1) tail.finish();
  const std::string& path = followed->source.path;
  path_alarms_.erase(path);
  if (open_log(path) || errno == ENOENT) return;
  path_alarms_[path] = "cannot read " + escaped(path) + ": " + std::strerror(errno);
}

void LogSources::poll_unwatched() {
  for (const auto& [id, followed] : followed_) {
    if (followed->tail->needs_polling()) wake(followed);
  }
}

void LogSources::add_totals(LogSourcesStats& stats, const Followed& followed) const {
  add(stats.framing, followed.tail->framing_counters());
  add(stats.tail, followed.tail->counters());
}

LogSourcesStats LogSources::stats() const {
  LogSourcesStats stats = totals_;
  for (const auto& [id, followed] : followed_)
    add_totals(stats, *followed);
  stats.files = followed_.size();
  stats.containers = containers_.size();
  stats.containers_not_followed = container_alarms_.size();
  if (inotify_) {
    stats.inotify_overflows = inotify_->overflows();
    stats.watches_refused = inotify_->refused();
  }
  if (api_) stats.api = api_->counters();
  return stats;
}

std::map<std::string, std::uint64_t> LogSourcesStats::by_name() const {
  return {{"files", files},
          {"containers", containers},
          {"containers_not_followed", containers_not_followed},
          {"files_refused", files_refused},
          {"inotify_overflows", inotify_overflows},
          {"watches_refused", watches_refused},
          {"lines", framing.lines},
          {"lines_gated", framing.lines_gated},
          {"lines_cut", framing.lines_cut},
          {"records_too_long", framing.records_too_long},
          {"parse_errors", framing.parse_errors},
          {"resyncs", framing.resyncs},
          {"nul_bytes", framing.nul_bytes},
          {"torn_records", framing.torn_at_end},
          {"log_bytes", tail.bytes},
          {"rotations", tail.rotations},
          {"truncations", tail.truncations},
          {"backlog_skipped", tail.backlog_skipped},
          {"positions_lost", tail.positions_lost},
          {"read_errors", tail.read_errors},
          {"docker_connects", api.connects},
          {"docker_disconnects", api.disconnects}};
}

}  // namespace breakwater
