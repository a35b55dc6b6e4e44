// SPDX-License-Identifier: Apache-2.0
// fail2ban's counting rule.
#pragma once

#include <cmath>
#include <cstdint>

#include "common/base/clock.h"

namespace breakwater {

// Counts one address's offences in one jail by fail2ban's rule (1.0.2, server/ticket.py adjustTime): not a sliding
// window. When the first counted offence is older than findtime the count is scaled by its rate:
//   if first < at - findtime: count = round(count / (at - first) * findtime), first = at - findtime;  count += 1
// so the same log bans the same addresses at the same second as fail2ban. O(1) memory. Time is the log's own and
// arrives as an argument; lines of several logs interleave, so it may step back a little.
//
// Used by the node (per host) and by the hub (over the fleet). Not thread-safe.
class OffenceWindow {
 public:
  // Counts one offence; returns the count including it.
  std::uint32_t record(Timestamp at, Duration findtime) {
    if (count_ == 0) {
      first_ = last_ = at;
    } else if (first_ < at - findtime) {
      // In seconds and in this order, so that a half is a half where fail2ban's is; to even, like Python's round().
      const double age = static_cast<double>((at - first_).count()) / 1000.0;
      const double span = static_cast<double>(findtime.count()) / 1000.0;
      count_ = static_cast<std::uint32_t>(std::nearbyint(static_cast<double>(count_) / age * span));
      first_ = at - findtime;
    }
    if (at > last_) last_ = at;
    return ++count_;
  }

  std::uint32_t count() const { return count_; }
  Timestamp last() const { return last_; }
  // Nothing within findtime before `now`: the entry may be dropped (fail2ban's cleanup rule).
  bool idle(Timestamp now, Duration findtime) const { return last_ <= now - findtime; }
  // After a ban, so that one burst makes one ban.
  void clear() { count_ = 0; }

 private:
  Timestamp first_{};
  Timestamp last_{};
  std::uint32_t count_ = 0;
};

}  // namespace breakwater
