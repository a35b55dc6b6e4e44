// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace breakwater {

// How `breakwater` ends: a contract with scripts, documented in breakwater(1).
enum class ExitCode : int {
  ok = 0,
  nothing = 1,   // the address is not known: no ban, no offence, no decision
  usage = 2,     // unknown verb or option, or a bad argument found on this side
  hub_away = 3,  // no usable answer: nobody there, wrong key, timed out, not ready (503), unreadable
  refused = 4,   // the hub understood and will not (400, 403)
  degraded = 5,  // `status` only: the hub answers and says that something needs attention
  output = 6,    // the answer could not be written: disk full, closed pipe
};

}  // namespace breakwater
