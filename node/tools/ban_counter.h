// SPDX-License-Identifier: Apache-2.0
// Who would have been banned by one jail, on the log's own clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/config/jail_config.h"
#include "common/policy/offence_window.h"

namespace breakwater {

// A line of one of the logs.
struct LineRef {
  std::uint32_t log = 0;     // which of the logs
  std::uint64_t number = 0;  // from 1
  bool operator==(const LineRef&) const = default;
};

struct WouldBan {
  Address who;
  Timestamp at{};              // of its last offence
  std::uint32_t count = 0;     // by fail2ban's rule: not simply the number of lines
  Timestamp until{};           // kForever: no end
  std::vector<LineRef> lines;  // the last ones, at most maxretry and at most kMaxLines
};

// How often each address was banned before, over all jails: for bantime.increment with overalljails.
using BanHistory = std::unordered_map<Address, std::uint32_t>;

// Counts by fail2ban's rule (common/policy): an address nothing was seen of for findtime begins anew; one that is
// banned is counted on, and maxretry further offences move the end of its ban instead of banning it again. Growing ban
// times (bantime.increment) count the bans of this replay; rndtime is left out, so that the answer is always the same.
//
// Time never goes back here: the latest seen is now. Bounded: kMaxOffenders addresses; further ones are counted in
// left_out() while none of those is idle. One thread.
class BanCounter {
 public:
  static constexpr std::size_t kMaxOffenders = 1'000'000;
  static constexpr std::size_t kMaxLines = 100;

  // `history` is shared by the jails of a replay and outlives this.
  BanCounter(const JailConfig& jail, BanHistory& history, std::size_t max_offenders = kMaxOffenders);

  // The ban that this offence causes; nullptr: none. Valid until the next call.
  const WouldBan* record(const Address& who, Timestamp at, LineRef line);

  std::uint64_t extended() const { return extended_; }  // bans whose end moved
  std::uint64_t left_out() const { return left_out_; }  // offences that were not counted for want of room
  std::size_t size() const { return offenders_.size(); }

 private:
  struct Offender {
    OffenceWindow window;
    std::vector<LineRef> lines;
    std::optional<Timestamp> banned_until;
    std::uint32_t bans = 0;
  };

  Offender* find_or_add(const Address& who);
  void sweep();
  void keep_line(Offender& offender, LineRef line) const;
  Timestamp end_of_ban(const Address& who, const Offender& offender, Timestamp at) const;

  std::uint32_t maxretry_;
  Duration findtime_;
  std::optional<Duration> bantime_;
  BanTimeIncrement increment_;
  BanHistory& history_;
  std::size_t max_offenders_;
  std::size_t sweep_at_;
  std::unordered_map<Address, Offender> offenders_;
  Timestamp now_ = Timestamp::min();
  WouldBan ban_;
  std::uint64_t extended_ = 0, left_out_ = 0;
};

}  // namespace breakwater
