// SPDX-License-Identifier: Apache-2.0
#include "node/tools/ban_counter.h"

#include <algorithm>

#include "common/policy/ban_time.h"

namespace breakwater {

namespace {
constexpr std::size_t kFirstSweep = 50'000;
}

BanCounter::BanCounter(const JailConfig& jail, BanHistory& history, std::size_t max_offenders)
    : maxretry_(static_cast<std::uint32_t>(std::max(jail.maxretry, 1))),
      findtime_(jail.findtime),
      bantime_(jail.bantime),
      increment_(jail.increment),
      history_(history),
      max_offenders_(max_offenders),
      sweep_at_(std::min(kFirstSweep, max_offenders)) {}

const WouldBan* BanCounter::record(const Address& who, Timestamp at, LineRef line) {
  now_ = std::max(now_, at);
  Offender* const offender = find_or_add(who);
  if (offender == nullptr) {
    ++left_out_;
    return nullptr;
  }
  if (offender->window.count() > 0 && offender->window.idle(now_, findtime_)) {
    offender->window.clear();
    offender->lines.clear();
  }
  const std::uint32_t count = offender->window.record(at, findtime_);
  keep_line(*offender, line);
  if (count < maxretry_) return nullptr;

  const Timestamp last = offender->window.last();
  const Timestamp until = end_of_ban(who, *offender, last);
  offender->window.clear();
  if (until < now_) {  // a late line: its ban would be over already
    offender->lines.clear();
    return nullptr;
  }
  if (offender->banned_until && now_ <= *offender->banned_until) {
    offender->lines.clear();
    if (until > *offender->banned_until) ++extended_;
    offender->banned_until = std::max(until, *offender->banned_until);
    return nullptr;
  }
  offender->banned_until = until;
  ++offender->bans;
  if (increment_.enabled) ++history_[who];
  ban_.who = who;
  ban_.at = last;
  ban_.count = count;
  ban_.until = until;
  ban_.lines.swap(offender->lines);
  offender->lines.clear();
  return &ban_;
}

BanCounter::Offender* BanCounter::find_or_add(const Address& who) {
  if (const auto found = offenders_.find(who); found != offenders_.end()) return &found->second;
  if (offenders_.size() >= sweep_at_) sweep();
  if (offenders_.size() >= max_offenders_) return nullptr;
  return &offenders_[who];
}

// Forgets whoever no later line can tell from somebody new. The next sweep waits until the table has doubled, so that
// their cost per offence stays the same.
void BanCounter::sweep() {
  std::erase_if(offenders_, [this](const auto& entry) {
    const Offender& offender = entry.second;
    const bool remembered = increment_.enabled && offender.bans > 0;
    const bool banned = offender.banned_until && now_ <= *offender.banned_until;
    return !remembered && !banned && (offender.window.count() == 0 || offender.window.idle(now_, findtime_));
  });
  sweep_at_ = std::min(std::max(kFirstSweep, offenders_.size() * 2), max_offenders_);
}

void BanCounter::keep_line(Offender& offender, LineRef line) const {
  const std::size_t most = std::min<std::size_t>(maxretry_, kMaxLines);
  if (offender.lines.size() >= most) offender.lines.erase(offender.lines.begin());
  offender.lines.push_back(line);
}

Timestamp BanCounter::end_of_ban(const Address& who, const Offender& offender, Timestamp at) const {
  std::uint32_t earlier = offender.bans;
  if (increment_.enabled && increment_.overalljails) {
    const auto found = history_.find(who);
    earlier = found == history_.end() ? 0 : found->second;
  }
  const auto length = ban_time(bantime_, increment_, earlier, 0);
  return length ? saturating_add(at, *length) : kForever;
}

}  // namespace breakwater
