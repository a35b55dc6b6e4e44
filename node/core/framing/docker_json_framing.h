// SPDX-License-Identifier: Apache-2.0
// dockerd's json-file logs: records decoded, the pieces of long lines joined.
#pragma once

#include <array>
#include <string>

#include "node/core/framing/docker_record.h"
#include "node/core/framing/framing.h"
#include "node/core/framing/gated_feed.h"
#include "node/core/framing/record_splitter.h"

namespace breakwater {

// dockerd cuts a line of more than 16 KiB into pieces; all but the last lack the final '\n' and all carry the time of
// the first. So a record continues the previous one of its stream if that one had no '\n' and the time strings are
// equal. (An unterminated "password: " at the end of a container's life is followed by a record with another time.)
//
// A line that waits for its next piece holds back `resume`, while lines of the other stream behind it are delivered.
// Such a line may also end without a record of its own: because one with another time comes, or by flush(). It then
// counts as delivered one byte (stdout) or two bytes (stderr) behind the record boundary where that was decided:
// inside the deciding record, so that every state has a position of its own.
//
// Memory: the torn record and two lines with their first records, all bounded. One thread.
class DockerJsonFraming final : public Framing {
 public:
  explicit DockerJsonFraming(FramingStart start = {}, FramingLimits limits = {});

  void set_gate(std::shared_ptr<LineGate> gate) override { gate_.set(std::move(gate)); }
  void feed(std::string_view bytes, const LineSink& sink) override;
  void skip_hole(std::uint64_t count) override;
  void end_of_file(const LineSink& sink) override;
  void flush(const LineSink& sink) override;
  StreamPosition position() const override;
  std::uint64_t fed() const override { return splitter_.offset(); }
  std::uint64_t consumed() const override { return splitter_.consumed(); }
  const FramingCounters& counters() const override { return counters_; }

 private:
  // A line of one stream whose end has not come yet.
  struct Waiting {
    bool active = false;
    bool cut = false;
    std::uint64_t begin = 0;  // of its first record
    std::uint64_t last = 0;   // end of its last record so far
    std::string text;
    std::string time;
    std::string raw;  // of its first record
  };

  void on_gated(const RawRecord& record, const GatedFeed::Place& place, const LineSink& sink);
  void on_record(const RawRecord& record, const LineSink& sink);
  void pass_over(std::uint64_t end);
  void on_parsed(const DockerRecord& parsed, std::string_view raw, std::uint64_t begin, std::uint64_t end,
                 const LineSink& sink);
  void deliver_whole(const DockerRecord& parsed, std::string_view raw, std::uint64_t end, const LineSink& sink);
  void add_piece(Waiting& line, const DockerRecord& parsed, std::string_view raw, std::uint64_t begin,
                 std::uint64_t end);
  // Ends a waiting line; `at`: the offset by which it counts as delivered; `next`: where reading goes on.
  void deliver_waiting(Waiting& line, std::uint64_t at, std::uint64_t next, const LineSink& sink);
  void deliver(std::string& text, bool cut, std::string_view raw, std::string_view time, StreamPosition after,
               std::uint64_t last, const LineSink& sink, const std::vector<std::uint16_t>* candidates = nullptr);
  std::uint64_t resume_from(std::uint64_t next) const;

  FramingLimits limits_;
  RecordSplitter splitter_;
  std::uint64_t delivered_;
  std::array<Waiting, 2> waiting_;  // stdout, stderr
  std::string text_;                // decoded line, reused
  GatedFeed gate_;
  const std::vector<std::uint16_t>* candidates_ = nullptr;  // of the record that is being dealt with
  FramingCounters counters_;
};

}  // namespace breakwater
