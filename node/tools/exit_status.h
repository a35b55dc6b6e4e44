// SPDX-License-Identifier: Apache-2.0
// What breakwater-node's verbs exit with.
#pragma once

namespace breakwater {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;      // it could not run: a file cannot be read
inline constexpr int kBadConfig = 78;  // EX_CONFIG of sysexits.h

}  // namespace breakwater
