// SPDX-License-Identifier: Apache-2.0
// What a filter made of a whole log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "node/tools/filter_trial.h"
#include "node/tools/log_lines.h"

namespace re2 {
class RE2;
}

namespace breakwater {

// One thread. Bounded: kMaxIds addresses, kSamples lines; what is beyond is counted.
class TrialSummary {
 public:
  static constexpr std::size_t kMaxIds = 100'000;
  static constexpr std::size_t kSamples = 1000;
  static constexpr std::size_t kSampleBytes = 4096;

  struct Seen {
    std::uint64_t hits = 0;
    Timestamp first{}, last{};
    bool address = true;  // false: something that cannot be banned
  };
  struct DateHits {
    std::uint64_t hits = 0;
    std::string example;
  };
  struct MissedLine {
    std::uint64_t number = 0;
    std::string text;  // valid UTF-8, cut at kSampleBytes
    std::optional<FoundDate> date;
    bool undated = false;
  };

  explicit TrialSummary(const FilterTrial& trial);
  ~TrialSummary();

  // `text`: FilterTrial::text() of that line.
  void add(const LineTrial& result, const ToolLine& line, std::string_view text);

  std::uint64_t lines = 0, matched = 0, ignored = 0, pending = 0, missed = 0, unreadable = 0;
  std::uint64_t engine_failed = 0, no_address = 0, blank = 0;
  std::uint64_t dated = 0, record_times = 0,
                undated = 0;      // lines with a date in them, with docker's or the journal's time, without any
  std::uint64_t prefix_hits = 0;  // of prefregex
  std::uint64_t with_nuls = 0;
  std::uint64_t ids_left_out = 0;
  std::optional<Timestamp> first, last;   // of the matches
  std::vector<std::uint64_t> regex_hits;  // matched or pending, by failregex
  std::vector<DateHits> date_hits;        // by FilterTrial::dates()
  std::unordered_map<std::string, Seen> ids;
  std::vector<MissedLine> samples;  // the first missed lines
  std::string strange_id;           // one that is no address

 private:
  void add_match(const LineTrial& result);
  void add_date(const LineTrial& result, const ToolLine& line, std::string_view text);
  bool prefix_matches(const LineTrial& result, std::string_view text);

  std::unique_ptr<re2::RE2> prefix_ascii_, prefix_unicode_;
  std::string body_;
};

}  // namespace breakwater
