// SPDX-License-Identifier: Apache-2.0
// What the operator of the fleet should know now.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"

namespace breakwater {

// The latest distinct alarms, for `status` and `nodes`. At most kMost; the one longest silent makes room.
class FleetAlarms {
 public:
  static constexpr std::size_t kMost = 32;
  static constexpr Duration kShownFor = std::chrono::minutes(10);

  struct Alarm {
    std::string text;
    std::string node;  // empty: of no one node
    std::uint64_t count = 0;
    Timestamp first{}, last{};
  };

  // True if it is not shown already: then it is worth a line in the log.
  bool raise(const std::string& text, const std::string& node, Timestamp now);
  void drop_old(Timestamp now);
  const std::vector<Alarm>& all() const { return alarms_; }  // newest first

 private:
  std::vector<Alarm> alarms_;
};

}  // namespace breakwater
