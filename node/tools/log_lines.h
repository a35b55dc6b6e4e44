// SPDX-License-Identifier: Apache-2.0
// The bytes of a log as lines with their numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "node/core/framing/framing.h"
#include "node/tools/log_format.h"

namespace breakwater {

// One line as a filter is given it. The views are valid during the call only.
struct ToolLine {
  std::uint64_t number = 0;  // in the file, from 1; of a line that dockerd cut in pieces: of the last piece
  std::string_view text;     // decoded, without its end of line
  std::string_view raw;      // docker: the record as it stands in the file; otherwise equal to text
  std::optional<Timestamp> record_time;
  bool undated = false;      // the text has no date of its own (journal)
  std::string_view problem;  // not empty: no line could be made of it; text is what stands in the file
};

using ToolLineSink = std::function<void(const ToolLine&)>;

// The framing that the node uses, line by line, and with a word for what the node would drop in silence. Same bounds
// as there: a line beyond 64 KiB is cut, a record beyond 1 MiB dropped. One thread.
class LogLines {
 public:
  explicit LogLines(LogFormat format);  // any but automatic
  ~LogLines();

  void feed(std::string_view bytes, const ToolLineSink& sink);
  // The log is at its end: an unterminated last line is a line.
  void end(const ToolLineSink& sink);

  std::uint64_t lines_cut() const;

 private:
  struct Journal;

  void feed_piece(std::string_view piece, const ToolLineSink& sink);
  void deliver(const FramedLine& line, const ToolLineSink& sink);
  // What stood in the last physical line could not be read: says so.
  void report_loss(const FramingCounters& before, const ToolLineSink& sink);
  void on_journal_line(std::string_view bytes, bool cut, const ToolLineSink& sink);
  std::uint64_t number_of(std::uint64_t last_byte) const;

  LogFormat format_;
  std::unique_ptr<Framing> framing_;
  std::unique_ptr<Journal> journal_;
  std::uint64_t number_ = 1;                     // of the physical line that is being fed
  std::uint64_t delivered_ = 0;                  // lines, of the physical line that is being fed
  bool line_open_ = false;                       // some of it has been fed
  std::string open_line_;                        // that, or its first bytes
  std::map<std::uint64_t, std::uint64_t> ends_;  // pieces that wait: offset behind them -> number
};

}  // namespace breakwater
