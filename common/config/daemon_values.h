// SPDX-License-Identifier: Apache-2.0
// Values that node.conf and hub.conf have in common.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/config/option_values.h"
#include "common/log/log.h"

namespace breakwater {

// Reads the file, checks that it has `section` and no other, and no unknown options, then hands the values to `take`.
// True if nothing was wrong.
bool read_daemon_config(const std::string& file, const std::string& section, const std::vector<std::string>& options,
                        Problems& problems, const std::function<void(OptionValues&)>& take);

// "name": 1 to 64 of a-z A-Z 0-9 . _ -; default the host's name up to the first dot.
void read_name(OptionValues& values, std::string& into);
void read_log_level(OptionValues& values, LogLevel& into);
// Absolute paths separated by commas, white space or line ends.
void read_paths(OptionValues& values, const std::string& key, std::vector<std::string>& into);
// "tcp://HOST:PORT"; HOST may be a name, an address, [an IPv6 address], or * where `any_host`.
bool is_tcp_endpoint(const std::string& text, bool any_host);
// Words separated by blanks, each 64 hex digits or the absolute path of a file with lines of them (others start with
// #): 32 raw bytes each, in that order, none twice. More than `most` are an error.
void read_public_keys(OptionValues& values, const std::string& key, std::size_t most, std::vector<std::string>& into);

}  // namespace breakwater
