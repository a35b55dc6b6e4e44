// SPDX-License-Identifier: Apache-2.0
#include "hub/adapters/gate/connections.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "common/base/unique_fd.h"

namespace breakwater {
namespace {

PeerId id(std::uint32_t serial) {
  PeerId text(5, '\0');
  for (int i = 0; i < 4; ++i)
    text[static_cast<std::size_t>(4 - i)] = static_cast<char>(serial >> (8 * i));
  return text;
}

// A TCP connection on loopback: the accepted end is what libzmq would hold.
struct Tcp {
  Tcp() {
    UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(0, ::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size));
    EXPECT_EQ(0, ::listen(listener.get(), 1));
    EXPECT_EQ(0, ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size));
    client.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(0, ::connect(client.get(), reinterpret_cast<sockaddr*>(&address), size));
    accepted.reset(::accept(listener.get(), nullptr, nullptr));
  }
  UniqueFd client, accepted;
};

Connection on(int fd) {
  Connection connection;
  connection.fd = fd;
  return connection;
}

TEST(Connections, OneThatIsClosedIsGoneAndLaterForgotten) {
  Connections known;
  const Tcp tcp;
  ASSERT_NE(nullptr, known.add(id(1), on(tcp.accepted.get())));
  EXPECT_EQ(id(1), known.closed(tcp.accepted.get(), Tick(Duration(1000))));
  EXPECT_EQ("", known.closed(tcp.accepted.get(), Tick(Duration(1000))));
  ASSERT_NE(nullptr, known.find(id(1)));
  EXPECT_TRUE(known.find(id(1))->gone);
  EXPECT_EQ(0u, known.live());
  known.forget_old(Tick(Duration(20'000)));
  EXPECT_EQ(nullptr, known.find(id(1)));
}

TEST(Connections, AFrameOfADeadConnectionDoesNotTakeTheDescriptorOfALivingOne) {
  Connections known;
  const Tcp tcp;
  ASSERT_NE(nullptr, known.add(id(8), on(tcp.accepted.get())));
  EXPECT_EQ(nullptr, known.add(id(7), on(tcp.accepted.get())));
  EXPECT_EQ(1u, known.live());
  EXPECT_NE(nullptr, known.find(id(8)));
}

TEST(Connections, TheNewerClaimToADescriptorIsRightAlsoWhenTheCounterWraps) {
  Connections known;
  const Tcp tcp;
  ASSERT_NE(nullptr, known.add(id(0xffffffff), on(tcp.accepted.get())));
  EXPECT_NE(nullptr, known.add(id(0), on(tcp.accepted.get())));
  EXPECT_EQ(nullptr, known.find(id(0xffffffff)));
}

TEST(Connections, OneWithoutAConnectionIsNotAdded) {
  Connections known;
  EXPECT_EQ(nullptr, known.add(id(1), on(-1)));
}

TEST(Connections, ShutEndsTheConnectionItWasAndNoOther) {
  Connections known;
  Tcp tcp;
  const int fd = tcp.accepted.get();
  const Connection first = *known.add(id(1), on(fd));
  // The descriptor is reused by somebody else's connection.
  Tcp other;
  ASSERT_EQ(fd, ::dup2(other.accepted.get(), fd));
  known.shut(first);
  char byte = 'x';
  ASSERT_EQ(1, ::send(other.client.get(), &byte, 1, MSG_NOSIGNAL));
  EXPECT_EQ(1, ::recv(fd, &byte, 1, 0));
  const Connection second = *known.add(id(2), on(fd));
  known.shut(second);
  EXPECT_EQ(0, ::recv(other.client.get(), &byte, 1, 0));
}

TEST(Connections, RoutingIdsThatAPeerChose) {
  EXPECT_TRUE(is_own_routing_id(id(77)));
  for (const char* chosen : {"nodeA", "x", ""})
    EXPECT_FALSE(is_own_routing_id(chosen));
}

}  // namespace
}  // namespace breakwater
