// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/wake_up.h"

#include <cstdint>

#include <sys/eventfd.h>

namespace breakwater {

Result<WakeUp> WakeUp::create() {
  UniqueFd fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!fd) return system_error("eventfd");
  return WakeUp(std::move(fd));
}

void WakeUp::wake() {
  const std::uint64_t one = 1;
  // Fails only when the counter is full: then a wake-up is pending anyway.
  [[maybe_unused]] const auto written = ::write(fd_.get(), &one, sizeof one);
}

void WakeUp::clear() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(fd_.get(), &count, sizeof count);
}

}  // namespace breakwater
