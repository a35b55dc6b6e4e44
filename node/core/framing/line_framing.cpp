// SPDX-License-Identifier: Apache-2.0
#include "node/core/framing/line_framing.h"

#include <algorithm>

namespace breakwater {

LineFraming::LineFraming(FramingStart start, FramingLimits limits)
    : limits_(limits), splitter_(start.at.resume, start.in_mid_line, limits.record), delivered_(start.at.delivered) {}

void LineFraming::feed(std::string_view bytes, const LineSink& sink) {
  gate_.feed(bytes, splitter_, counters_, [&](const RawRecord& record, const GatedFeed::Place* place) {
    on_record(record, place == nullptr ? nullptr : &gate_.candidates(record, *place, place->end), sink);
  });
}

void LineFraming::skip_hole(std::uint64_t count) {
  splitter_.skip_hole(count, counters_);
}

void LineFraming::end_of_file(const LineSink& sink) {
  splitter_.finish(counters_, [&](const RawRecord& record) { on_record(record, nullptr, sink); });
}

StreamPosition LineFraming::position() const {
  return {splitter_.consumed(), std::max(delivered_, splitter_.consumed())};
}

void LineFraming::on_record(const RawRecord& record, const std::vector<std::uint16_t>* candidates,
                            const LineSink& sink) {
  if (record.end <= delivered_) return;
  delivered_ = record.end;
  if (candidates != nullptr && candidates->empty()) {
    ++counters_.lines;
    ++counters_.lines_gated;
    return;
  }
  std::string_view text = record.bytes;
  if (text.ends_with('\r') && !record.cut) text.remove_suffix(1);
  if (text.size() > limits_.line || record.cut) {
    ++counters_.lines_cut;
    text = text.substr(0, limits_.line);
  }
  ++counters_.lines;
  sink({.text = text,
        .raw = text,
        .record_time = std::nullopt,
        .after = {record.end, record.end},
        .last = record.end,
        .candidates = candidates});
}

}  // namespace breakwater
