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
  // Blocks of bytes, as LogInput::read().
  Result<std::string_view> read();

 private:
  LogArgument() = default;

  std::optional<LogInput> input_;
  std::optional<std::string> line_;
  bool line_read_ = false;
};

}  // namespace breakwater
