// SPDX-License-Identifier: Apache-2.0
// Whole files of configuration, read with a bound.
#pragma once

#include <cstddef>
#include <string>

#include "common/base/result.h"

namespace breakwater {

inline constexpr std::size_t kMaxConfigFile = 1024 * 1024;

// The bytes of a regular file of at most `limit` bytes. Never blocks on a FIFO or device: those are refused.
Result<std::string> read_small_file(const std::string& path, std::size_t limit = kMaxConfigFile);

}  // namespace breakwater
