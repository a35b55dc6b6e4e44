// SPDX-License-Identifier: Apache-2.0
// One log through the jails that read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/base/prefix_map.h"
#include "node/core/filter/date_detector.h"
#include "node/core/framing/framing.h"
#include "node/core/gate/line_gate.h"
#include "node/tools/ban_counter.h"
#include "node/tools/line_numbers.h"
#include "node/tools/log_format.h"
#include "node/tools/log_lines.h"
#include "node/tools/replay_jails.h"

namespace breakwater {

// An offence that a jail counts.
struct ReplayOffence {
  std::size_t jail = 0;
  Address who;
  Timestamp at{};
  LineRef line;
};
using ReplayOffenceSink = std::function<void(const ReplayOffence&)>;

// What one jail made of all its logs.
struct ReplayCounts {
  std::uint64_t lines = 0;
  std::uint64_t offences = 0;    // counted towards a ban
  std::uint64_t ignored = 0;     // taken back by ignoreregex, or by ignoreip
  std::uint64_t pending = 0;     // no failure by itself
  std::uint64_t no_address = 0;  // a name or another id: nobody to ban
  std::uint64_t engine_failed = 0;
};

// A jail of the replay with what lasts over its logs.
struct RunningJail {
  ReplayJail jail;
  PrefixMap<bool> ignored;  // ignoreip, and who is never banned
  ReplayCounts counts;
};

// Feeds one log to jails. A line is decoded and matched as in the node; what it finds goes to `sink`, in the order of
// the log. Nothing is allocated for a line that no jail cares about.
//
// A line's time is docker's or the journal's, else its own date, else the last date before it: that of the match
// before, or of one of the kLookBack lines before it in the same block.
class LogReplay {
 public:
  static constexpr int kLookBack = 100;

  // `jails` by index into `all`, which outlives this. `format`: any but automatic. `now`: for dates without a year.
  LogReplay(std::vector<RunningJail>& all, std::vector<std::size_t> jails, std::uint32_t log, LogFormat format,
            Timestamp now, ReplayOffenceSink sink);
  // A gate made for the filters of `jails`, in their order; nullptr: none. Before the first feed(). The journal is read
  // without one.
  void set_gate(std::shared_ptr<LineGate> gate);
  ~LogReplay();

  void feed(std::string_view block);
  void end();

  std::uint64_t lines() const;
  std::optional<Timestamp> first() const { return first_; }  // of the offences
  std::optional<Timestamp> last() const { return last_; }

 private:
  struct Follower {
    std::size_t index;
    RunningJail* jail;
    std::unique_ptr<FilterMemory> memory;
    std::unique_ptr<DateDetector> dates;  // made when first needed
  };

  void on_framed(const FramedLine& line);
  void on_tool_line(const ToolLine& line);
  // `number` is called for lines that count.
  template <class Number>
  void on_line(std::string_view text, std::string_view raw, const LineContext& context, const Number& number,
               const Candidates* candidates);
  template <class Number>
  void try_jail(Follower& follower, std::string_view text, std::string_view raw, const LineContext& context,
                const Number& number);
  Timestamp time_of(Follower& follower, const FilterMatch& match, const LineContext& context, std::string_view text);
  std::optional<Timestamp> date_before(Follower& follower, std::string_view text);

  std::vector<Follower> followers_;
  std::uint32_t log_;
  Timestamp now_;
  ReplayOffenceSink sink_;
  std::unique_ptr<Framing> framing_;         // docker, file
  std::unique_ptr<LogLines> journal_lines_;  // journal_json
  LineNumbers numbers_;
  std::string_view block_;
  LineSink framed_;
  ToolLineSink tool_;
  std::optional<Timestamp> known_, first_, last_;
  std::uint64_t journal_count_ = 0;
};

}  // namespace breakwater
