// SPDX-License-Identifier: Apache-2.0
// Tells from raw bytes which lines no filter can match, before anything is decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/result.h"
#include "node/core/gate/byte_scanner.h"
#include "node/core/gate/required_literals.h"

namespace breakwater {

// Indices of filters, ascending: which of those that a gate was made for may match a line.
using Candidates = std::vector<std::uint16_t>;

// One filter of a gate.
struct GateFilter {
  LineRequirement requirement;
  bool raw_json = false;  // it is given the record as it stands (LineFilter::wants_raw_json)
};

struct GateCounters {
  std::uint64_t scans_cut_short = 0;  // more hits than are kept: the records behind them all passed
};

// Made for the filters of one log. A line that a filter would match, pend on or fail on is never withheld from it; a
// line that is let through may still match nothing.
//
// Use: scan() a chunk of raw bytes that ends behind a '\n', then ask about its records in ascending order; or judge() a
// record that is no part of a chunk. One thread. Memory: the scanner's, and a bounded memory of answers.
class LineGate {
 public:
  // An error: Hyperscan cannot be used; read the log without a gate and say so.
  // `counters`: where it counts, together with others; nullptr: on its own.
  static Result<std::unique_ptr<LineGate>> make(std::span<const GateFilter> filters, LogForm form,
                                                std::shared_ptr<GateCounters> counters = nullptr);

  // All filters must see every line: a gate would be in vain.
  bool in_vain() const { return quiet_.size() == all_.size(); }
  LogForm form() const { return form_; }

  void scan(std::string_view chunk);
  // True if nothing was found in the chunk before `end`, behind what was asked about last. Then quiet() are the
  // candidates.
  bool nothing_before(std::size_t end) const { return next_end_ > end; }
  // Those for which the record [begin, end) of the chunk may be of interest. Its text ends at `text_end` at the latest:
  // what is found behind that counts for filters on raw records only. Valid until the next call of anything.
  const Candidates& ask(std::size_t begin, std::size_t text_end, std::size_t end);
  const Candidates& judge(std::string_view record);

  // Filters that must see every line.
  const Candidates& quiet() const { return quiet_; }
  const Candidates& all() const { return all_; }

  std::size_t literals() const { return literals_; }
  std::size_t memory() const { return scanner_ ? scanner_->memory() : 0; }
  const GateCounters& counters() const { return *counters_; }

 private:
  using Key = std::u16string;  // numbers of the literals found, ascending
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::u16string_view key) const { return std::hash<std::u16string_view>{}(key); }
  };
  // Literals by number: one of the sets must be there.
  using Set = std::vector<std::uint16_t>;
  using Clause = std::vector<Set>;
  using Way = std::vector<Clause>;
  struct Needs {
    bool every_line = false;
    std::vector<std::vector<Way>> prefregex;  // one or none, by its ways
    std::vector<std::vector<Way>> failregex;
  };

  class Builder;

  LineGate() = default;
  // A place in the chunk where a literal ends.
  struct Hit {
    std::uint32_t end;
    std::uint32_t literal;
  };

  // Fills `hits`, by their ends; returns up to where they are all.
  std::size_t find(std::string_view bytes, std::vector<Hit>& hits);
  bool counts(std::size_t literal, std::size_t end, std::string_view bytes) const;
  const Candidates& candidates_of(std::span<const Hit> hits);
  Candidates evaluate() const;
  bool holds(const std::vector<Way>& regex) const;
  bool found(std::uint16_t literal) const { return (found_[literal / 64] >> (literal % 64) & 1) != 0; }
  void set_next_end();

  LogForm form_ = LogForm::plain;
  bool on_raw_records_ = false;
  std::vector<Needs> filters_;
  Candidates all_, quiet_;
  std::unique_ptr<ByteScanner> scanner_;
  std::size_t literals_ = 0;                // numbers below are the filters', those from here on let a line pass
  std::vector<std::size_t> escape_length_;  // of those that come last, which let it pass only if they are unusual

  std::vector<Hit> hits_, record_hits_;
  std::size_t next_ = 0;
  std::size_t next_end_ = 0;
  std::size_t blind_from_ = 0;  // a record that ends behind this passes

  std::vector<std::uint64_t> found_;
  Key key_;
  std::unordered_map<Key, Candidates, KeyHash, std::equal_to<>> known_;
  std::shared_ptr<GateCounters> counters_;
};

}  // namespace breakwater
