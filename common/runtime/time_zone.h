// SPDX-License-Identifier: Apache-2.0
// The time zone of this process.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "common/base/result.h"

namespace breakwater {

// The process's offset from UTC at a local time: for dates in logs that name no zone.
std::chrono::seconds host_offset(std::chrono::local_seconds local);

// Lets host_offset() follow another zone: "Europe/Berlin", or a rule as in the variable TZ of POSIX
// ("CET-01CEST-02,M3.5.0,M10.5.0"). A name that the system does not know is an error, not UTC.
// Changes the environment: call it before anything else reads that, in the only thread.
Result<void> set_time_zone(const std::string& zone);

}  // namespace breakwater
