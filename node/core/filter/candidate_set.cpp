// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/candidate_set.h"

#include <algorithm>
#include <numeric>

#include "node/core/filter/regex_programs.h"

namespace breakwater {

namespace {

constexpr std::int64_t kMemory = std::int64_t{4} << 20;
constexpr std::size_t kWorthASet = 4;  // below, trying each costs less

}  // namespace

std::unique_ptr<CandidateSet> CandidateSet::make(const std::vector<std::string>& texts, Alphabet alphabet,
                                                 re2::RE2::Anchor anchor) {
  if (texts.size() < kWorthASet) return nullptr;
  auto set = std::make_unique<re2::RE2::Set>(re2_options(alphabet, kMemory), anchor);
  for (const std::string& text : texts) {
    if (set->Add(text, nullptr) < 0) return nullptr;
  }
  if (!set->Compile()) return nullptr;
  return std::unique_ptr<CandidateSet>(new CandidateSet(std::move(set), texts.size()));
}

const std::vector<int>& CandidateSet::candidates(std::string_view text) {
  found_.clear();
  re2::RE2::Set::ErrorInfo problem{};
  if (set_->Match(re2::StringPiece(text.data(), text.size()), &found_, &problem)) {
    std::sort(found_.begin(), found_.end());
  } else if (problem.kind != re2::RE2::Set::kNoError) {
    ++overflows_;
    found_.resize(count_);
    std::iota(found_.begin(), found_.end(), 0);
  }
  return found_;
}

}  // namespace breakwater
