// SPDX-License-Identifier: Apache-2.0
// LOG on the command line: a file, standard input, or a line itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "node/tools/log_input.h"

namespace breakwater {

// As fail2ban-regex takes it: what is no file is a line of a log. But a word that begins like a path is a path.
class LogArgument {
 public:
  static Result<LogArgument> open(const std::string& argument);

  bool is_line() const { return line_.has_value(); }
  // The first block, which read() gives once more.
  Result<std::string_view> beginning();
  // Blocks of bytes, as LogInput::read().
  Result<std::string_view> read();

 private:
  LogArgument() = default;
  Result<std::string_view> read_on();

  std::optional<LogInput> input_;
  std::optional<std::string> line_;
  bool line_read_ = false;
  std::optional<std::string_view> beginning_;  // read, and not yet given by read()
};

}  // namespace breakwater
