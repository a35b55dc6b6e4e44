// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/date_programs.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "node/core/filter/regex_programs.h"

namespace breakwater {

namespace {

constexpr std::int64_t kSetMemory = std::int64_t{4} << 20;
constexpr std::size_t kWorthASet = 4;  // below, trying each costs less

}  // namespace

Result<std::unique_ptr<DateDetector::Programs>> DateDetector::Programs::make(const std::vector<DatePattern>& patterns,
                                                                             Alphabet alphabet) {
  auto out = std::make_unique<Programs>();
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    ExpandedPattern text;
    text.append(patterns[i].regex, 1, true);
    auto translated = translate(text, {.alphabet = alphabet, .for_dates = true});
    if (!translated) return translated.error().within("datepattern");
    auto program = make_re2(translated->text, alphabet);
    if (!program) return program.error().within("datepattern");
    out->list.push_back({std::move(*translated), std::move(*program)});
    (patterns[i].anchored ? out->anchored_members_ : out->floating_members_).push_back(static_cast<int>(i));
  }
  if (patterns.size() < kWorthASet) return out;
  out->anchored_ = out->make_set(out->anchored_members_, alphabet, re2::RE2::ANCHOR_START);
  out->floating_ = out->make_set(out->floating_members_, alphabet, re2::RE2::UNANCHORED);
  return out;
}

std::unique_ptr<re2::RE2::Set> DateDetector::Programs::make_set(const std::vector<int>& members, Alphabet alphabet,
                                                                re2::RE2::Anchor anchor) const {
  auto set = std::make_unique<re2::RE2::Set>(re2_options(alphabet, kSetMemory), anchor);
  for (const int member : members) {
    if (set->Add(list[static_cast<std::size_t>(member)].pattern.text, nullptr) < 0) return nullptr;
  }
  return set->Compile() ? std::move(set) : nullptr;
}

const std::vector<int>& DateDetector::Programs::candidates(std::string_view line) {
  candidates_.clear();
  if (!anchored_ || !floating_) {
    candidates_.resize(list.size());
    std::iota(candidates_.begin(), candidates_.end(), 0);
    return candidates_;
  }
  if (!anchored_members_.empty()) ask(*anchored_, anchored_members_, line);
  // The first of the floating ones comes behind a candidate that ends the search anyway.
  const bool decided =
      !candidates_.empty() && !floating_members_.empty() && candidates_.front() < floating_members_.front();
  if (!decided && !floating_members_.empty()) ask(*floating_, floating_members_, line);
  std::sort(candidates_.begin(), candidates_.end());
  return candidates_;
}

void DateDetector::Programs::ask(re2::RE2::Set& set, const std::vector<int>& members, std::string_view line) {
  re2::RE2::Set::ErrorInfo problem{};
  found_.clear();
  if (set.Match(re2::StringPiece(line.data(), line.size()), &found_, &problem)) {
    for (const int index : found_)
      candidates_.push_back(members[static_cast<std::size_t>(index)]);
    return;
  }
  if (problem.kind == re2::RE2::Set::kNoError) return;
  // It ran out of memory, which is not "none": each is tried.
  candidates_.insert(candidates_.end(), members.begin(), members.end());
}

}  // namespace breakwater
