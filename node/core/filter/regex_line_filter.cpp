// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/regex_line_filter.h"

#include <algorithm>
#include <map>

#include "common/base/text.h"
#include "node/core/filter/filter_lint.h"
#include "node/core/filter/filter_tags.h"
#include "node/core/filter/unsupported_tags.h"

namespace breakwater {

namespace {

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
  const auto compiled = filter->compile_all(config, engine);
  if (!compiled) return compiled.error();
  auto dates = shared_detector(config.datepattern);
  if (!dates) return filter_error(config, config.origin, dates.error().message());
  filter->dates_ = std::move(*dates);
  filter->ignore_whole_line_too_ = filter->ignoreregex_.size() + 2 < filter->failregex_.size();
  filter->wants_raw_json_ = std::any_of(config.failregex.begin(), config.failregex.end(), addresses_raw_json) ||
                            (config.prefregex && addresses_raw_json(*config.prefregex));
  for (std::string& sentence : lint_filter(config))
    filter->warnings_.push_back(std::move(sentence));
  return std::unique_ptr<LineFilter>(std::move(filter));
}

Result<void> RegexLineFilter::compile_all(const FilterConfig& config, RegexEngine& engine) {
  if (config.maxlines > 1) {
    return filter_error(config, config.origin,
                        "maxlines = " + std::to_string(config.maxlines) + " is not supported yet");
  }
  if (config.failregex.empty()) return filter_error(config, config.origin, "it has no failregex");
  if (config.prefregex) {
    auto regex = compile_one(config, *config.prefregex, engine);
    if (!regex) return regex.error();
    prefregex_ = std::move(*regex);
  }
  for (const RegexText& text : config.failregex) {
    auto regex = compile_one(config, text, engine);
    if (!regex) return regex.error();
    const bool found = names_an_address(regex->regex->group_names()) ||
                       (prefregex_ && names_an_address(prefregex_->regex->group_names()));
    if (!found)
      return filter_error(config, text.origin, "the regex names no address (write <HOST> or <ADDR> where it stands)");
    failregex_.push_back(std::move(*regex));
  }
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
  if (const auto tag = unsupported_tag(text.pattern)) return filter_error(config, text.origin, *tag);
  auto regex = engine.compile(expand_tags(text.pattern, use_dns_));
  if (!regex) return filter_error(config, text.origin, regex.error().message());
  for (const std::string& sentence : (*regex)->warnings()) {
    warnings_.push_back(filter_error(config, text.origin, sentence).message());
  }
  return Compiled{std::move(*regex), text.origin};
}

LineRequirement RegexLineFilter::requirement() const {
  LineRequirement out;
  if (prefregex_) out.prefregex = prefregex_->regex->required();
  for (const Compiled& one : failregex_)
    out.failregex.push_back(one.regex->required());
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
    add("failregex", i, failregex_[i]);
  for (std::size_t i = 0; i < ignoreregex_.size(); ++i)
    add("ignoreregex", i, ignoreregex_[i]);
  return out;
}

FilterMatch RegexLineFilter::match(std::string_view line, const LineContext& context, FilterMemory*) {
  const SubjectText prepared = prepare(line);
  const auto date = context.no_date ? std::nullopt : dates_->find(prepared);
  const SubjectText whole = without_date(prepared, date);
  SubjectText body = whole;
  FilterMatch result;
  SearchOutcome outcome = prefregex_ ? apply_prefregex(body) : SearchOutcome::match;
  if (outcome == SearchOutcome::match) outcome = find_failure(body, result.regex);
  if (outcome == SearchOutcome::no_match) return FilterMatch{};
  set_time(result, prepared, date, context);
  if (outcome == SearchOutcome::match) {
    // Before the search for what is ignored: it uses no groups, but the views must not outlive their text.
    MatchFields fields = fields_of(failregex_[static_cast<std::size_t>(result.regex)].regex->group_names(), groups_);
    if (prefregex_) fields = merged(fields_of(prefregex_->regex->group_names(), prefix_groups_), fields);
    for (const auto& [name, value] : fields) {
      if (value && name != "content") result.fields[name] = value->substr(0, value->find('\n'));
    }
    const auto found = address_of(fields);
    if (found) {
      result.who = found->who;
      result.range = found->range;
    }
    result.verdict = found ? FilterVerdict::offence : FilterVerdict::no_address;
    outcome = is_ignored(whole, body);
    if (outcome == SearchOutcome::match) result.verdict = FilterVerdict::ignored;
  }
  if (outcome == SearchOutcome::engine_failed) result.verdict = FilterVerdict::engine_failed;
  return result;
}

SubjectText RegexLineFilter::prepare(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r'))
    line.remove_suffix(1);
  if (is_ascii(line)) return {line, true};
  if (is_utf8(line)) return {line, false};
  clean_ = replace_ill_formed(line);
  return {clean_, false};
}

SubjectText RegexLineFilter::without_date(const SubjectText& line, const std::optional<FoundDate>& date) {
  whole_.clear();
  whole_.append(line.text.substr(0, date ? date->begin : 0));
  whole_.append(line.text.substr(date ? date->end : 0));
  whole_ += '\n';
  return {whole_, line.ascii};
}

SearchOutcome RegexLineFilter::apply_prefregex(SubjectText& body) {
  const SearchOutcome outcome = prefregex_->regex->search(body, &prefix_groups_);
  if (outcome != SearchOutcome::match) return outcome;
  const auto& names = prefregex_->regex->group_names();
  const auto content = std::find(names.begin(), names.end(), "content");
  if (content == names.end()) return outcome;
  const auto& text = prefix_groups_[static_cast<std::size_t>(content - names.begin())];
  if (!text || text->empty()) return outcome;
  content_.assign(*text);
  content_ += '\n';
  body = {content_, body.ascii};
  return outcome;
}

SearchOutcome RegexLineFilter::find_failure(const SubjectText& body, int& regex) {
  for (std::size_t i = 0; i < failregex_.size(); ++i) {
    const SearchOutcome outcome = failregex_[i].regex->search(body, &groups_);
    if (outcome == SearchOutcome::no_match) continue;
    regex = static_cast<int>(i);
    return outcome;
  }
  return SearchOutcome::no_match;
}

// fail2ban asks about the whole line first if there are far fewer ignoreregex than failregex, to save time; whatever
// the order, the line counts only if neither is ignored.
SearchOutcome RegexLineFilter::is_ignored(const SubjectText& whole, const SubjectText& body) {
  for (const auto& [regex, origin] : ignoreregex_) {
    SearchOutcome outcome = regex->search(body, nullptr);
    const bool same = body.text.data() == whole.text.data();
    if (outcome == SearchOutcome::no_match && ignore_whole_line_too_ && !same) outcome = regex->search(whole, nullptr);
    if (outcome != SearchOutcome::no_match) return outcome;
  }
  return SearchOutcome::no_match;
}

void RegexLineFilter::set_time(FilterMatch& result, const SubjectText& line, const std::optional<FoundDate>& date,
                               const LineContext& context) {
  result.at = context.record_time.value_or(context.now);
  if (context.record_time || !date) return;
  const auto own = dates_->value(line, *date, context.now, zone_);
  if (!own) return;
  result.at = *own;
  result.dated = true;
}

}  // namespace breakwater
