// SPDX-License-Identifier: Apache-2.0
// How long a ban lasts: fail2ban's bantime and bantime.increment.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/clock.h"
#include "common/config/jail_config.h"

namespace breakwater {

// The length of the next ban of an address that was banned `earlier` times before (in this jail, or in all with
// overalljails). `dice` in [0, 1) is for rndtime, so that the caller owns the randomness. nullopt = no end.
//
// fail2ban 1.0.2 (server/observer.py incrBanTime, jail.py setBanTimeExtra): with no earlier ban the plain bantime; then
// max(T, T * (1 << min(count, 20)) * factor), or T * factor * multipliers[min(count, last)]; then at most maxtime; then
// + dice * rndtime.
std::optional<Duration> ban_time(std::optional<Duration> bantime, const BanTimeIncrement& increment,
                                 std::uint32_t earlier, double dice);

}  // namespace breakwater
