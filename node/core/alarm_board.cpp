// SPDX-License-Identifier: Apache-2.0
#include "node/core/alarm_board.h"

#include <algorithm>

namespace breakwater {

bool AlarmBoard::raise(const std::string& text, Timestamp now) {
  const auto known = std::find_if(alarms_.begin(), alarms_.end(), [&](const Alarm& a) { return a.text == text; });
  if (known != alarms_.end()) {
    known->last = now;
    return false;
  }
  if (alarms_.size() >= kMost) {
    alarms_.erase(std::min_element(alarms_.begin(), alarms_.end(),
                                   [](const Alarm& a, const Alarm& b) { return a.last < b.last; }));
  }
  alarms_.push_back({text, now});
  return true;
}

void AlarmBoard::drop_old(Timestamp now) {
  std::erase_if(alarms_, [&](const Alarm& a) { return a.last + kShownFor < now; });
}

std::vector<std::string> AlarmBoard::texts() const {
  std::vector<std::string> texts;
  for (const Alarm& alarm : alarms_)
    texts.push_back(alarm.text);
  return texts;
}

}  // namespace breakwater
