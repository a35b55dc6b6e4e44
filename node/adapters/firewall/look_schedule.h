// SPDX-License-Identifier: Apache-2.0
// When to read the rules again. Pure.
#pragma once

#include <algorithm>
#include <chrono>

#include "common/base/clock.h"

namespace breakwater {

// Reading the rules costs two processes. So: soon after a change (a moment later, so that programs which flush and then
// delete a chain are through), not more often than every 100 ms while a program makes many changes, and every 10 s
// even if nobody said a word.
class LookSchedule {
 public:
  static constexpr Duration kSettle{20};
  static constexpr Duration kSpacing{100};
  static constexpr Duration kRoutine{10'000};

  void on_change(Tick now) { next_ = std::min(next_, std::max(now + kSettle, last_ + kSpacing)); }
  // At once: something is known to be missing.
  void on_loss(Tick now) { next_ = std::min(next_, now); }
  void looked(Tick now) {
    last_ = now;
    next_ = now + kRoutine;
  }
  // Again at `when`, if that is sooner.
  void again_at(Tick when) { next_ = std::min(next_, std::max(when, last_ + kSpacing)); }

  bool due(Tick now) const { return now >= next_; }
  Tick next() const { return next_; }

 private:
  Tick last_ = Tick(Duration(-1'000'000));
  Tick next_ = Tick::min();
};

}  // namespace breakwater
