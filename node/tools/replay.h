// SPDX-License-Identifier: Apache-2.0
// `breakwater-node replay`: whom the jails would have banned, had they read these logs.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "node/tools/log_format.h"
#include "node/tools/replay_jails.h"

namespace breakwater {

struct ReplayOptions {
  ReplayJailsRequest jails;
  std::vector<std::string> logs;  // files, gzip too; "-" is standard input
  Timestamp now{};                // for dates without a year
  LogFormat format = LogFormat::automatic;
  std::vector<Prefix> never_ban;  // besides the jails' ignoreip
  bool json = false;
};

// Bans go to `out`, all else to `err`. Returns the exit status: 0 done, 1 a log cannot be read or no jail reads it, 78
// a jail that was asked for cannot be used, or there is none. Needs no root; reads files only.
//
// One log is counted as it is read. Several are read one after the other, and their offences then counted by time, as
// if they had been written side by side; each log's own order is kept.
int replay(const ReplayOptions& options, std::ostream& out, std::ostream& err);

}  // namespace breakwater
