// SPDX-License-Identifier: Apache-2.0
#include "node/tools/log_lines.h"

#include <algorithm>

#include "node/core/framing/docker_json_framing.h"
#include "node/core/framing/line_framing.h"
#include "node/core/framing/record_splitter.h"
#include "node/tools/journal_entry.h"

namespace breakwater {

struct LogLines::Journal {
  RecordSplitter splitter{0, false, FramingLimits{}.record};
  FramingCounters counters;
};

LogLines::LogLines(LogFormat format) : format_(format) {
  if (format == LogFormat::journal_json) journal_ = std::make_unique<Journal>();
  if (format == LogFormat::docker) framing_ = std::make_unique<DockerJsonFraming>();
  if (format == LogFormat::file) framing_ = std::make_unique<LineFraming>();
}

LogLines::~LogLines() = default;

void LogLines::feed(std::string_view bytes, const ToolLineSink& sink) {
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, newline == std::string_view::npos ? newline : newline + 1);
    open_line_ += piece.substr(0, FramingLimits{}.line - std::min(FramingLimits{}.line, open_line_.size()));
    line_open_ = newline == std::string_view::npos;
    feed_piece(piece, sink);
    bytes.remove_prefix(piece.size());
    if (line_open_) return;
    ++number_;
    delivered_ = 0;
    open_line_.clear();
  }
}

void LogLines::end(const ToolLineSink& sink) {
  if (journal_) {
    journal_->splitter.finish(journal_->counters, [&](const RawRecord& r) { on_journal_line(r.bytes, r.cut, sink); });
    return;
  }
  const FramingCounters before = framing_->counters();
  const auto to_sink = [&](const FramedLine& line) { deliver(line, sink); };
  if (line_open_) ends_[framing_->fed()] = number_;
  framing_->end_of_file(to_sink);
  if (line_open_) report_loss(before, sink);
  framing_->flush(to_sink);
}

void LogLines::feed_piece(std::string_view piece, const ToolLineSink& sink) {
  if (journal_) {
    journal_->splitter.feed(piece, journal_->counters,
                            [&](const RawRecord& r) { on_journal_line(r.bytes, r.cut, sink); });
    return;
  }
  const FramingCounters before = framing_->counters();
  ends_[framing_->fed() + piece.size()] = number_;
  framing_->feed(piece, [&](const FramedLine& line) { deliver(line, sink); });
  if (!line_open_) report_loss(before, sink);
  ends_.erase(ends_.begin(), ends_.lower_bound(framing_->position().resume));
}

void LogLines::deliver(const FramedLine& line, const ToolLineSink& sink) {
  ++delivered_;
  ToolLine out;
  out.number = number_of(line.last);
  out.text = line.text;
  out.raw = line.raw;
  out.record_time = line.record_time;
  sink(out);
}

void LogLines::report_loss(const FramingCounters& before, const ToolLineSink& sink) {
  if (delivered_ > 0 || format_ != LogFormat::docker) return;
  const FramingCounters& now = framing_->counters();
  ToolLine out;
  out.number = number_;
  out.text = out.raw = std::string_view(open_line_).substr(0, open_line_.find_last_not_of("\r\n") + 1);
  if (now.records_too_long > before.records_too_long) {
    out.problem = "longer than 1 MiB: not read";
  } else if (now.parse_errors > before.parse_errors || out.text.empty()) {
    out.problem = "not a record of docker's json-file log";
  } else {
    return;  // a piece of a longer line
  }
  sink(out);
}

void LogLines::on_journal_line(std::string_view bytes, bool cut, const ToolLineSink& sink) {
  const auto entry = cut ? std::nullopt : parse_journal_entry(bytes);
  ToolLine out;
  out.number = number_;
  out.undated = true;
  if (entry) {
    out.text = out.raw = std::string_view(entry->line).substr(0, FramingLimits{}.line);
    out.record_time = entry->time;
    if (entry->line.size() > out.text.size()) ++journal_->counters.lines_cut;
  } else {
    out.text = out.raw = bytes;
    out.problem = cut ? "longer than 1 MiB: not read" : "not an entry of journalctl -o json";
  }
  sink(out);
}

std::uint64_t LogLines::number_of(std::uint64_t last_byte) const {
  const auto found = ends_.find(last_byte);
  return found == ends_.end() ? number_ : found->second;
}

std::uint64_t LogLines::lines_cut() const {
  return journal_ ? journal_->counters.lines_cut : framing_->counters().lines_cut;
}

}  // namespace breakwater
