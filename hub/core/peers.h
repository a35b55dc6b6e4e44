// SPDX-License-Identifier: Apache-2.0
// Who talks to the hub.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace breakwater {

// A ROUTER's routing id: names one connection, authenticates nothing. 5 random bytes, new with each connection.
using PeerId = std::string;

enum class PeerRole : std::uint8_t { node, admin };

// What ZAP found out from the key: the only identity there is. On the local ipc socket the role is admin and the name
// is "local".
struct PeerIdentity {
  std::string name;
  PeerRole role = PeerRole::node;
  std::string key{};  // PublicKey::id() of the key it came with; empty on the local socket. It may have several.
  bool operator==(const PeerIdentity& other) const { return name == other.name && role == other.role; }
};

}  // namespace breakwater
