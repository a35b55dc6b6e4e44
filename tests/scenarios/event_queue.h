// SPDX-License-Identifier: Apache-2.0
// Time in a simulation: it passes only from event to event.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "common/base/clock.h"

namespace breakwater {

// Events in the order of their time; equal times in the order they were made.
class EventQueue {
 public:
  explicit EventQueue(Timestamp start) : wall_(start) {}
  Timestamp wall() const { return wall_; }
  Tick tick() const { return tick_; }

  void in(Duration delay, std::function<void()> what) { events_.push({tick_ + delay, next_++, std::move(what)}); }

  // Carries out everything up to `time` from now.
  void run_for(Duration time) {
    const Tick end = tick_ + time;
    while (!events_.empty() && events_.top().when <= end) {
      Event event = events_.top();
      events_.pop();
      advance_to(event.when);
      event.what();
    }
    advance_to(end);
  }

 private:
  struct Event {
    Tick when;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const Event& other) const { return when != other.when ? when > other.when : order > other.order; }
  };

  void advance_to(Tick when) {
    wall_ += when - tick_;
    tick_ = when;
  }

  std::priority_queue<Event> events_;
  std::uint64_t next_ = 0;
  Timestamp wall_;
  Tick tick_{std::chrono::hours(1)};
};

}  // namespace breakwater
