// SPDX-License-Identifier: Apache-2.0
// Feeding a RecordSplitter past a gate; shared by the framings.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "node/core/framing/framing.h"
#include "node/core/framing/record_splitter.h"
#include "node/core/gate/line_gate.h"

namespace breakwater {

class GatedFeed {
 public:
  // Of a record, in the chunk that the gate scanned; begin == end: it is no part of the chunk.
  struct Place {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  // A gate that would let everything pass is as good as none.
  void set(std::shared_ptr<LineGate> gate) { gate_ = gate && !gate->in_vain() ? std::move(gate) : nullptr; }

  // on_record(const RawRecord&, const Place*): without a place there is no gate.
  template <class F>
  void feed(std::string_view bytes, RecordSplitter& splitter, FramingCounters& counters, const F& on_record) {
    if (!gate_) return splitter.feed(bytes, counters, [&](const RawRecord& record) { on_record(record, nullptr); });
    while (!bytes.empty()) {
      const std::string_view chunk = next_chunk(bytes);
      bytes.remove_prefix(chunk.size());
      const bool ends_record = chunk.ends_with('\n');
      if (ends_record) gate_->scan(chunk);
      splitter.feed(chunk, counters, [&](const RawRecord& record) {
        Place place;
        const std::less<const char*> before;
        if (!before(record.bytes.data(), chunk.data()) && before(record.bytes.data(), chunk.data() + chunk.size())) {
          place.begin = static_cast<std::size_t>(record.bytes.data() - chunk.data());
          place.end = place.begin + record.bytes.size();
        }
        on_record(record, &place);
      });
    }
  }

  // `text_end`: no filter sees what stands behind it, in the chunk.
  const Candidates& candidates(const RawRecord& record, const Place& place, std::size_t text_end) {
    if (place.begin == place.end) return gate_->judge(record.bytes);
    if (gate_->nothing_before(place.end)) return gate_->quiet();
    return gate_->ask(place.begin, text_end, place.end);
  }

 private:
  // What the gate scans at once: it stays in the processor's cache until its records are dealt with. Ends behind the
  // last '\n' in reach; what is left of `bytes` behind it is the beginning of a record.
  static std::string_view next_chunk(std::string_view bytes) {
    constexpr std::size_t kChunk = 128 * 1024;
    const std::string_view reach = bytes.substr(0, kChunk);
    const std::size_t newline = reach.rfind('\n');
    return newline == std::string_view::npos ? reach : reach.substr(0, newline + 1);
  }

  std::shared_ptr<LineGate> gate_;
};

}  // namespace breakwater
