// SPDX-License-Identifier: Apache-2.0
#include "node/core/name_table.h"

#include <algorithm>
#include <utility>

namespace breakwater {

namespace {

constexpr Duration kAnswerHolds = std::chrono::minutes(5);  // as fail2ban's cache

}  // namespace

const std::vector<Address>* NameTable::known(const std::string& name, Timestamp now) const {
  const auto found = answers_.find(name);
  return found == answers_.end() || found->second.until <= now ? nullptr : &found->second.addresses;
}

void NameTable::wait(const std::string& name, NamedOffence offence) {
  if (waiting_count_ >= kMostWaiting) {
    ++dropped_;
    return;
  }
  ++waiting_count_;
  auto& of_name = waiting_[name];
  if (of_name.empty()) questions_.push_back(name);
  of_name.push_back(std::move(offence));
}

std::optional<std::string> NameTable::take_question() {
  if (asking_ || questions_.empty()) return std::nullopt;
  asking_ = true;
  std::string name = std::move(questions_.front());
  questions_.pop_front();
  return name;
}

std::vector<NamedOffence> NameTable::answer(const std::string& name, std::vector<Address> addresses, Timestamp now) {
  asking_ = false;
  std::erase_if(answers_, [&](const auto& entry) { return entry.second.until <= now; });
  if (answers_.size() >= kMostAnswers) {
    const auto oldest = std::min_element(answers_.begin(), answers_.end(),
                                         [](const auto& a, const auto& b) { return a.second.until < b.second.until; });
    answers_.erase(oldest);
  }
  answers_[name] = {std::move(addresses), now + kAnswerHolds};
  auto waited = waiting_.extract(name);
  if (waited.empty()) return {};
  waiting_count_ -= waited.mapped().size();
  return std::move(waited.mapped());
}

void NameTable::renumber(const std::vector<std::optional<std::size_t>>& to) {
  for (auto& [name, offences] : waiting_) {
    const std::size_t gone = std::erase_if(offences, [&](const NamedOffence& offence) { return !to.at(offence.jail); });
    waiting_count_ -= gone;
    dropped_ += gone;
    for (NamedOffence& offence : offences)
      offence.jail = *to.at(offence.jail);
  }
}

}  // namespace breakwater
