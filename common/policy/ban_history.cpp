// SPDX-License-Identifier: Apache-2.0
#include "common/policy/ban_history.h"

#include <algorithm>
#include <iterator>

namespace breakwater {

namespace {

constexpr std::size_t kJailsPerAddress = 64;

}  // namespace

std::uint32_t BanHistory::earlier(const std::string& jail, bool overall, const Address& who) const {
  const auto known = index_.find(who);
  if (known == index_.end()) return 0;
  std::uint32_t bans = 0;
  for (const auto& [name, count] : known->second->jails) {
    if (overall || name == jail) bans += count;
  }
  return bans;
}

void BanHistory::note(const std::string& jail, const Address& who, std::uint32_t bans) {
  if (most_ == 0) return;
  const auto known = index_.find(who);
  if (known == index_.end()) {
    if (entries_.size() >= most_) {
      index_.erase(entries_.front().who);
      entries_.pop_front();
    }
    entries_.push_back({who, {{jail, bans}}});
    index_.emplace(who, std::prev(entries_.end()));
    return;
  }
  entries_.splice(entries_.end(), entries_, known->second);
  auto& jails = entries_.back().jails;
  const auto same = std::find_if(jails.begin(), jails.end(), [&](const auto& j) { return j.first == jail; });
  if (same != jails.end()) {
    same->second += bans;
  } else if (jails.size() < kJailsPerAddress) {
    jails.emplace_back(jail, bans);
  }
}

}  // namespace breakwater
