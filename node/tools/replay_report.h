// SPDX-License-Identifier: Apache-2.0
// What a replay prints: docs/test-filter.md has the contract of the JSON.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "node/tools/ban_counter.h"
#include "node/tools/log_replay.h"

namespace breakwater {

struct ReplayTotals {
  std::uint64_t lines = 0, bytes = 0;
  std::optional<Timestamp> first, last;  // of the offences
  struct Jail {
    std::string name;
    ReplayCounts counts;
    std::uint64_t bans = 0, addresses = 0, extended = 0, left_out = 0;
  };
  std::vector<Jail> jails;
};

// Writes bans as they come and the totals at the end. Bounded memory: what is written is flushed on the way.
class ReplayReport {
 public:
  virtual ~ReplayReport() = default;
  virtual void ban(const std::string& jail, const WouldBan& ban) = 0;
  virtual void end(const ReplayTotals& totals) = 0;
};

// `logs`: their names, by LineRef::log. Both outlive the report.
std::unique_ptr<ReplayReport> make_json_report(std::ostream& out, const std::vector<std::string>& logs);
std::unique_ptr<ReplayReport> make_table_report(std::ostream& out, const std::vector<std::string>& logs);

}  // namespace breakwater
