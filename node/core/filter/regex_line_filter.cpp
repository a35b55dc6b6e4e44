// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/regex_line_filter.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"

namespace breakwater {

namespace {

constexpr std::chrono::seconds kLastDateCounts{60};
constexpr std::size_t kLongestName = 253;  // RFC 1035, 2.3.4

// The length of a line end as Python's splitlines() has them at the beginning of `text`; 0: none is there.
std::size_t line_end(std::string_view text) {
  constexpr std::array<std::string_view, 11> kEnds = {"\r\n", "\n",   "\r",       "\v",           "\f",          "\x1c",
                                                      "\x1d", "\x1e", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
  for (const std::string_view end : kEnds) {
    if (text.starts_with(end)) return end.size();
  }
  return 0;
}

// A line of the log may be several for fail2ban here, none of which it then finds again: such a line is dealt with.
void add_lines(std::string_view text, std::vector<std::string_view>& out) {
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = line_end(text.substr(at));
    if (end > 0) out.push_back(text.substr(begin, at - begin));
    at += std::max<std::size_t>(end, 1);
    if (end > 0) begin = at;
  }
  if (begin < text.size()) out.push_back(text.substr(begin));
}

}  // namespace

FilterMatch RegexLineFilter::match(std::string_view line, const LineContext& context, FilterMemory* memory) {
  auto* const remembered = static_cast<RegexFilterMemory*>(memory);
  const SubjectText prepared = prepare(line);
  auto date = context.no_date ? std::nullopt : find_date(prepared);
  std::optional<Timestamp> before;
  if (maxlines_ > 1 && remembered != nullptr) before = last_date(prepared, date, context, *remembered);
  Subject subject;
  subject.whole = without_date(prepared, date);
  if (maxlines_ > 1 && remembered != nullptr) {
    const std::uint64_t dropped = remembered->buffer.dropped();
    remembered->buffer.add(subject.whole.text.substr(0, subject.whole.text.size() - 1));
    counters_.buffered_lines_dropped += remembered->buffer.dropped() - dropped;
    subject.lines = remembered->buffer.lines();
    subject.whole = join(subject.lines, whole_);
  }
  subject.body = subject.whole;
  FilterMatch result;
  result.verdict = judge(subject, context, remembered, result);
  const bool tells =
      result.verdict != FilterVerdict::no_match && (result.verdict != FilterVerdict::pending || context.fields);
  if (tells) set_time(result, prepared, date, context);
  if (before) result.at = *before;
  return result;
}

// The detector serves other filters, too: what overflows here is this one's.
std::optional<FoundDate> RegexLineFilter::find_date(const SubjectText& line) {
  const std::uint64_t overflows = dates_->overflows();
  const auto date = dates_->find(line);
  counters_.set_overflows += dates_->overflows() - overflows;
  return date;
}

FilterCounters RegexLineFilter::take_counters() {
  FilterCounters now = std::exchange(counters_, {});
  const std::uint64_t overflows = set_ ? set_->overflows() : 0;
  now.set_overflows += overflows - std::exchange(set_overflows_, overflows);
  std::uint64_t limits = prefregex_ ? prefregex_->regex->limits_reached() : 0;
  for (const Failregex& one : failregex_)
    limits += one.compiled.regex->limits_reached();
  for (const Compiled& one : ignoreregex_)
    limits += one.regex->limits_reached();
  now.pcre2_limits = limits - std::exchange(pcre2_limits_, limits);
  return now;
}

FilterVerdict RegexLineFilter::judge(Subject& subject, const LineContext& context, RegexFilterMemory* memory,
                                     FilterMatch& result) {
  const bool several = !subject.lines.empty();
  // With one line it makes no difference when ignoreregex is asked, so it is asked last.
  if (several && ignores_before_) {
    const SearchOutcome ignored = matches_ignoreregex(subject.whole);
    if (ignored == SearchOutcome::engine_failed) return FilterVerdict::engine_failed;
    if (ignored == SearchOutcome::match) return FilterVerdict::no_match;
  }
  SearchOutcome outcome = prefregex_ ? apply_prefregex(subject) : SearchOutcome::match;
  std::string_view span;
  if (outcome == SearchOutcome::match) outcome = find_failure(subject, result, several ? &span : nullptr);
  if (outcome == SearchOutcome::engine_failed) return FilterVerdict::engine_failed;
  if (outcome == SearchOutcome::no_match) return result.verdict;
  int lines = 1;
  if (several) {
    // The lines of the match are dealt with, ignored or not.
    const std::vector<std::string> matched = take_lines(subject, span, result.regex, memory);
    lines = static_cast<int>(matched.size());
    std::string text;
    outcome = matches_ignoreregex(join(matched, text));
  } else {
    outcome = is_ignored(subject);
  }
  if (outcome == SearchOutcome::engine_failed) return FilterVerdict::engine_failed;
  const FieldPlan& plan = failregex_[static_cast<std::size_t>(result.regex)].plan;
  RegexFilterMemory* const connections = outcome == SearchOutcome::match ? nullptr : memory;
  const FilterVerdict verdict = conclude(plan, lines, context, connections, result);
  return outcome == SearchOutcome::match ? FilterVerdict::ignored : verdict;
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

SubjectText RegexLineFilter::join(const std::vector<std::string>& lines, std::string& into) const {
  into.clear();
  for (const std::string& line : lines)
    into.append(line).append("\n");
  return {into, is_ascii(into)};
}

SearchOutcome RegexLineFilter::apply_prefregex(Subject& subject) {
  const SearchOutcome outcome = prefregex_->regex->search(subject.body, &prefix_groups_);
  if (outcome != SearchOutcome::match) return outcome;
  if (!content_group_) return outcome;
  const auto& text = prefix_groups_[*content_group_];
  if (!text || text->empty()) return outcome;
  content_.assign(*text);
  content_ += '\n';
  subject.body = {content_, subject.body.ascii};
  return outcome;
}

SearchOutcome RegexLineFilter::find_failure(const Subject& subject, FilterMatch& result, std::string_view* span) {
  SearchOutcome outcome = SearchOutcome::no_match;
  if (set_ && subject.body.ascii) {
    for (const int index : set_->candidates(subject.body.text)) {
      outcome = try_failregex(static_cast<std::size_t>(index), subject, true, result, span);
      if (outcome != SearchOutcome::no_match) return outcome;
    }
    return outcome;
  }
  for (std::size_t i = 0; i < failregex_.size() && outcome == SearchOutcome::no_match; ++i)
    outcome = try_failregex(i, subject, false, result, span);
  return outcome;
}

SearchOutcome RegexLineFilter::try_failregex(std::size_t index, const Subject& subject, bool likely,
                                             FilterMatch& result, std::string_view* span) {
  const auto& [compiled, plan] = failregex_[index];
  const SearchOutcome outcome = compiled.regex->search(subject.body, &groups_, span, likely);
  if (outcome == SearchOutcome::no_match) return outcome;
  result.regex = static_cast<int>(index);
  if (outcome == SearchOutcome::engine_failed) return outcome;
  for (const auto who : {FieldPlan::ip4, FieldPlan::fid, FieldPlan::ip6, FieldPlan::dns, FieldPlan::mlfid}) {
    if (plan.value(who, groups_, prefix_groups_)) return outcome;
  }
  result.verdict = FilterVerdict::no_address;  // unless another says more
  return SearchOutcome::no_match;
}

// fail2ban asks about the whole line first if there are far fewer ignoreregex than failregex, to save time; whatever
// the order, the line counts only if neither is ignored.
SearchOutcome RegexLineFilter::is_ignored(const Subject& subject) {
  const SearchOutcome outcome = matches_ignoreregex(subject.body);
  const bool same = subject.body.text.data() == subject.whole.text.data();
  if (outcome != SearchOutcome::no_match || !ignores_before_ || same) return outcome;
  return matches_ignoreregex(subject.whole);
}

SearchOutcome RegexLineFilter::matches_ignoreregex(const SubjectText& text) {
  for (const auto& [regex, origin] : ignoreregex_) {
    const SearchOutcome outcome = regex->search(text, nullptr);
    if (outcome != SearchOutcome::no_match) return outcome;
  }
  return SearchOutcome::no_match;
}

// As fail2ban's Regex.search() (1.0.2, server/failregex.py): the lines that the match touches, but those that
// <SKIPLINES> passed over, which stay.
std::vector<std::string> RegexLineFilter::take_lines(const Subject& subject, std::string_view span, int regex,
                                                     RegexFilterMemory* memory) {
  const std::string_view text = subject.body.text;
  const auto begin = static_cast<std::size_t>(span.data() - text.data());
  const std::size_t before = begin < text.size() ? text.rfind('\n', begin) : text.rfind('\n');
  const std::size_t from = before == std::string_view::npos ? 0 : before + 1;
  const std::size_t end = begin + span.size();
  const std::size_t behind = text.find('\n', end == 0 ? 0 : end - 1);
  const std::size_t to = behind == std::string_view::npos ? text.size() : behind + 1;
  const auto count = [&](std::size_t length) {
    const auto lines = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(length), '\n');
    return std::min(static_cast<std::size_t>(lines), subject.lines.size());
  };
  const auto at = [&](std::size_t line) { return subject.lines.begin() + static_cast<std::ptrdiff_t>(line); };
  const std::size_t first = count(from);
  const std::size_t last = std::max(first, count(to));
  std::vector<std::string> matched(at(first), at(last));
  std::vector<std::string> kept(subject.lines.begin(), at(first));
  std::size_t searched = 0;
  for (const std::string_view skipped : skipped_lines(regex)) {
    const auto found = std::find(matched.begin() + static_cast<std::ptrdiff_t>(searched), matched.end(), skipped);
    if (found == matched.end()) continue;
    searched = static_cast<std::size_t>(found - matched.begin());
    kept.push_back(std::move(*found));
    matched.erase(found);
  }
  kept.insert(kept.end(), at(last), subject.lines.end());
  if (memory != nullptr) memory->buffer.replace(std::move(kept));
  return matched;
}

std::vector<std::string_view> RegexLineFilter::skipped_lines(int regex) const {
  std::vector<std::string_view> out;
  const auto& names = failregex_[static_cast<std::size_t>(regex)].compiled.regex->group_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].starts_with("skiplines") && groups_[i]) add_lines(*groups_[i], out);
  }
  return out;
}

FilterVerdict RegexLineFilter::conclude(const FieldPlan& plan, int lines, const LineContext& context,
                                        RegexFilterMemory* memory, FilterMatch& result) {
  const auto value = [&](FieldPlan::Known which) { return plan.value(which, groups_, prefix_groups_); };
  if (context.fields) result.fields = plan.all(groups_, prefix_groups_);
  result.attempts = lines;
  IdentityView who{value(FieldPlan::fid), value(FieldPlan::ip4), value(FieldPlan::ip6), value(FieldPlan::dns),
                   value(FieldPlan::cidr)};
  if (const auto id = value(FieldPlan::mlfid)) {
    const auto is_set = [&](FieldPlan::Known which) { return !value(which).value_or("").empty(); };
    ConnectionLine line;
    line.who = who;
    line.user = value(FieldPlan::user).value_or("");
    line.nofail = is_set(FieldPlan::nofail);
    line.forget = is_set(FieldPlan::mlfforget);
    line.gained = is_set(FieldPlan::mlfgained);
    line.lines = lines;
    ConnectionTable alone;
    ConnectionTable& connections = memory != nullptr ? memory->connections : alone;
    const std::uint64_t evicted = connections.evicted();
    Connection& connection = connections.merge(*id, line, context.now);
    counters_.connections_evicted += connections.evicted() - evicted;
    if (context.fields) {
      for (const auto& [name, text] : result.fields)
        connection.fields[name] = text;
      result.fields = connection.fields;
      result.users = connection.users;
    }
    result.attempts = connection.lines;
    if (connection.nofail) return FilterVerdict::pending;
    who = connection.who.view();
    if (!who.names_somebody()) {
      connection.pending = true;
      return FilterVerdict::pending;
    }
    return name(who, result);
  }
  return name(who, result);
}

FilterVerdict RegexLineFilter::name(const IdentityView& who, FilterMatch& result) {
  const auto address = address_of(who);
  if (!address) {
    result.id = who.fid ? *who.fid : who.host().value_or("");
    result.is_name = !who.fid && !who.ip4 && !who.ip6 && who.dns && who.dns->size() <= kLongestName;
    return FilterVerdict::no_address;
  }
  result.who = address->who;
  result.range = address->range;
  return FilterVerdict::offence;
}

// A filter of several lines sees every line, so one without a date can take the last date of the log, as in fail2ban
// (1.0.2, server/filter.py processLine); what only looked like a date then stays in the line. nullopt: it has its own.
std::optional<Timestamp> RegexLineFilter::last_date(const SubjectText& line, std::optional<FoundDate>& date,
                                                    const LineContext& context, RegexFilterMemory& memory) {
  if (context.record_time || context.no_date) return std::nullopt;
  if (const auto own = date ? dates_->value(line, *date, context.now, zone_) : std::nullopt) {
    memory.last_date = own;
    return std::nullopt;
  }
  if (!memory.last_date || *memory.last_date <= context.now - kLastDateCounts) return std::nullopt;
  date.reset();
  return memory.last_date;
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
