// SPDX-License-Identifier: Apache-2.0
// Which keys may talk to the hub: two folders of key files.
//
//   nodes.d/NAME.pub    at most two lines of 64 hex digits: two while a node changes its key
//   admins.d/NAME.pub   the same for operators who come over the network
//
// '#' starts a comment.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/result.h"
#include "common/runtime/curve_keys.h"
#include "hub/core/peers.h"

namespace breakwater {

inline constexpr std::size_t kKeysPerPeer = 2;

// Letters, digits, '.', '_', '-'; not empty, at most 200, no leading dot: fit for a file name and a User-Id.
bool is_peer_name(std::string_view name);

struct KeyFolders {
  std::string nodes;
  std::string admins;
  const std::string& of(PeerRole role) const { return role == PeerRole::node ? nodes : admins; }
};

// Immutable, so that the ZAP thread and the loop can share one.
class KeyTable {
 public:
  // Whose key it is; nullptr = a stranger's.
  const PeerIdentity* find(const PublicKey& key) const {
    const auto it = owners_.find(key);
    return it == owners_.end() ? nullptr : &it->second;
  }
  std::size_t size() const { return owners_.size(); }

 private:
  friend struct KeyTableBuilder;
  std::unordered_map<PublicKey, PeerIdentity> owners_;
};

struct LoadedKeys {
  std::shared_ptr<const KeyTable> table;
  // What was left out, and why, with the file: a line that is no key, a third key, a key that two files claim (then it
  // is nobody's). The rest stands: one bad file must not keep a revoked key alive.
  std::vector<std::string> problems;
};

// Reads all key files. A missing folder is an empty one. An error: a folder that cannot be read, or that everybody may
// write to.
Result<LoadedKeys> load_keys(const KeyFolders& folders);

// The hub's verbs. They change files only (a file appears or changes by rename); a running hub sees it within moments.
// enrol() adds a key to what the peer has; again with the same key changes nothing. Errors: a third key, another's key.
Result<void> enrol(const KeyFolders& folders, PeerRole role, const std::string& name, const PublicKey& key);
// Removes all keys of a peer, or that one: the last one takes the peer with it. An error if it has none, or not that.
Result<void> revoke(const KeyFolders& folders, PeerRole role, const std::string& name,
                    const std::optional<PublicKey>& key = std::nullopt);

}  // namespace breakwater
