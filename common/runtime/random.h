// SPDX-License-Identifier: Apache-2.0
// Randomness from the kernel, fit for keys and identifiers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/base/clock.h"

namespace breakwater {

// From getrandom(2); a kernel that gives none ends the process. Thread-safe.
std::string random_bytes(std::size_t count);
std::uint64_t random_u64();
// 0 <= result < bound; bound > 0. (Bias below 2^-32 for bounds below 2^32.)
std::uint64_t random_below(std::uint64_t bound);
// from <= result <= to
Duration random_duration(Duration from, Duration to);

}  // namespace breakwater
