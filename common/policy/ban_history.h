// SPDX-License-Identifier: Apache-2.0
// How often an address was banned before: what bantime.increment grows by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/address.h"

namespace breakwater {

// Holds at most `most` addresses (the one banned longest ago makes room) and 64 jails of each. Not thread-safe.
class BanHistory {
 public:
  explicit BanHistory(std::size_t most) : most_(most) {}

  // In this jail, or with `overall` in all.
  std::uint32_t earlier(const std::string& jail, bool overall, const Address& who) const;
  void note(const std::string& jail, const Address& who, std::uint32_t bans = 1);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Address who;
    std::vector<std::pair<std::string, std::uint32_t>> jails;
  };

  std::size_t most_;
  std::list<Entry> entries_;  // banned longest ago first
  std::unordered_map<Address, std::list<Entry>::iterator> index_;
};

}  // namespace breakwater
