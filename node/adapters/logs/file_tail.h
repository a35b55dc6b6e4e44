// SPDX-License-Identifier: Apache-2.0
// Follows one log through everything that happens to log files.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "node/adapters/logs/inotify.h"
#include "node/adapters/logs/rotation_chain.h"
#include "node/core/framing/framing.h"
#include "node/core/framing/log_line.h"

namespace breakwater {

// How a log is read that has no stored position.
enum class FirstSight {
  beginning,  // it appeared while we ran: all of it
  backlog,    // it was there before us: its newest bytes, flagged
  end,        // only what comes from now on ("path tail")
};

struct TailSettings {
  std::string path;
  bool docker_json = false;
  std::optional<LogPosition> stored;
  FirstSight first_sight = FirstSight::beginning;
  std::uint64_t backlog_bytes = 64 * 1024 * 1024;  // more is skipped and counted
  std::optional<Timestamp> started;                // files born before are backlog, by the file system's clock
  FramingLimits limits;
};

struct TailCallbacks {
  std::function<void()> woken;  // something happened to the file: call step() until it returns false
  std::function<void(const FramedLine& line, const LogPosition& after, bool backlog, bool missed)> line;
};

struct TailCounters {
  std::uint64_t bytes = 0;      // read
  std::uint64_t rotations = 0;  // seen: the path led to another file
  std::uint64_t truncations = 0;
  std::uint64_t backlog_skipped = 0;  // bytes before the newest backlog_bytes
  std::uint64_t positions_lost = 0;   // the stored position's file was gone (rotated away): read from the oldest left
  std::uint64_t read_errors = 0;
};

// Rename and unlink rotation: the descriptor is kept and drained, then the successors are read in order (x.2.gz, x.1,
// x), found by holding inodes and by content. A truncated file is read from its start; if it had been copied before
// (copytruncate) the unread rest comes from the copy. A log whose successor is empty is followed until the successor
// has content: the writer has not reopened yet. What still comes into a plain file after that is read for a few
// seconds more.
//
// Reads only in step(), one buffer at a time. One thread; neither copied nor moved.
class FileTail {
 public:
  // Opens the log if it is there; what it holds by now is what was there before us.
  FileTail(Inotify& inotify, TailSettings settings, TailCallbacks callbacks);
  ~FileTail();
  FileTail(const FileTail&) = delete;
  FileTail& operator=(const FileTail&) = delete;

  // For the lines from here on; see Framing.
  void set_gate(std::shared_ptr<LineGate> gate);

  // Reads at most one buffer and delivers its lines. True if there may be more at once.
  bool step(std::span<char> buffer);

  // The writer ended (the container died): when everything it wrote until now is read, what waits for a next piece is
  // a line.
  void writer_ended();
  // The log was removed: read what is left, deliver the remains, close.
  void finish();
  bool finished() const { return finished_; }

  // Where reading would start after a crash. Empty (all zero) while nothing is known about the file.
  LogPosition position() const;

  // Neither the path nor another name leads to the file that is followed.
  bool is_gone() const;
  // The kernel gave no watch: step() has to be called now and then.
  bool needs_polling() const { return !watched_ || !directory_watch_; }
  void end_stragglers() { stragglers_.clear(); }
  bool has_stragglers() const { return !stragglers_.empty(); }

  const TailCounters& counters() const { return counters_; }
  const FramingCounters& framing_counters() const;

 private:
  // One file of the stream that framing sees.
  struct Segment {
    std::unique_ptr<LogReader> reader;
    FileId id;
    std::uint64_t start = 0;   // offset in the stream of its first byte
    std::uint64_t offset = 0;  // in the file: read up to here
    std::string head;          // identifying bytes read so far
    std::uint64_t fingerprint = 0;
    bool findable = true;         // can be found again by its content after a restart
    std::uint64_t old_until = 0;  // lines that end at or before this offset in the file were there when it was opened
    bool backlog = false;         // ... before we ever followed it; else: missed while we were away
    Inotify::Watch watch;
  };
  // An old file of a plain log, whose writers may not all have reopened yet.
  struct Straggler {
    std::unique_ptr<LogReader> reader;
    std::uint64_t offset = 0;
    std::unique_ptr<Framing> framing;
    Inotify::Watch watch;
  };
  enum class PathLeads { nowhere, here, to_empty_successor, to_successor };

  bool begin();
  void begin_stored(std::vector<ChainFile> chain, const LogPosition& stored);
  void begin_first(std::vector<ChainFile> chain);
  void enqueue(ChainFile file, std::uint64_t offset, bool missed);
  void start_framing(FramingStart start);
  void take_next();
  void next_segment();
  void watch_segment();
  void watch_directory();

  bool at_end();
  PathLeads where_path_leads();
  void watch_successor(const FileFacts& facts);
  bool advance();
  void keep_straggler();
  bool drain_stragglers(std::span<char> buffer);

  bool was_truncated();
  void restart_truncated();
  std::optional<ChainFile> unread_copy() const;

  void on_bytes(std::string_view bytes, std::uint64_t hole);
  void update_head();
  void deliver(const FramedLine& line);
  LogPosition stored_form(StreamPosition at) const;
  static LogPosition in_segment(const Segment& segment, StreamPosition at);

  Inotify& inotify_;
  TailSettings settings_;
  TailCallbacks callbacks_;
  LineSink sink_;
  std::shared_ptr<LineGate> gate_;
  std::unique_ptr<Framing> framing_;
  std::unique_ptr<Segment> current_;
  std::unique_ptr<Segment> previous_;           // reader closed
  std::deque<std::unique_ptr<Segment>> queue_;  // newer than current_, oldest first
  std::vector<Straggler> stragglers_;
  Inotify::Watch directory_watch_;
  Inotify::Watch successor_watch_;
  std::optional<FileId> watched_successor_;
  UniqueFd successor_;                     // held, so that its inode stays its own
  std::optional<std::uint64_t> flush_at_;  // stream offset
  bool watched_ = true;
  bool begun_ = false;
  bool drained_ = false;
  bool restarted_ = false;  // after a truncation, until the new content can be recognised
  bool finishing_ = false;
  bool finished_ = false;
  TailCounters counters_;
};

}  // namespace breakwater
