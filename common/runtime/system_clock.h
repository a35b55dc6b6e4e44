// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/base/clock.h"

namespace breakwater {

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  Timestamp wall() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
  Tick steady() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now());
  }
};

}  // namespace breakwater
