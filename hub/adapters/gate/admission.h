// SPDX-License-Identifier: Apache-2.0
// What the ZAP thread and the loop share: the keys, and whether there is room.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "hub/adapters/gate/key_ring.h"
#include "hub/adapters/gate/zap_handler.h"

namespace breakwater {

// "node/web1/0123..ef": role, name, key. The key is in it so that, of a peer with two keys, exactly the connection of a
// removed one is cut off.
std::string make_user_id(const PeerIdentity& who, const PublicKey& key);
std::optional<std::pair<PeerIdentity, PublicKey>> parse_user_id(const std::string& user_id);

// Thread-safe.
class Admission {
 public:
  explicit Admission(std::size_t max_connections) : max_connections_(max_connections) {}

  std::shared_ptr<const KeyTable> keys() const {
    const std::lock_guard lock(mutex_);
    return keys_;
  }
  void set_keys(std::shared_ptr<const KeyTable> keys) {
    const std::lock_guard lock(mutex_);
    keys_ = std::move(keys);
  }

  void count_connections(std::size_t now) { connections_.store(now, std::memory_order_relaxed); }
  std::uint64_t refused_full() const { return refused_full_.load(std::memory_order_relaxed); }

  ZapVerdict judge(const PublicKey& key);

 private:
  const std::size_t max_connections_;
  mutable std::mutex mutex_;
  std::shared_ptr<const KeyTable> keys_ = std::make_shared<KeyTable>();
  std::atomic<std::size_t> connections_{0};
  std::atomic<std::uint64_t> refused_full_{0};
};

}  // namespace breakwater
