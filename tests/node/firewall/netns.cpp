// SPDX-License-Identifier: Apache-2.0
#include "tests/node/firewall/netns.h"

#include <cassert>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include "node/adapters/firewall/command.h"
#include "node/adapters/firewall/ipset_netlink.h"

namespace breakwater {
namespace {

constexpr const char* kSelf = "/proc/thread-self/ns/net";

UniqueFd current() {
  return UniqueFd(::open(kSelf, O_RDONLY | O_CLOEXEC));
}

}  // namespace

std::string netns_unavailable() {
  if (::geteuid() != 0) return "needs root, for network namespaces";
  for (const char* program : {"ip", "iptables", "ip6tables", "ipset", "nft"}) {
    if (find_program(program).empty()) return std::string("needs the program ") + program;
  }
  const UniqueFd home = current();
  if (!home || ::unshare(CLONE_NEWNET) != 0) return "cannot make a network namespace here";
  const auto sets = IpsetNetlink::open();
  if (::setns(home.get(), CLONE_NEWNET) != 0) std::abort();
  return sets ? "" : sets.error().message();
}

Netns::Netns() {
  const UniqueFd home = current();
  if (!home || ::unshare(CLONE_NEWNET) != 0) std::abort();
  fd_ = current();
  if (::setns(home.get(), CLONE_NEWNET) != 0) std::abort();
  run_in(*this, "ip link set lo up");
}

std::string Netns::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_.get());
}

InNetns::InNetns(const Netns& where) : back_(current()) {
  if (!back_ || ::setns(where.fd(), CLONE_NEWNET) != 0) std::abort();
}

InNetns::~InNetns() {
  if (::setns(back_.get(), CLONE_NEWNET) != 0) std::abort();
}

std::string run_in(const Netns& where, const std::string& script) {
  const InNetns inside(where);
  const auto done = run_command({"sh", "-euc", script}, {}, {.timeout = std::chrono::seconds(30)});
  EXPECT_TRUE(done) << done.error().message();
  if (!done) return {};
  EXPECT_EQ(done->exit_code, 0) << script << "\n" << done->err;
  return done->out;
}

}  // namespace breakwater
