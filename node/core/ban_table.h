// SPDX-License-Identifier: Apache-2.0
// Who is banned on this node, and whether the kernel holds it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "node/core/firewall.h"
#include "node/core/node_store.h"

namespace breakwater {

// The node's own ban of a range and the hub's stand side by side; the later end counts, so a decision of the hub
// confirms or extends a local ban and never shortens it. lift() removes both.
//
// Knows what was ordered from the kernel and what failed. Decides nothing about never-ban: NodeCore asks before it
// calls, and marks what it refuses. Bounded by its caller. Not thread-safe.
class BanTable {
 public:
  // Kernel timeouts are shorter than some bans (ipset: 24.8 days): a ban is ordered for at most this long and renewed.
  static constexpr Duration kLongestOrder = std::chrono::seconds(2147483);

  struct Entry {
    std::optional<StoredBan> local;
    std::optional<StoredBan> hub;
    bool refused = false;       // never-ban: kept, not enforced
    bool in_kernel = false;     // the last order succeeded
    Timestamp ordered_until{};  // until when the kernel was told to hold it

    Timestamp until() const;
    const StoredBan& leading() const;  // the one with the later end
  };

  // True if the end of the effective ban changed (or it is new): the kernel must be told.
  bool set(const StoredBan& ban);
  // False if it was not there.
  bool lift(const Prefix& who);
  // Removes only what came from the hub; true if nothing is left of the ban.
  bool drop_hub(const Prefix& who);

  // The order for the kernel as of now; expects the entry to exist.
  FirewallChange order(const Prefix& who, Timestamp now);
  void note_result(const FirewallChange& change, bool ok);
  // What was read back from the kernel. `until` is when its timeout ends.
  void note_held(const Prefix& who, bool held, Timestamp until);
  void set_refused(const Prefix& who, bool refused);

  // Bans whose time is over, removed: nothing has to be told to the kernel, its timeouts lift them.
  std::vector<StoredBanKey> expire(Timestamp now);
  // Orders to renew (clamped ones), at most `most`, and what the kernel should hold and does not.
  std::vector<Prefix> due_for_renewal(Timestamp now, std::size_t most) const;
  std::vector<Prefix> not_enforced(std::size_t most) const;

  const Entry* find(const Prefix& who) const;
  const std::map<Prefix, Entry>& entries() const { return entries_; }
  std::size_t size() const { return entries_.size(); }
  std::size_t failed() const { return missing_.size(); }
  std::size_t in_kernel() const { return in_kernel_; }

 private:
  using Entries = std::map<Prefix, Entry>;
  // Keeps the indices below in step with an entry; called around every change of one.
  void unindex(const Entries::value_type& item);
  void index(const Entries::value_type& item);

  Entries entries_;
  std::set<std::pair<Timestamp, Prefix>> deadlines_;  // of each side's end
  std::set<Prefix> missing_;                          // should be in the kernel and are not
  std::size_t in_kernel_ = 0;
};

}  // namespace breakwater
