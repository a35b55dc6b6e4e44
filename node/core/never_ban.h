// SPDX-License-Identifier: Apache-2.0
// Whom a node never bans, whoever orders it.
#pragma once

#include <optional>
#include <string>

#include "common/base/prefix_map.h"

namespace breakwater {

// Ranges with the reason, for people: "own address of eth0", "default gateway", "docker network bridge". A ban that
// overlaps one of them, in either direction, is refused. Holds what is always there from the start: loopback,
// 0.0.0.0/8, link-local, multicast, broadcast, ::/128.
class NeverBan {
 public:
  NeverBan();
  void add(const Prefix& range, std::string reason) { ranges_.set(range, std::move(reason)); }
  // Why `who` may not be banned; nullopt if it may.
  std::optional<std::string> forbids(const Prefix& who) const {
    const auto* entry = ranges_.overlapping(who);
    if (entry == nullptr) return std::nullopt;
    return entry->first.text() + " is " + entry->second;
  }
  const PrefixMap<std::string>& ranges() const { return ranges_; }
  bool operator==(const NeverBan&) const = default;

 private:
  PrefixMap<std::string> ranges_;
};

}  // namespace breakwater
