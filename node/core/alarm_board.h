// SPDX-License-Identifier: Apache-2.0
// What an operator should know now.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"

namespace breakwater {

// Keeps the latest distinct alarms for a while, for `breakwater nodes`. At most kMost; the oldest makes room.
class AlarmBoard {
 public:
  static constexpr std::size_t kMost = 16;
  static constexpr Duration kShownFor = std::chrono::minutes(10);

  // True if it is new (not shown already): then it is worth a line in the log.
  bool raise(const std::string& text, Timestamp now);
  void drop_old(Timestamp now);
  std::vector<std::string> texts() const;

 private:
  struct Alarm {
    std::string text;
    Timestamp last;
  };
  std::vector<Alarm> alarms_;
};

}  // namespace breakwater
