// SPDX-License-Identifier: Apache-2.0
#include "node/tools/test_filter.h"

#include <ostream>
#include <utility>

#include "node/tools/exit_status.h"
#include "node/tools/filter_trial.h"
#include "node/tools/log_argument.h"
#include "node/tools/trial_json.h"

namespace breakwater {

namespace {

// Reads the log to its end and tries each line. `then` is called after each block: time to flush.
template <class OnLine, class Then>
Result<void> try_lines(LogArgument& log, LogFormat format, const OnLine& on_line, const Then& then) {
  auto block = log.read();
  if (!block) return block.error();
  LogLines lines(format == LogFormat::automatic ? detect_format(*block) : format);
  while (block && !block->empty()) {
    lines.feed(*block, on_line);
    then();
    block = log.read();
  }
  lines.end(on_line);
  then();
  if (!block) return block.error();
  return {};
}

Result<void> print_json(FilterTrial& trial, LogArgument& log, LogFormat format, std::ostream& out) {
  std::string text;
  const auto flush = [&] {
    out.write(text.data(), static_cast<std::streamsize>(text.size())).flush();
    text.clear();
  };
  const auto on_line = [&](const ToolLine& line) {
    append_trial_json(text, trial.run(line));
    if (text.size() > LogInput::kBlock) flush();
  };
  return try_lines(log, format, on_line, flush);
}

}  // namespace

int test_filter(const TestFilterOptions& options, std::ostream& out, std::ostream& err) {
  FilterAnswer found = find_filter(options.filter);
  err << found.report;
  if (!found.config) return kBadConfig;
  auto trial = FilterTrial::make(std::move(*found.config), options.now);
  if (!trial) {
    err << trial.error().message() << "\n";
    return kBadConfig;
  }
  auto log = LogArgument::open(options.log);
  if (!log) {
    err << log.error().message() << "\n";
    return kFailed;
  }
  if (log->is_line()) err << "there is no such file: taken as one line of a log\n";
  const auto done = print_json(**trial, *log, options.format, out);
  if (done) return kDone;
  err << done.error().message() << "\n";
  return kFailed;
}

}  // namespace breakwater
