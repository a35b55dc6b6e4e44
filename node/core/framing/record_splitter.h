// SPDX-License-Identifier: Apache-2.0
// Cuts bytes into records at '\n'.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "node/core/framing/framing.h"

namespace breakwater {

// One record as it stands in the file, undecoded: what a gate on raw bytes looks at. The view is valid during the
// call only.
struct RawRecord {
  std::string_view bytes;   // without '\n' and without NULs in front
  std::uint64_t begin = 0;  // of `bytes`
  std::uint64_t end = 0;    // behind the '\n'
  bool cut = false;         // longer than the bound: these are its first bytes
};

// Whole records are handed on as views into what was fed, without a copy; only a torn one is kept until its rest
// comes. NUL bytes at the start of a record are skipped, however many. Memory: one record, bounded. One thread.
class RecordSplitter {
 public:
  RecordSplitter(std::uint64_t offset, bool in_mid_line, std::size_t max_record)
      : offset_(offset), begin_(offset), max_record_(max_record), skipping_(in_mid_line) {}

  // on_record(const RawRecord&) for each whole record.
  template <class F>
  void feed(std::string_view bytes, FramingCounters& counters, const F& on_record) {
    while (!bytes.empty()) {
      if (torn_.empty() && !skipping_) bytes.remove_prefix(skip_nuls(bytes, counters));
      if (bytes.empty()) return;
      const void* newline = std::memchr(bytes.data(), '\n', bytes.size());
      if (newline == nullptr) return keep(bytes);
      const auto length = static_cast<std::size_t>(static_cast<const char*>(newline) - bytes.data());
      finish_record(bytes.substr(0, length), 1, counters, on_record);
      bytes.remove_prefix(length + 1);
    }
  }

  // The file is final: a torn record is handed on as it is.
  template <class F>
  void finish(FramingCounters& counters, const F& on_record) {
    if (!torn_.empty()) finish_record({}, 0, counters, on_record);
    skipping_ = false;
    begin_ = offset_;
  }

  // NULs that are not there to be read. Remains of a torn record in front of them are dropped.
  void skip_hole(std::uint64_t count, FramingCounters& counters) {
    if (!torn_.empty()) ++counters.torn_at_end;
    counters.nul_bytes += count;
    torn_.clear();
    cut_ = false;
    offset_ += count;
    begin_ = offset_;
  }

  std::uint64_t offset() const { return offset_; }   // behind the last byte fed
  std::uint64_t consumed() const { return begin_; }  // where the record begins that is not whole yet

 private:
  std::size_t skip_nuls(std::string_view bytes, FramingCounters& counters) {
    const std::size_t count = std::min(bytes.find_first_not_of('\0'), bytes.size());
    counters.nul_bytes += count;
    offset_ += count;
    begin_ = offset_;
    return count;
  }

  void keep(std::string_view bytes) {
    offset_ += bytes.size();
    if (skipping_) {
      begin_ = offset_;
      return;
    }
    const std::size_t room = max_record_ - std::min(max_record_, torn_.size());
    cut_ = cut_ || bytes.size() > room;
    torn_ += bytes.substr(0, room);
  }

  template <class F>
  void finish_record(std::string_view rest, std::uint64_t newline, FramingCounters& counters, const F& on_record) {
    const std::uint64_t begin = begin_;
    offset_ += rest.size() + newline;
    if (skipping_) {
      skipping_ = false;
      begin_ = offset_;
      return;
    }
    const bool direct = torn_.empty();
    RawRecord record{rest, begin, offset_, cut_ || torn_.size() + rest.size() > max_record_};
    if (!direct) {
      torn_ += rest.substr(0, max_record_ - std::min(max_record_, torn_.size()));
      record.bytes = torn_;
    }
    if (record.cut) ++counters.records_too_long;
    record.bytes = record.bytes.substr(0, max_record_);
    begin_ = offset_;  // before the call: whoever asks during it has consumed this record
    cut_ = false;
    on_record(record);
    if (!direct) torn_.clear();
    if (torn_.capacity() > 256 * 1024) torn_.shrink_to_fit();
  }

  std::uint64_t offset_;
  std::uint64_t begin_;
  std::size_t max_record_;
  bool skipping_;
  bool cut_ = false;
  std::string torn_;
};

}  // namespace breakwater
