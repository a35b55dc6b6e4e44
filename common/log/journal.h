// SPDX-License-Identifier: Apache-2.0
// systemd's journal with fields: its native protocol, without its library.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/base/unique_fd.h"
#include "common/log/log.h"

namespace breakwater {

// One entry: MESSAGE (the line as people read it), PRIORITY, SYSLOG_IDENTIFIER, BREAKWATER_EVENT, and BREAKWATER_KEY
// for each field (`who` becomes BREAKWATER_WHO). Values are escaped as in the line, but not quoted.
std::string journal_entry(LogLevel level, std::string_view event, std::span<const LogField> fields,
                          std::string_view program);

// Where this process's journal listens, if stderr is the journal. Before the first event; default: systemd's place.
void set_journal_path(std::string path);

// Where to send entries. Never blocks. Thread-safe.
class JournalSocket {
 public:
  explicit JournalSocket(std::string path);

  // False: nobody listens, it is full, or the entry is too long for one datagram. Say it on stderr.
  bool send(const std::string& entry) const;

 private:
  std::string path_;
  UniqueFd fd_;
};

}  // namespace breakwater
