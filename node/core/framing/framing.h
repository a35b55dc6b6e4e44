// SPDX-License-Identifier: Apache-2.0
// Bytes of a log in, lines out: what LineFraming and DockerJsonFraming share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "common/base/clock.h"

namespace breakwater {

class LineGate;

// What a writer can grow, bounded. Each bound that bites is counted in FramingCounters.
struct FramingLimits {
  std::size_t line = 64 * 1024;      // bytes of a delivered text; the rest of the line is dropped
  std::size_t record = 1024 * 1024;  // bytes between two '\n' in the file; dockerd's worst record is about 100 KB
};

struct FramingCounters {
  std::uint64_t lines = 0;             // delivered, or ended at the gate
  std::uint64_t lines_gated = 0;       // of them: those that no filter could match, so that they were not delivered
  std::uint64_t lines_cut = 0;         // longer than FramingLimits::line
  std::uint64_t records_too_long = 0;  // longer than FramingLimits::record; a json-file record is then dropped whole
  std::uint64_t parse_errors = 0;      // not a json-file record
  std::uint64_t resyncs = 0;           // a record was found behind the remains of another on the same line
  std::uint64_t nul_bytes = 0;         // skipped: what a truncation leaves in a file that is not appended to
  std::uint64_t torn_at_end = 0;       // a final file ended in the middle of a record
};

// Offsets in a stream of bytes: one file, or several read one after the other (a log and its successor after a
// rotation). See LogPosition for why there are two.
struct StreamPosition {
  std::uint64_t resume = 0;
  std::uint64_t delivered = 0;
  bool operator==(const StreamPosition&) const = default;
};

// One line. The views are valid during the call only.
struct FramedLine {
  std::string_view text;
  std::string_view raw;  // see LogLine
  std::optional<Timestamp> record_time;
  StreamPosition after;    // where to start again once this line is dealt with
  std::uint64_t last = 0;  // offset behind the last byte of the file that this line needed
  // The filters of the gate that may match it, as indices; nullptr: all.
  const std::vector<std::uint16_t>* candidates = nullptr;
};

using LineSink = std::function<void(const FramedLine&)>;

// The same bytes give the same lines, each exactly once, however they are cut into pieces and wherever reading was
// interrupted and begun again at a position that position() or FramedLine::after named. Pure; one thread.
class Framing {
 public:
  virtual ~Framing() = default;

  // From the next feed() on, lines that none of the gate's filters can match are counted and passed over: neither
  // decoded nor delivered. nullptr: all are delivered. A gate may serve any number of logs of one thread, one at a
  // time.
  virtual void set_gate(std::shared_ptr<LineGate> gate) = 0;

  // The bytes that follow those fed before. Lines that end at or before `delivered` of the start are not repeated.
  virtual void feed(std::string_view bytes, const LineSink& sink) = 0;

  // `count` bytes that are known to be NUL (a hole in a sparse file) follow.
  virtual void skip_hole(std::uint64_t count) = 0;

  // The file is final (renamed, removed): its unterminated last line is a line. What is fed next is the beginning of
  // its successor; a line that dockerd cut in pieces may go on there.
  virtual void end_of_file(const LineSink& sink) = 0;

  // Whoever wrote has ended (the container died): no piece will follow, what waits for one is a line.
  virtual void flush(const LineSink& sink) = 0;

  virtual StreamPosition position() const = 0;
  virtual std::uint64_t fed() const = 0;       // offset behind the last byte fed
  virtual std::uint64_t consumed() const = 0;  // offset behind the last whole record; bytes from there on wait
  virtual const FramingCounters& counters() const = 0;
};

// Where reading starts. in_mid_line: the first byte is not the start of a line; all up to the first '\n' is dropped.
struct FramingStart {
  StreamPosition at;
  bool in_mid_line = false;
};

}  // namespace breakwater
