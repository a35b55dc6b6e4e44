// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/date_programs.h"

#include <algorithm>
#include <utility>

namespace breakwater {

namespace {

constexpr int kWorthMachineCode = 64;

Result<TranslatedPattern> translated(const std::string& pattern, Alphabet alphabet, Dialect dialect) {
  ExpandedPattern text;
  text.append(pattern, 1, true);
  return translate(text, {.alphabet = alphabet, .dialect = dialect, .for_dates = true});
}

}  // namespace

bool DateDetector::Programs::One::search(std::string_view line, std::size_t from,
                                         std::vector<std::string_view>& groups) {
  if (alphabet == Alphabet::unicode) make_pcre2();
  if (pcre2) {
    if (const auto found = search_pcre2(line, from, groups)) return *found;
  }
  pieces.resize(groups.size());
  if (!program->Match(re2::StringPiece(line.data(), line.size()), from, line.size(), re2::RE2::UNANCHORED,
                      pieces.data(), static_cast<int>(pieces.size()))) {
    return false;
  }
  for (std::size_t i = 0; i < groups.size(); ++i)
    groups[i] = std::string_view(pieces[i].data(), pieces[i].size());
  if (++matches == kWorthMachineCode) make_pcre2();
  return true;
}

// nullopt: it gave up.
std::optional<bool> DateDetector::Programs::One::search_pcre2(std::string_view line, std::size_t from,
                                                              std::vector<std::string_view>& groups) {
  const SearchOutcome outcome = pcre2->search(line, from);
  if (outcome == SearchOutcome::engine_failed) return std::nullopt;
  if (outcome == SearchOutcome::no_match) return false;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto range = pcre2->range(i);
    const bool set = range.begin != std::string_view::npos;
    groups[i] = set ? line.substr(range.begin, range.end - range.begin) : std::string_view();
  }
  return true;
}

void DateDetector::Programs::One::make_pcre2() {
  if (pcre2_tried) return;
  pcre2_tried = true;
  const auto exact = translated(pattern, alphabet, Dialect::pcre2);
  if (!exact || exact->groups != names) return;
  auto made = Pcre2Program::make(exact->text, alphabet, Pcre2Program::Use::groups);
  if (made && (alphabet == Alphabet::unicode || (*made)->is_fast())) pcre2 = std::move(*made);
}

Result<std::unique_ptr<DateDetector::Programs>> DateDetector::Programs::make(const std::vector<DatePattern>& patterns,
                                                                             Alphabet alphabet) {
  auto out = std::make_unique<Programs>();
  out->exact_ = alphabet == Alphabet::ascii;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    auto text = translated(patterns[i].regex, alphabet, Dialect::re2);
    if (!text) return text.error().within("datepattern");
    auto program = make_re2(text->text, alphabet);
    if (!program) return program.error().within("datepattern");
    One one;
    one.names = std::move(text->groups);
    one.text = std::move(text->text);
    if (alphabet == Alphabet::unicode) {
      auto wider = translated(patterns[i].regex, alphabet, Dialect::re2_superset);
      if (!wider) return wider.error().within("datepattern");
      one.text = std::move(wider->text);
    }
    one.program = std::move(*program);
    one.alphabet = alphabet;
    one.pattern = patterns[i].regex;
    out->list.push_back(std::move(one));
    (patterns[i].anchored ? out->anchored_members_ : out->floating_members_).push_back(static_cast<int>(i));
  }
  out->anchored_ = out->set_of(out->anchored_members_, alphabet, re2::RE2::ANCHOR_START);
  out->floating_ = out->set_of(out->floating_members_, alphabet, re2::RE2::UNANCHORED);
  return out;
}

std::unique_ptr<CandidateSet> DateDetector::Programs::set_of(const std::vector<int>& members, Alphabet alphabet,
                                                             re2::RE2::Anchor anchor) const {
  std::vector<std::string> texts;
  for (const int member : members)
    texts.push_back(list[static_cast<std::size_t>(member)].text);
  return CandidateSet::make(texts, alphabet, anchor);
}

const std::vector<int>& DateDetector::Programs::candidates(std::string_view line) {
  candidates_.clear();
  const std::uint64_t overflows_before = overflows();
  ask(anchored_.get(), anchored_members_, line);
  const bool all_match = exact_ && anchored_ && overflows() == overflows_before;
  // The first of the floating ones comes behind a candidate that ends the search anyway; beyond ASCII it only might.
  const bool decided = all_match && !candidates_.empty() &&
                       (floating_members_.empty() || candidates_.front() < floating_members_.front());
  if (!decided) ask(floating_.get(), floating_members_, line);
  std::sort(candidates_.begin(), candidates_.end());
  return candidates_;
}

std::uint64_t DateDetector::Programs::overflows() const {
  return (anchored_ ? anchored_->overflows() : 0) + (floating_ ? floating_->overflows() : 0);
}

void DateDetector::Programs::ask(CandidateSet* set, const std::vector<int>& members, std::string_view line) {
  if (set == nullptr) {
    candidates_.insert(candidates_.end(), members.begin(), members.end());
    return;
  }
  for (const int index : set->candidates(line))
    candidates_.push_back(members[static_cast<std::size_t>(index)]);
}

}  // namespace breakwater
