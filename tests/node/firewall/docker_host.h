// SPDX-License-Identifier: Apache-2.0
// A Docker host with one container behind a published port, and two clients: three network namespaces.
#pragma once

#include <chrono>
#include <string>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "common/base/address.h"
#include "common/base/unique_fd.h"
#include "tests/node/firewall/docker_layouts.h"
#include "tests/node/firewall/netns.h"

namespace breakwater {

// Addresses of one family.
struct TestNet {
  const char* host;       // where clients see the host
  const char* attacker;   // a client
  const char* bystander;  // another, on the same machine
  const char* container;
};
inline constexpr TestNet kNet4{"198.51.100.1", "198.51.100.10", "198.51.100.20", kContainer4};
inline constexpr TestNet kNet6{"2001:db8:1::1", "2001:db8:1::10", "2001:db8:1::20", kContainer6};

// client ns (both clients) -- eth0 -- host ns (forwards) -- docker0 -- container ns
class DockerHost {
 public:
  DockerHost() {
    for (const Netns* space : {&host, &clients, &container}) {
      run_in(*space, "echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad");  // addresses work at once
    }
    run_in(host, "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
    run_in(host, "ip link add eth0 type veth peer name peer; ip link set peer netns " + clients.path() +
                     "; ip link add docker0 type bridge; ip link add veth0 type veth peer name inner;"
                     "ip link set inner netns " +
                     container.path() + "; ip link set veth0 master docker0");
    run_in(host,
           "ip addr add 198.51.100.1/24 dev eth0; ip -6 addr add 2001:db8:1::1/64 dev eth0 nodad;"
           "ip addr add 203.0.113.1/25 dev docker0; ip -6 addr add 2001:db8:2::1/64 dev docker0 nodad;"
           "ip link set eth0 up; ip link set veth0 up; ip link set docker0 up");
    run_in(clients,
           "for a in 10 20; do ip addr add 198.51.100.$a/24 dev peer;"
           "ip -6 addr add 2001:db8:1::$a/64 dev peer nodad; done; ip link set peer up;"
           "ip route add default via 198.51.100.1; ip -6 route add default via 2001:db8:1::1 dev peer");
    run_in(container,
           "ip addr add 203.0.113.2/25 dev inner; ip -6 addr add 2001:db8:2::2/64 dev inner nodad;"
           "ip link set inner up; ip route add default via 203.0.113.1;"
           "ip -6 route add default via 2001:db8:2::1 dev inner");
  }

  Netns host;
  Netns clients;
  Netns container;
};

// Sockets belong to the namespace in which they were made, so one thread plays all parts.
struct SocketAddress {
  SocketAddress(const char* text, std::uint16_t port) {
    const auto address = Address::parse(text).value();
    if (address.is_v4()) {
      auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
      v4->sin_family = AF_INET;
      v4->sin_port = htons(port);
      std::copy(address.bytes().begin(), address.bytes().end(), reinterpret_cast<std::uint8_t*>(&v4->sin_addr));
      length = sizeof *v4;
    } else {
      auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
      v6->sin6_family = AF_INET6;
      v6->sin6_port = htons(port);
      std::copy(address.bytes().begin(), address.bytes().end(), reinterpret_cast<std::uint8_t*>(&v6->sin6_addr));
      length = sizeof *v6;
    }
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr_storage storage{};
  socklen_t length = 0;
};

inline UniqueFd tcp_socket(const SocketAddress& address) {
  return UniqueFd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

inline UniqueFd listen_in(const Netns& where, const char* address, std::uint16_t port) {
  const InNetns inside(where);
  const SocketAddress at(address, port);
  UniqueFd fd = tcp_socket(at);
  EXPECT_EQ(::bind(fd.get(), at.get(), at.length), 0) << address;
  EXPECT_EQ(::listen(fd.get(), 16), 0);
  return fd;
}

// Has sent its SYN when it returns.
inline UniqueFd start_connecting(const Netns& where, const char* from, const char* to, std::uint16_t port) {
  const InNetns inside(where);
  const SocketAddress source(from, 0);
  const SocketAddress target(to, port);
  UniqueFd fd = tcp_socket(target);
  EXPECT_EQ(::bind(fd.get(), source.get(), source.length), 0) << from;
  EXPECT_TRUE(::connect(fd.get(), target.get(), target.length) == 0 || errno == EINPROGRESS);
  return fd;
}

inline bool ready(int fd, short events, std::chrono::milliseconds patience = std::chrono::seconds(5)) {
  pollfd wait{fd, events, 0};
  return ::poll(&wait, 1, static_cast<int>(patience.count())) == 1 && (wait.revents & events) != 0;
}

inline bool is_connected(const UniqueFd& fd) {
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  return ::getpeername(fd.get(), reinterpret_cast<sockaddr*>(&peer), &length) == 0;
}

// What is there now; empty if nothing is.
inline std::string read_now(const UniqueFd& fd) {
  char buffer[4096];
  const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
  return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : std::string();
}

inline std::string read_soon(const UniqueFd& fd) {
  return ready(fd.get(), POLLIN) ? read_now(fd) : std::string();
}

inline void send_text(const UniqueFd& fd, const std::string& text) {
  EXPECT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

}  // namespace breakwater
