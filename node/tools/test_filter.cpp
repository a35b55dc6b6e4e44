// SPDX-License-Identifier: Apache-2.0
#include "node/tools/test_filter.h"

#include <memory>
#include <optional>
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

struct Formats {
  LogFormat used = LogFormat::file;
  LogFormat detected = LogFormat::file;
};

// One log on its way through one filter.
class Trial {
 public:
  Trial(const TestFilterOptions& options, const Formats& formats, FilterTrial& filter, LogArgument& log,
        std::ostream& out)
      : options_(options), formats_(formats), filter_(filter), log_(log), out_(out) {}

  Result<void> print_json();
  Result<void> print_table();

 private:
  // Tries each line of the log. `after_block`: what was read so far is dealt with.
  template <class OnLine, class AfterBlock>
  Result<void> each_line(const OnLine& on_line, const AfterBlock& after_block);
  void print_head();
  void print_few_missed(const TrialSummary& summary);

  const TestFilterOptions& options_;
  const Formats formats_;
  FilterTrial& filter_;
  LogArgument& log_;
  std::ostream& out_;
};

template <class OnLine, class AfterBlock>
Result<void> Trial::each_line(const OnLine& on_line, const AfterBlock& after_block) {
  auto block = log_.read();
  if (!block) return block.error();
  LogLines lines(formats_.used);
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
  out_ << "Log read as " << name_of(formats_.used) << ", times in UTC.\n\n";
  const auto advice =
      advice_on(filter_, summary, {.used = formats_.used, .detected = formats_.detected, .now = options_.now});
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

Result<Formats> formats_of(LogArgument& log, LogFormat wanted) {
  const auto beginning = log.beginning();
  if (!beginning) return beginning.error();
  Formats formats;
  formats.detected = detect_format(*beginning);
  formats.used = wanted == LogFormat::automatic ? formats.detected : wanted;
  return formats;
}

Result<std::unique_ptr<FilterTrial>> compile_filter(const TestFilterOptions& options, LogFormat format,
                                                    std::ostream& err) {
  FilterRequest request = options.filter;
  request.journal |= format == LogFormat::journal_json;
  FilterAnswer found = find_filter(request);
  err << found.report;
  if (!found.config) return Error("");
  return FilterTrial::make(std::move(*found.config), options.now);
}

// The filter as such; where the output is for a program, words for people go beside it.
void explain(const TestFilterOptions& options, const FilterTrial& filter, LogFormat format, std::ostream& words) {
  if (options.explain) {
    const LogForm form = format == LogFormat::docker ? LogForm::docker_json : LogForm::plain;
    print_explanation(words, filter.config(), filter.filter(), form);
  }
  if (options.explain || options.json) print_warnings(words, filter.filter());
  if (options.explain && !options.log.empty()) words << "\n";
}

int give_up(const Error& error, int status, std::ostream& err) {
  if (!error.message().empty()) err << error.message() << "\n";
  return status;
}

}  // namespace

int test_filter(const TestFilterOptions& options, std::ostream& out, std::ostream& err) {
  // A wrong name is said before anybody types lines for it.
  FilterAnswer named = find_filter(options.filter);
  if (!named.config) return give_up(Error(std::string(trimmed(named.report))), kBadConfig, err);
  std::optional<LogArgument> log;
  Formats formats{.used = options.format, .detected = options.format};
  if (!options.log.empty()) {
    auto opened = LogArgument::open(options.log);
    if (!opened) return give_up(opened.error(), kFailed, err);
    log = std::move(*opened);
    const auto found = formats_of(*log, options.format);
    if (!found) return give_up(found.error(), kFailed, err);
    formats = *found;
  }
  auto filter = compile_filter(options, formats.used, err);
  if (!filter) return give_up(filter.error(), kBadConfig, err);
  explain(options, **filter, formats.used, options.json ? err : out);
  if (!log) return kDone;
  if (log->is_line()) err << "there is no such file: taken as one line of a log\n";
  Trial trial(options, formats, **filter, *log, out);
  const auto done = options.json ? trial.print_json() : trial.print_table();
  return done ? kDone : give_up(done.error(), kFailed, err);
}

}  // namespace breakwater
