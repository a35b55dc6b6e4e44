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
  struct Reason {
    std::string text;
    // The operator listed it (ignoreip): quiet. Else an offence of such an address means that the log does not show the
    // client's address, and somebody should know.
    bool listed = false;
    bool operator==(const Reason&) const = default;
  };

  NeverBan();
  void add(const Prefix& range, std::string reason) { ranges_.set(range, {std::move(reason), false}); }
  void add_listed(const Prefix& range, std::string reason) { ranges_.set(range, {std::move(reason), true}); }

  // The entry that forbids to ban `who`; nullptr if there is none.
  const PrefixMap<Reason>::Entry* forbids(const Prefix& who) const { return ranges_.overlapping(who); }
  const PrefixMap<Reason>& ranges() const { return ranges_; }
  bool operator==(const NeverBan&) const = default;

 private:
  PrefixMap<Reason> ranges_;
};

}  // namespace breakwater
