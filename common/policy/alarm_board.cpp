// SPDX-License-Identifier: Apache-2.0
#include "common/policy/alarm_board.h"

#include <algorithm>

namespace breakwater {

bool AlarmBoard::raise(const std::string& text, Timestamp now, const std::string& node) {
  const auto known =
      std::find_if(alarms_.begin(), alarms_.end(), [&](const Alarm& a) { return a.text == text && a.node == node; });
  const bool fresh = known == alarms_.end();
  Alarm alarm = fresh ? Alarm{text, node, 0, now, now} : *known;
  if (!fresh) alarms_.erase(known);
  ++alarm.count;
  alarm.last = std::max(alarm.last, now);
  alarms_.insert(alarms_.begin(), std::move(alarm));
  if (alarms_.size() > most_) alarms_.pop_back();
  return fresh;
}

void AlarmBoard::drop_old(Timestamp now) {
  std::erase_if(alarms_, [&](const Alarm& a) { return a.last < now - kShownFor; });
}

}  // namespace breakwater
