// SPDX-License-Identifier: Apache-2.0
// Making a filter, and what it tells of itself. How it judges a line stands in regex_line_filter.cpp.
#include <algorithm>
#include <map>

#include "common/base/text.h"
#include "node/core/filter/filter_lint.h"
#include "node/core/filter/filter_tags.h"
#include "node/core/filter/regex_line_filter.h"

namespace breakwater {

namespace {

constexpr int kMostLines = 1000;

Error filter_error(const FilterConfig& config, const Origin& origin, std::string_view what) {
  return Error(origin.text() + ": filter \"" + config.name + "\": " + std::string(what));
}

// Filters with the same patterns share one detector: the defaults are 31 regexes. One map a thread, see LineFilter.
Result<std::shared_ptr<DateDetector>> shared_detector(const std::vector<RegexText>& patterns) {
  thread_local std::map<std::string, std::weak_ptr<DateDetector>> known;
  std::string key;
  for (const RegexText& pattern : patterns)
    key += pattern.pattern + '\n';
  std::erase_if(known, [](const auto& entry) { return entry.second.expired(); });
  if (const auto found = known.find(key); found != known.end()) return found->second.lock();
  auto made = DateDetector::make(patterns);
  if (!made) return made.error();
  std::shared_ptr<DateDetector> detector = std::move(*made);
  known[key] = detector;
  return detector;
}

}  // namespace

Result<std::unique_ptr<LineFilter>> RegexLineFilter::compile(const FilterConfig& config, ZoneRule zone,
                                                             RegexEngine& engine) {
  std::unique_ptr<RegexLineFilter> filter(new RegexLineFilter);
  filter->zone_ = std::move(zone);
  filter->use_dns_ = config.use_dns;
  filter->maxlines_ = static_cast<std::size_t>(std::clamp(config.maxlines, 1, kMostLines));
  const auto compiled = filter->compile_all(config, engine);
  if (!compiled) return compiled.error();
  auto dates = shared_detector(config.datepattern);
  if (!dates) return filter_error(config, config.origin, dates.error().message());
  filter->dates_ = std::move(*dates);
  filter->ignores_before_ = filter->ignoreregex_.size() + 2 < filter->failregex_.size();
  filter->wants_raw_json_ = std::any_of(config.failregex.begin(), config.failregex.end(), addresses_raw_json) ||
                            (config.prefregex && addresses_raw_json(*config.prefregex));
  for (std::string& sentence : lint_filter(config))
    filter->warnings_.push_back(std::move(sentence));
  return std::unique_ptr<LineFilter>(std::move(filter));
}

Result<void> RegexLineFilter::compile_all(const FilterConfig& config, RegexEngine& engine) {
  if (config.maxlines > kMostLines) {
    return filter_error(config, config.origin,
                        "maxlines = " + std::to_string(config.maxlines) + " (at most 1000 are kept)");
  }
  if (config.failregex.empty()) return filter_error(config, config.origin, "it has no failregex");
  std::vector<std::string> prefix;
  if (config.prefregex) {
    auto regex = compile_one(config, *config.prefregex, engine);
    if (!regex) return regex.error();
    prefregex_ = std::move(*regex);
    prefix = prefregex_->regex->group_names();
    const auto content = std::find(prefix.begin(), prefix.end(), "content");
    if (content != prefix.end()) content_group_ = static_cast<std::size_t>(content - prefix.begin());
  }
  for (const RegexText& text : config.failregex) {
    auto regex = compile_one(config, text, engine);
    if (!regex) return regex.error();
    const auto& own = regex->regex->group_names();
    if (!names_an_address(own) && !names_an_address(prefix))
      return filter_error(config, text.origin, "the regex names no address (write <HOST> or <ADDR> where it stands)");
    FieldPlan plan(own, prefix);
    joins_lines_ = joins_lines_ || plan.has(FieldPlan::mlfid);
    failregex_.push_back({std::move(*regex), std::move(plan)});
  }
  std::vector<std::string> texts;
  for (const Failregex& one : failregex_)
    texts.push_back(one.compiled.regex->required().ascii);
  if (maxlines_ == 1) set_ = CandidateSet::make(texts, Alphabet::ascii, re2::RE2::UNANCHORED);
  for (const RegexText& text : config.ignoreregex) {
    auto regex = compile_one(config, text, engine);
    if (!regex) return regex.error();
    ignoreregex_.push_back(std::move(*regex));
  }
  return {};
}

Result<RegexLineFilter::Compiled> RegexLineFilter::compile_one(const FilterConfig& config, const RegexText& text,
                                                               RegexEngine& engine) {
  if (trimmed(text.pattern).empty()) return filter_error(config, text.origin, "an empty regex");
  auto regex = engine.compile(expand_tags(text.pattern, use_dns_), {.multiline = config.maxlines > 1});
  if (!regex) return filter_error(config, text.origin, regex.error().message());
  for (const std::string& sentence : (*regex)->warnings()) {
    warnings_.push_back(filter_error(config, text.origin, sentence).message());
  }
  return Compiled{std::move(*regex), text.origin};
}

LineRequirement RegexLineFilter::requirement() const {
  LineRequirement out;
  out.every_line = maxlines_ > 1;
  if (prefregex_) out.prefregex = prefregex_->regex->required();
  for (const Failregex& one : failregex_)
    out.failregex.push_back(one.compiled.regex->required());
  out.dates = dates_->patterns();
  return out;
}

std::vector<RegexExplanation> RegexLineFilter::explain() const {
  std::vector<RegexExplanation> out;
  const auto add = [&](const char* role, std::size_t index, const Compiled& one) {
    out.push_back({role, static_cast<int>(index), one.origin, one.regex->engine()});
  };
  if (prefregex_) add("prefregex", 0, *prefregex_);
  for (std::size_t i = 0; i < failregex_.size(); ++i)
    add("failregex", i, failregex_[i].compiled);
  for (std::size_t i = 0; i < ignoreregex_.size(); ++i)
    add("ignoreregex", i, ignoreregex_[i]);
  return out;
}

std::unique_ptr<FilterMemory> RegexLineFilter::make_memory() const {
  return std::make_unique<RegexFilterMemory>(maxlines_);
}

}  // namespace breakwater
