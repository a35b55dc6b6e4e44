// SPDX-License-Identifier: Apache-2.0
#include "node/tools/filter_trial.h"

#include "common/runtime/time_zone.h"
#include "node/core/filter/subject_text.h"

namespace breakwater {

namespace {

// Whom the failure is about; "" if nobody is named.
std::string id_of(const FilterMatch& match) {
  if (match.range) return match.range->text();
  return match.verdict == FilterVerdict::offence ? match.who.text() : match.id;
}

SubjectText prepared(std::string_view line, std::string& clean) {
  while (line.ends_with('\n') || line.ends_with('\r'))
    line.remove_suffix(1);
  if (is_ascii(line)) return {line, true};
  if (is_utf8(line)) return {line, false};
  clean = replace_ill_formed(line);
  return {clean, false};
}

}  // namespace

Result<std::unique_ptr<FilterTrial>> FilterTrial::make(FilterConfig config, Timestamp now) {
  std::unique_ptr<FilterTrial> trial(new FilterTrial);
  trial->now_ = now;
  trial->zone_.host = host_offset;
  auto filter = LineFilter::compile(config, std::nullopt, host_offset);
  if (!filter) return filter.error();
  trial->filter_ = std::move(*filter);
  trial->memory_ = trial->filter_->make_memory();
  auto dates = DateDetector::make(config.datepattern);
  if (!dates) return dates.error();
  trial->dates_ = std::move(*dates);
  trial->config_ = std::move(config);
  return trial;
}

LineTrial FilterTrial::run(const ToolLine& line) {
  LineTrial out;
  out.number = line.number;
  out.problem = line.problem;
  const std::string_view text = filter_->wants_raw_json() ? line.raw : line.text;
  subject_ = prepared(text, clean_);
  if (!out.problem.empty()) return out;
  LineContext context;
  context.now = now_;
  context.record_time = line.record_time;
  context.no_date = line.undated;
  context.fields = true;
  out.match = filter_->match(text, context, memory_.get());
  look_for_date(out, line);
  const FilterVerdict verdict = out.match.verdict;
  if (verdict == FilterVerdict::engine_failed) out.problem = "the regex engine gave up on this line";
  if (verdict == FilterVerdict::offence || verdict == FilterVerdict::no_address) out.id = id_of(out.match);
  out.matched = !out.id.empty();
  return out;
}

void FilterTrial::look_for_date(LineTrial& out, const ToolLine& line) {
  if (!line.undated) out.date = dates_->find(subject_);
  if (out.match.verdict != FilterVerdict::no_match) {
    out.time = out.match.at;
  } else if (line.record_time) {
    out.time = line.record_time;
  } else if (out.date) {
    out.time = dates_->value(subject_, *out.date, now_, zone_);
  }
  if (out.date && out.date->begin == out.date->end) out.date.reset();
}

}  // namespace breakwater
