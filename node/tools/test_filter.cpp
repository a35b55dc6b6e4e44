// SPDX-License-Identifier: Apache-2.0
#include "node/tools/test_filter.h"

#include <ostream>
#include <utility>

#include "common/base/text.h"
#include "node/tools/exit_status.h"
#include "node/tools/filter_trial.h"
#include "node/tools/log_argument.h"
#include "node/tools/trial_advice.h"
#include "node/tools/trial_json.h"
#include "node/tools/trial_summary.h"
#include "node/tools/trial_table.h"

namespace breakwater {

namespace {

constexpr std::uint64_t kMissedShown = 20;  // without being asked, as fail2ban-regex

// One log on its way through one filter.
class Trial {
 public:
  Trial(const TestFilterOptions& options, FilterTrial& filter, LogArgument& log, std::ostream& out)
      : options_(options), filter_(filter), log_(log), out_(out) {}

  Result<void> print_json();
  Result<void> print_table();

 private:
  // Tries each line of the log. `after_block`: what was read so far is dealt with.
  template <class OnLine, class AfterBlock>
  Result<void> each_line(const OnLine& on_line, const AfterBlock& after_block);
  void print_head();
  void print_few_missed(const TrialSummary& summary);

  const TestFilterOptions& options_;
  FilterTrial& filter_;
  LogArgument& log_;
  std::ostream& out_;
  LogFormat used_ = LogFormat::file;
  LogFormat detected_ = LogFormat::file;
};

template <class OnLine, class AfterBlock>
Result<void> Trial::each_line(const OnLine& on_line, const AfterBlock& after_block) {
  auto block = log_.read();
  if (!block) return block.error();
  detected_ = detect_format(*block);
  used_ = options_.format == LogFormat::automatic ? detected_ : options_.format;
  LogLines lines(used_);
  while (block && !block->empty()) {
    lines.feed(*block, on_line);
    after_block();
    block = log_.read();
  }
  lines.end(on_line);
  after_block();
  if (!block) return block.error();
  return {};
}

Result<void> Trial::print_json() {
  std::string text;
  const auto flush = [&] {
    out_.write(text.data(), static_cast<std::streamsize>(text.size())).flush();
    text.clear();
  };
  const auto on_line = [&](const ToolLine& line) {
    append_trial_json(text, filter_.run(line));
    if (text.size() > LogInput::kBlock) flush();
  };
  return each_line(on_line, flush);
}

Result<void> Trial::print_table() {
  print_head();
  TrialSummary summary(filter_);
  if (options_.print_missed) out_ << "Missed line(s):\n";
  const auto done = each_line(
      [&](const ToolLine& line) {
        const LineTrial result = filter_.run(line);
        const std::uint64_t missed = summary.missed;
        summary.add(result, line, filter_.text());
        if (options_.print_missed && summary.missed > missed) print_missed_line(out_, line.number, filter_.text());
      },
      [] {});
  if (options_.print_missed) out_ << "`-\n\n";
  // A log that could not be read to its end: what was read is worth telling.
  out_ << "Log read as " << name_of(used_) << ", times in UTC.\n\n";
  const auto advice = advice_on(filter_, summary, {.used = used_, .detected = detected_, .now = options_.now});
  print_trial_table(out_, filter_, summary, advice);
  if (!options_.explain) print_warnings(out_, filter_.filter());
  if (!options_.print_missed) print_few_missed(summary);
  return done;
}

void Trial::print_head() {
  const FilterConfig& config = filter_.config();
  out_ << "Filter       " << escaped(config.name) << ", " << config.origin.text() << "\n";
  out_ << "Log          " << (log_.is_line() ? "the line itself" : escaped(options_.log)) << "\n";
  out_ << "Datepattern  " << (config.datepattern.empty() ? "the defaults" : config.datepattern.front().origin.text())
       << "\n\n";
}

void Trial::print_few_missed(const TrialSummary& summary) {
  if (summary.missed == 0) return;
  if (summary.missed > kMissedShown) {
    out_ << "\n--print-missed prints the missed lines.\n";
    return;
  }
  out_ << "\nMissed line(s):\n";
  for (const auto& line : summary.samples)
    print_missed_line(out_, line.number, line.text);
  out_ << "`-\n";
}

Result<void> try_log(const TestFilterOptions& options, FilterTrial& filter, std::ostream& out, std::ostream& err) {
  auto log = LogArgument::open(options.log);
  if (!log) return log.error();
  if (log->is_line()) err << "there is no such file: taken as one line of a log\n";
  Trial trial(options, filter, *log, out);
  return options.json ? trial.print_json() : trial.print_table();
}

}  // namespace

int test_filter(const TestFilterOptions& options, std::ostream& out, std::ostream& err) {
  FilterAnswer found = find_filter(options.filter);
  err << found.report;
  if (!found.config) return kBadConfig;
  auto filter = FilterTrial::make(std::move(*found.config), options.now);
  if (!filter) {
    err << filter.error().message() << "\n";
    return kBadConfig;
  }
  // Where the output is for a program, words for people go beside it.
  std::ostream& words = options.json ? err : out;
  if (options.explain) {
    const LogForm form = options.format == LogFormat::docker ? LogForm::docker_json : LogForm::plain;
    print_explanation(words, (*filter)->config(), (*filter)->filter(), form);
  }
  if (options.explain || options.json) print_warnings(words, (*filter)->filter());
  if (options.log.empty() && options.explain) return kDone;
  if (options.explain) words << "\n";
  const auto done = try_log(options, **filter, out, err);
  if (done) return kDone;
  err << done.error().message() << "\n";
  return kFailed;
}

}  // namespace breakwater
