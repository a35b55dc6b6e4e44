// SPDX-License-Identifier: Apache-2.0
#include "hub/adapters/gate/admission.h"

#include "common/base/text.h"

namespace breakwater {

std::string make_user_id(const PeerIdentity& who, const PublicKey& key) {
  return (who.role == PeerRole::admin ? "admin/" : "node/") + who.name + "/" + key.hex();
}

std::optional<std::pair<PeerIdentity, PublicKey>> parse_user_id(const std::string& user_id) {
  const auto parts = split(user_id, '/');
  if (parts.size() != 3 || !is_peer_name(parts[1]) || (parts[0] != "node" && parts[0] != "admin")) return std::nullopt;
  const auto key = PublicKey::from_hex(parts[2]);
  if (!key) return std::nullopt;
  const PeerRole role = parts[0] == "admin" ? PeerRole::admin : PeerRole::node;
  return std::pair(PeerIdentity{std::string(parts[1]), role, key->id()}, *key);
}

ZapVerdict Admission::judge(const PublicKey& key) {
  const auto table = keys();
  const PeerIdentity* owner = table->find(key);
  if (owner == nullptr) return {.status = 400, .user_id = {}};
  // An operator comes in as long as there are descriptors at all.
  if (owner->role == PeerRole::node && connections_.load(std::memory_order_relaxed) > max_connections_) {
    refused_full_.fetch_add(1, std::memory_order_relaxed);
    return {.status = 500, .user_id = {}};
  }
  return {.status = 200, .user_id = make_user_id(*owner, key)};
}

}  // namespace breakwater
