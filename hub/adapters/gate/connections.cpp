// SPDX-License-Identifier: Apache-2.0
#include "hub/adapters/gate/connections.h"

#include <cstring>
#include <utility>

#include <netinet/in.h>

namespace breakwater {
namespace {

std::uint32_t serial(const PeerId& id) {
  std::uint32_t value = 0;
  for (std::size_t i = 1; i < id.size(); ++i)
    value = value << 8 | static_cast<unsigned char>(id[i]);
  return value;
}

// Serial-number arithmetic: the counter starts anywhere and wraps.
bool is_newer(const PeerId& a, const PeerId& b) {
  return static_cast<std::int32_t>(serial(a) - serial(b)) > 0;
}

bool remote_of(int fd, sockaddr_storage& remote) {
  std::memset(&remote, 0, sizeof remote);
  socklen_t size = sizeof remote;
  return fd >= 0 && ::getpeername(fd, reinterpret_cast<sockaddr*>(&remote), &size) == 0;
}

// Peers of a unix socket have no name; there the family has to do.
bool same_remote(const sockaddr_storage& a, const sockaddr_storage& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

}  // namespace

bool is_own_routing_id(const std::string& id) {
  return id.size() == 5 && id[0] == '\0';
}

Connection* Connections::find(const PeerId& peer) {
  const auto it = by_peer_.find(peer);
  return it == by_peer_.end() ? nullptr : &it->second;
}

Connection* Connections::add(const PeerId& peer, Connection connection) {
  if (!remote_of(connection.fd, connection.remote)) return nullptr;
  if (const auto holder = by_fd_.find(connection.fd); holder != by_fd_.end()) {
    if (!is_newer(peer, holder->second)) return nullptr;
    by_peer_.erase(holder->second);
  }
  by_fd_[connection.fd] = peer;
  return &by_peer_.insert_or_assign(peer, std::move(connection)).first->second;
}

PeerId Connections::closed(int fd, Tick now) {
  const auto it = by_fd_.find(fd);
  if (it == by_fd_.end()) return {};
  const PeerId peer = it->second;
  by_fd_.erase(it);
  Connection& connection = by_peer_.at(peer);
  connection.gone = true;
  connection.gone_since = now;
  connection.fd = -1;
  return peer;
}

void Connections::shut(const Connection& connection) const {
  sockaddr_storage remote;
  if (connection.gone || !remote_of(connection.fd, remote) || !same_remote(remote, connection.remote)) return;
  ::shutdown(connection.fd, SHUT_RDWR);
}

void Connections::forget_old(Tick now) {
  if (now - last_sweep_ < kMemory) return;
  last_sweep_ = now;
  std::erase_if(by_peer_,
                [now](const auto& entry) { return entry.second.gone && now - entry.second.gone_since >= kMemory; });
}

}  // namespace breakwater
