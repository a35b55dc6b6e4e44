// SPDX-License-Identifier: Apache-2.0
#include "node/tools/log_replay.h"

#include <algorithm>
#include <utility>

#include "common/runtime/time_zone.h"
#include "node/core/filter/subject_text.h"
#include "node/core/framing/docker_json_framing.h"
#include "node/core/framing/line_framing.h"

namespace breakwater {

LogReplay::LogReplay(std::vector<RunningJail>& all, std::vector<std::size_t> jails, std::uint32_t log, LogFormat format,
                     Timestamp now, ReplayOffenceSink sink)
    : log_(log), now_(now), sink_(std::move(sink)) {
  for (const std::size_t index : jails)
    followers_.push_back({index, &all[index], all[index].jail.filter->make_memory(), nullptr});
  if (format == LogFormat::docker) framing_ = std::make_unique<DockerJsonFraming>();
  if (format == LogFormat::file) framing_ = std::make_unique<LineFraming>();
  if (format == LogFormat::journal_json) journal_lines_ = std::make_unique<LogLines>(format);
  framed_ = [this](const FramedLine& line) { on_framed(line); };
  tool_ = [this](const ToolLine& line) { on_tool_line(line); };
}

LogReplay::~LogReplay() = default;

void LogReplay::set_gate(std::shared_ptr<LineGate> gate) {
  if (framing_) framing_->set_gate(std::move(gate));
}

void LogReplay::feed(std::string_view block) {
  if (journal_lines_) return journal_lines_->feed(block, tool_);
  block_ = block;
  numbers_.begin_block(block);
  framing_->feed(block, framed_);
  numbers_.end_block();
  block_ = {};
}

void LogReplay::end() {
  if (journal_lines_) {
    journal_lines_->end(tool_);
  } else {
    framing_->end_of_file(framed_);
    framing_->flush(framed_);
  }
  for (const Follower& follower : followers_)
    follower.jail->counts.lines += lines();
}

std::uint64_t LogReplay::lines() const {
  return journal_lines_ ? journal_count_ : numbers_.total();
}

void LogReplay::on_framed(const FramedLine& line) {
  LineContext context;
  context.now = now_;
  context.record_time = line.record_time;
  on_line(
      line.text, line.raw, context, [&] { return numbers_.number(line.last); }, line.candidates);
}

void LogReplay::on_tool_line(const ToolLine& line) {
  ++journal_count_;
  if (!line.problem.empty()) return;
  LineContext context;
  context.now = now_;
  context.record_time = line.record_time;
  context.no_date = line.undated;
  on_line(
      line.text, line.raw, context, [&] { return line.number; }, nullptr);
}

template <class Number>
void LogReplay::on_line(std::string_view text, std::string_view raw, const LineContext& context, const Number& number,
                        const Candidates* candidates) {
  if (candidates != nullptr) {
    for (const std::uint16_t index : *candidates)
      try_jail(followers_[index], text, raw, context, number);
  } else {
    for (Follower& follower : followers_)
      try_jail(follower, text, raw, context, number);
  }
}

template <class Number>
void LogReplay::try_jail(Follower& follower, std::string_view text, std::string_view raw, const LineContext& context,
                         const Number& number) {
  LineFilter& filter = *follower.jail->jail.filter;
  const FilterMatch match = filter.match(filter.wants_raw_json() ? raw : text, context, follower.memory.get());
  if (match.verdict == FilterVerdict::no_match) return;
  ReplayCounts& counts = follower.jail->counts;
  if (match.verdict == FilterVerdict::pending) ++counts.pending;
  if (match.verdict == FilterVerdict::no_address) ++counts.no_address;
  if (match.verdict == FilterVerdict::engine_failed) ++counts.engine_failed;
  if (match.verdict == FilterVerdict::ignored) ++counts.ignored;
  if (match.verdict != FilterVerdict::offence) return;
  const Timestamp at = time_of(follower, match, context, text);
  if (!follower.jail->ignored.empty() && follower.jail->ignored.covering(match.who) != nullptr) {
    ++counts.ignored;
    return;
  }
  ++counts.offences;
  first_ = std::min(first_.value_or(at), at);
  last_ = std::max(last_.value_or(at), at);
  sink_({follower.index, match.who, at, {log_, number()}});
}

Timestamp LogReplay::time_of(Follower& follower, const FilterMatch& match, const LineContext& context,
                             std::string_view text) {
  if (match.dated || context.record_time) {
    known_ = match.at;
  } else if (const auto before = date_before(follower, text)) {
    known_ = before;
  }
  return known_.value_or(match.at);
}

std::optional<Timestamp> LogReplay::date_before(Follower& follower, std::string_view text) {
  const bool inside = !block_.empty() && text.data() >= block_.data() && text.data() <= block_.data() + block_.size();
  if (!inside) return std::nullopt;
  if (!follower.dates) {
    auto made = DateDetector::make(follower.jail->jail.config.filter.datepattern);
    if (!made) return std::nullopt;
    follower.dates = std::move(*made);
  }
  ZoneRule zone{.fixed = std::nullopt, .host = host_offset};
  if (const auto& name = follower.jail->jail.config.logtimezone) {
    if (const auto fixed = parse_zone(*name)) zone.fixed = *fixed;
  }
  std::string_view before = block_.substr(0, static_cast<std::size_t>(text.data() - block_.data()));
  for (int i = 0; i < kLookBack && !before.empty(); ++i) {
    before.remove_suffix(1);
    const std::size_t newline = before.find_last_of('\n');
    const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
    const std::string_view line = before.substr(begin, FramingLimits{}.line);
    const SubjectText subject{line, is_ascii(line)};
    if (subject.ascii || is_utf8(line)) {
      const auto date = follower.dates->find(subject);
      const auto when = date ? follower.dates->value(subject, *date, now_, zone) : std::nullopt;
      if (when) return when;
    }
    before = before.substr(0, begin);
  }
  return std::nullopt;
}

}  // namespace breakwater
