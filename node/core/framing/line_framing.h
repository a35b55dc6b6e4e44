// SPDX-License-Identifier: Apache-2.0
// Plain text files: one line ends at '\n'.
#pragma once

#include "node/core/framing/framing.h"
#include "node/core/framing/gated_feed.h"
#include "node/core/framing/record_splitter.h"

namespace breakwater {

// "\n" or "\r\n" ends a line and is not part of it.
class LineFraming final : public Framing {
 public:
  explicit LineFraming(FramingStart start = {}, FramingLimits limits = {});

  void set_gate(std::shared_ptr<LineGate> gate) override { gate_.set(std::move(gate)); }
  void feed(std::string_view bytes, const LineSink& sink) override;
  void skip_hole(std::uint64_t count) override;
  void end_of_file(const LineSink& sink) override;
  void flush(const LineSink&) override {}  // an unterminated line of a file that lives on waits
  StreamPosition position() const override;
  std::uint64_t fed() const override { return splitter_.offset(); }
  std::uint64_t consumed() const override { return splitter_.consumed(); }
  const FramingCounters& counters() const override { return counters_; }

 private:
  void on_record(const RawRecord& record, const std::vector<std::uint16_t>* candidates, const LineSink& sink);

  FramingLimits limits_;
  RecordSplitter splitter_;
  std::uint64_t delivered_;
  GatedFeed gate_;
  FramingCounters counters_;
};

}  // namespace breakwater
