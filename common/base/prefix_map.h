// SPDX-License-Identifier: Apache-2.0
// A map from address ranges to values that answers "which entry covers this, or overlaps it?".
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <utility>

#include "common/base/address.h"

namespace breakwater {

// Ranges may nest. Lookup costs one tree search per distinct prefix length in use. Not thread-safe. Unbounded: the
// owner bounds what goes in.
template <class V>
class PrefixMap {
 public:
  using Entry = std::pair<const Prefix, V>;

  // Replaces the value of an existing entry of the same range.
  void set(const Prefix& range, V value) {
    if (entries_.insert_or_assign(range, std::move(value)).second) ++lengths(range)[range.length()];
  }
  bool erase(const Prefix& range) {
    if (entries_.erase(range) == 0) return false;
    --lengths(range)[range.length()];
    return true;
  }
  void clear() { *this = {}; }

  const V* find(const Prefix& range) const {
    const auto it = entries_.find(range);
    return it == entries_.end() ? nullptr : &it->second;
  }
  V* find(const Prefix& range) { return const_cast<V*>(std::as_const(*this).find(range)); }

  // The widest entry that contains all of `range`; nullptr if none does.
  const Entry* covering(const Prefix& range) const {
    const auto& used = lengths(range);
    for (unsigned length = 0; length <= range.length(); ++length) {
      if (used[length] == 0) continue;
      const auto it = entries_.find(Prefix(range.address(), length));
      if (it != entries_.end()) return &*it;
    }
    return nullptr;
  }

  // An entry that shares at least one address with `range`; nullptr if none does.
  const Entry* overlapping(const Prefix& range) const {
    if (const Entry* wide = covering(range)) return wide;
    // Entries inside `range` sort right behind its first address.
    const auto it = entries_.lower_bound(Prefix(range.address(), range.length()));
    return it != entries_.end() && range.contains(it->first) ? &*it : nullptr;
  }

  // The first entry that does not sort before `range`: for reading in portions.
  auto lower_bound(const Prefix& range) const { return entries_.lower_bound(range); }

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  bool operator==(const PrefixMap&) const = default;

 private:
  using Lengths = std::array<std::size_t, 129>;
  Lengths& lengths(const Prefix& p) { return p.is_v4() ? v4_lengths_ : v6_lengths_; }
  const Lengths& lengths(const Prefix& p) const { return p.is_v4() ? v4_lengths_ : v6_lengths_; }

  std::map<Prefix, V> entries_;
  Lengths v4_lengths_{};
  Lengths v6_lengths_{};
};

}  // namespace breakwater
