// SPDX-License-Identifier: Apache-2.0
// How a log is written.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace breakwater {

enum class LogFormat : std::uint8_t {
  automatic,     // look at its first lines
  file,          // plain text
  docker,        // dockerd's json-file: records decoded, pieces joined
  journal_json,  // journalctl -o json
};

std::optional<LogFormat> parse_log_format(std::string_view name);
const char* name_of(LogFormat format);

// From the beginning of a log, the longer the better: what at least half of its first ten lines that are not
// blank are.
LogFormat detect_format(std::string_view beginning);

}  // namespace breakwater
