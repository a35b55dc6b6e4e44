// SPDX-License-Identifier: Apache-2.0
#include "node/core/framing/docker_json_framing.h"

#include <algorithm>

namespace breakwater {

namespace {

// How often a record is looked for behind the remains of others on one line.
constexpr int kMaxResyncs = 64;
// Room for the '\r' and '\n' that are taken off before the bound on the line is applied.
constexpr std::size_t kEndOfLine = 2;

}  // namespace

DockerJsonFraming::DockerJsonFraming(FramingStart start, FramingLimits limits)
    : limits_(limits), splitter_(start.at.resume, start.in_mid_line, limits.record), delivered_(start.at.delivered) {}

void DockerJsonFraming::feed(std::string_view bytes, const LineSink& sink) {
  gate_.feed(bytes, splitter_, counters_, [&](const RawRecord& record, const GatedFeed::Place* place) {
    if (place == nullptr) return on_record(record, sink);
    on_gated(record, *place, sink);
  });
}

void DockerJsonFraming::skip_hole(std::uint64_t count) {
  splitter_.skip_hole(count, counters_);
}

void DockerJsonFraming::end_of_file(const LineSink& sink) {
  splitter_.finish(counters_, [&](const RawRecord& record) { on_record(record, sink); });
}

void DockerJsonFraming::flush(const LineSink& sink) {
  const std::uint64_t next = splitter_.consumed();
  for (std::size_t stream = 0; stream < waiting_.size(); ++stream) {
    if (waiting_[stream].active) deliver_waiting(waiting_[stream], next + 1 + stream, next, sink);
  }
}

StreamPosition DockerJsonFraming::position() const {
  return {resume_from(splitter_.consumed()), std::max(delivered_, splitter_.consumed())};
}

std::uint64_t DockerJsonFraming::resume_from(std::uint64_t next) const {
  for (const Waiting& line : waiting_) {
    if (line.active) next = std::min(next, line.begin);
  }
  return next;
}

// Most records of most logs end here: a look at what the gate found, and one at the record's end. A piece of a longer
// line passes, and so does what may continue one: the rest of a line is no reason to withhold its beginning.
void DockerJsonFraming::on_gated(const RawRecord& record, const GatedFeed::Place& place, const LineSink& sink) {
  if (record.bytes.empty() || record.cut) return;
  const auto tail = tail_of_whole_line(record.bytes);
  const bool alone = tail && !waiting_[tail->is_stderr ? 1 : 0].active;
  candidates_ = &gate_.candidates(record, place, alone ? place.begin + tail->text_end : place.end);
  if (alone && candidates_->empty()) {
    pass_over(record.end);
  } else {
    on_record(record, sink);
  }
  candidates_ = nullptr;
}

void DockerJsonFraming::pass_over(std::uint64_t end) {
  if (end <= delivered_) return;
  delivered_ = end;
  ++counters_.lines;
  ++counters_.lines_gated;
}

void DockerJsonFraming::on_record(const RawRecord& record, const LineSink& sink) {
  if (record.bytes.empty() || record.cut) return;
  std::size_t from = 0;
  for (int attempt = 0; attempt <= kMaxResyncs; ++attempt) {
    const std::string_view bytes = record.bytes.substr(from);
    if (const auto parsed = parse_docker_record(bytes)) {
      counters_.resyncs += from > 0 ? 1 : 0;
      return on_parsed(*parsed, bytes, record.begin + from, record.end, sink);
    }
    if (attempt == 0) ++counters_.parse_errors;
    from = find_docker_record(record.bytes, from + 1);
    if (from == std::string_view::npos) return;
  }
}

void DockerJsonFraming::on_parsed(const DockerRecord& parsed, std::string_view raw, std::uint64_t begin,
                                  std::uint64_t end, const LineSink& sink) {
  const std::size_t stream = parsed.stream == "stderr" ? 1 : 0;
  Waiting& line = waiting_[stream];
  if (line.active && line.time != parsed.time) deliver_waiting(line, begin + 1 + stream, begin, sink);
  if (!line.active && parsed.ends_line) return deliver_whole(parsed, raw, end, sink);
  add_piece(line, parsed, raw, begin, end);
  if (parsed.ends_line) deliver_waiting(line, end, end, sink);
}

void DockerJsonFraming::deliver_whole(const DockerRecord& parsed, std::string_view raw, std::uint64_t end,
                                      const LineSink& sink) {
  if (candidates_ != nullptr && candidates_->empty()) return pass_over(end);
  if (end <= delivered_) return;
  delivered_ = end;
  text_.clear();
  const bool whole = decode_json_string(parsed.log, text_, limits_.line + kEndOfLine);
  deliver(text_, !whole, raw, parsed.time, {resume_from(end), end}, end, sink, candidates_);
}

void DockerJsonFraming::add_piece(Waiting& line, const DockerRecord& parsed, std::string_view raw, std::uint64_t begin,
                                  std::uint64_t end) {
  if (!line.active) {
    line.active = true;
    line.cut = false;
    line.begin = begin;
    line.text.clear();
    line.time = parsed.time;
    line.raw = raw;
  }
  line.last = end;
  if (!decode_json_string(parsed.log, line.text, limits_.line + kEndOfLine)) line.cut = true;
}

void DockerJsonFraming::deliver_waiting(Waiting& line, std::uint64_t at, std::uint64_t next, const LineSink& sink) {
  line.active = false;
  if (at > delivered_) {
    delivered_ = at;
    deliver(line.text, line.cut, line.raw, line.time, {resume_from(next), at}, line.last, sink);
  }
  line.text = {};
  line.raw = {};
}

void DockerJsonFraming::deliver(std::string& text, bool cut, std::string_view raw, std::string_view time,
                                StreamPosition after, std::uint64_t last, const LineSink& sink,
                                const std::vector<std::uint16_t>* candidates) {
  std::string_view view = text;
  if (!cut && view.ends_with('\n')) {
    view.remove_suffix(1);
    if (view.ends_with('\r')) view.remove_suffix(1);
  }
  if (cut || view.size() > limits_.line) {
    ++counters_.lines_cut;
    view = view.substr(0, limits_.line);
  }
  ++counters_.lines;
  sink({.text = view,
        .raw = raw,
        .record_time = parse_rfc3339(time),
        .after = after,
        .last = last,
        .candidates = candidates});
}

}  // namespace breakwater
