// SPDX-License-Identifier: Apache-2.0
#include "node/tools/trial_summary.h"

#include <algorithm>

#include "common/base/text.h"
#include "node/core/filter/regex_programs.h"
#include "node/core/filter/subject_text.h"

namespace breakwater {

TrialSummary::TrialSummary(const FilterTrial& trial)
    : regex_hits(trial.config().failregex.size()), date_hits(trial.dates().size()) {
  const auto needed = trial.filter().requirement().prefregex;
  if (!needed) return;
  if (auto made = make_re2(needed->ascii, Alphabet::ascii)) prefix_ascii_ = std::move(*made);
  if (auto made = make_re2(needed->unicode, Alphabet::unicode)) prefix_unicode_ = std::move(*made);
}

TrialSummary::~TrialSummary() = default;

void TrialSummary::add(const LineTrial& result, const ToolLine& line, std::string_view text) {
  ++lines;
  if (text.find('\0') != std::string_view::npos) ++with_nuls;
  if (!line.problem.empty()) {
    ++unreadable;
    return;
  }
  add_date(result, line, text);
  if (prefix_matches(result, text)) ++prefix_hits;
  const FilterVerdict verdict = result.match.verdict;
  if (verdict == FilterVerdict::engine_failed) ++engine_failed;
  if (verdict == FilterVerdict::ignored) ++ignored;
  if (verdict == FilterVerdict::pending) ++pending;
  const auto regex = static_cast<std::size_t>(result.match.regex);
  if (verdict != FilterVerdict::no_match && regex < regex_hits.size()) ++regex_hits[regex];
  if (result.matched) return add_match(result);
  if (verdict != FilterVerdict::no_match) return;
  ++missed;
  if (trimmed(text).empty()) ++blank;
  if (samples.size() >= kSamples) return;
  samples.push_back({result.number, valid_utf8(text, kSampleBytes), result.date, line.undated});
}

void TrialSummary::add_match(const LineTrial& result) {
  ++matched;
  const bool address = result.match.verdict == FilterVerdict::offence;
  const Timestamp at = result.match.at;
  first = std::min(first.value_or(at), at);
  last = std::max(last.value_or(at), at);
  if (!address) {
    ++no_address;
    if (strange_id.empty()) strange_id = result.id;
  }
  const auto known = ids.find(result.id);
  if (known != ids.end()) {
    Seen& seen = known->second;
    ++seen.hits;
    seen.first = std::min(seen.first, at);
    seen.last = std::max(seen.last, at);
  } else if (ids.size() < kMaxIds) {
    ids.emplace(result.id, Seen{1, at, at, address});
  } else {
    ++ids_left_out;
  }
}

void TrialSummary::add_date(const LineTrial& result, const ToolLine& line, std::string_view text) {
  if (line.record_time) ++record_times;
  if (!result.date) {
    if (!line.record_time) ++undated;
    return;
  }
  ++dated;
  DateHits& hits = date_hits[result.date->pattern];
  if (hits.hits++ == 0) hits.example = text.substr(result.date->begin, result.date->end - result.date->begin);
}

bool TrialSummary::prefix_matches(const LineTrial& result, std::string_view text) {
  body_.assign(text.substr(0, result.date ? result.date->begin : 0));
  body_ += text.substr(result.date ? result.date->end : 0);
  body_ += '\n';
  const re2::RE2* regex = is_ascii(body_) ? prefix_ascii_.get() : prefix_unicode_.get();
  return regex != nullptr && re2::RE2::PartialMatch(re2::StringPiece(body_.data(), body_.size()), *regex);
}

}  // namespace breakwater
