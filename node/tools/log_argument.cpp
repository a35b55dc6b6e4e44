// SPDX-License-Identifier: Apache-2.0
#include "node/tools/log_argument.h"

#include <filesystem>
#include <system_error>
#include <utility>

namespace breakwater {

namespace {

bool looks_like_path(const std::string& argument) {
  const bool begins = argument.starts_with('/') || argument.starts_with("./") || argument.starts_with("../");
  return begins && argument.find_first_of(" \t\n") == std::string::npos;
}

}  // namespace

Result<LogArgument> LogArgument::open(const std::string& argument) {
  LogArgument out;
  std::error_code problem;
  if (argument != "-" && !looks_like_path(argument) && !std::filesystem::exists(argument, problem)) {
    if (argument.empty()) return Error("the log has an empty name");
    out.line_ = argument;
    return out;
  }
  auto input = LogInput::open(argument);
  if (!input) return input.error();
  out.input_ = std::move(*input);
  return out;
}

Result<std::string_view> LogArgument::beginning() {
  if (!beginning_) {
    const auto block = read_on();
    if (!block) return block.error();
    beginning_ = *block;
  }
  return *beginning_;
}

Result<std::string_view> LogArgument::read() {
  if (!beginning_) return read_on();
  const std::string_view block = *beginning_;
  beginning_.reset();
  return block;
}

Result<std::string_view> LogArgument::read_on() {
  if (input_) return input_->read();
  if (std::exchange(line_read_, true)) return std::string_view{};
  return std::string_view(*line_);
}

}  // namespace breakwater
