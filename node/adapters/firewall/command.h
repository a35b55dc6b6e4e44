// SPDX-License-Identifier: Apache-2.0
// Runs one short program: argv in, output out.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace breakwater {

struct CommandLimits {
  std::chrono::milliseconds timeout{5000};     // then the program is killed
  std::size_t output = std::size_t{32} << 20;  // bytes of stdout; more kills the program. stderr keeps 4 KiB
};

struct CommandOutput {
  int exit_code = 0;  // 128 + signal if a signal ended it
  std::string out;
  std::string err;  // trimmed, at most 4 KiB; not escaped
};

// Blocks until the program has ended. No shell, no inherited descriptors but 0-2, a fixed environment (PATH, LC_ALL=C
// and XTABLES_LOCKFILE). argv[0] is a path or is searched in the system directories. `input` is its stdin.
// An error means that the program could not be run, ran too long or wrote too much; a failed program is an exit code.
// Thread-safe. The caller's process must not reap foreign children (waitpid(-1)).
Result<CommandOutput> run_command(const std::vector<std::string>& argv, std::string_view input = {},
                                  CommandLimits limits = {});

// The path of a program in /usr/sbin, /sbin, /usr/bin, /bin, /usr/local/sbin; empty if there is none.
std::string find_program(std::string_view name);

}  // namespace breakwater
