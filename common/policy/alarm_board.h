// SPDX-License-Identifier: Apache-2.0
// What an operator should know now. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"

namespace breakwater {

// The latest distinct alarms, for a while: a node's own for `breakwater nodes`, the fleet's at the hub. At most `most`;
// the one longest silent makes room.
class AlarmBoard {
 public:
  static constexpr Duration kShownFor = std::chrono::minutes(10);

  struct Alarm {
    std::string text;
    std::string node;  // empty: of no one node
    std::uint64_t count = 0;
    Timestamp first{}, last{};
  };

  explicit AlarmBoard(std::size_t most) : most_(most) {}

  // True if it is not shown already: then it is worth a line in the log.
  bool raise(const std::string& text, Timestamp now, const std::string& node = {});
  void drop_old(Timestamp now);
  const std::vector<Alarm>& all() const { return alarms_; }  // newest first

 private:
  std::size_t most_;
  std::vector<Alarm> alarms_;
};

}  // namespace breakwater
