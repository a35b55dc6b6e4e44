// SPDX-License-Identifier: Apache-2.0
// One line of `journalctl -o json`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace breakwater {

struct JournalEntry {
  std::string line;  // "host ident[pid]: message", without a date: what fail2ban's systemd backend gives its filters
  std::optional<Timestamp> time;
};

// nullopt: no object of JSON with the journal's own fields in it. Linear.
//
// As fail2ban 1.0.2 (server/filtersystemd.py): the host if known; SYSLOG_IDENTIFIER, else _COMM, with SYSLOG_PID, else
// _PID; kernel lines with the time since boot; line ends inside the message as the two characters \n. The time is the
// sender's own (_SOURCE_REALTIME_TIMESTAMP) before the journal's.
std::optional<JournalEntry> parse_journal_entry(std::string_view json);

}  // namespace breakwater
