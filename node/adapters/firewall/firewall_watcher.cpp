// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/firewall_watcher.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/base/text.h"
#include "node/adapters/firewall/netlink_attributes.h"
#include "node/adapters/firewall/xtables.h"

namespace breakwater {
namespace {

constexpr Duration kLegacyPoll{500};
constexpr int kReadsAtOnce = 64;  // the rest stays readable

// A table, chain or rule came or went; elements of sets and counters do not concern us.
bool is_rule_event(unsigned type) {
  switch (type) {
    case NFT_MSG_NEWTABLE:
    case NFT_MSG_DELTABLE:
    case NFT_MSG_NEWCHAIN:
    case NFT_MSG_DELCHAIN:
    case NFT_MSG_NEWRULE:
    case NFT_MSG_DELRULE:
      return true;
    default:
      return false;
  }
}

void set_timer(int fd, Duration first, Duration interval) {
  const auto spec = [](Duration d) {
    return timespec{.tv_sec = d.count() / 1000, .tv_nsec = (d.count() % 1000) * 1'000'000};
  };
  const itimerspec when{.it_interval = spec(interval), .it_value = spec(first)};
  ::timerfd_settime(fd, 0, &when, nullptr);
}

void drain_timer(int fd) {
  std::uint64_t expirations = 0;
  [[maybe_unused]] const ssize_t n = ::read(fd, &expirations, sizeof expirations);
}

// struct ipt_getinfo and ip6t_getinfo of the kernel's interface (linux/netfilter_ipv4/ip_tables.h, which cannot be
// included together with netinet/in.h), and the number of the question for it, the same in both families.
struct TableInfo {
  char name[32];
  unsigned valid_hooks;
  unsigned hook_entry[5];
  unsigned underflow[5];
  unsigned num_entries;
  unsigned size;
};
constexpr int kGetInfo = 64;  // IPT_SO_GET_INFO, IP6T_SO_GET_INFO

std::uint64_t fingerprint_of(bool v4, std::string_view table) {
  // The question itself would make the table.
  if (!has_legacy_table(v4, table)) return 0;
  const UniqueFd raw(::socket(v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
  if (!raw) return 0;
  TableInfo info{};
  table.copy(info.name, sizeof info.name - 1);
  socklen_t length = sizeof info;
  if (::getsockopt(raw.get(), v4 ? IPPROTO_IP : IPPROTO_IPV6, kGetInfo, &info, &length) != 0) return 0;
  return fnv1a({reinterpret_cast<const char*>(&info), sizeof info});
}

}  // namespace

bool concerns_our_tables(const nlmsghdr* message) {
  if ((message->nlmsg_type >> 8) != NFNL_SUBSYS_NFTABLES || !is_rule_event(message->nlmsg_type & 0xff)) return false;
  if (mnl_nlmsg_get_payload_len(message) < sizeof(nfgenmsg)) return false;
  const auto family = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(message))->nfgen_family;
  if (family != AF_INET && family != AF_INET6) return false;
  // NFTA_TABLE_NAME, NFTA_CHAIN_TABLE and NFTA_RULE_TABLE are all attribute 1.
  static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1);
  for (const nlattr* attribute : NetlinkAttributes::of(message, sizeof(nfgenmsg))) {
    if (mnl_attr_get_type(attribute) != 1) continue;
    const auto* text = static_cast<const char*>(mnl_attr_get_payload(attribute));
    const std::string_view name(text, ::strnlen(text, mnl_attr_get_payload_len(attribute)));
    return name == kFilterTable || name == kRawTable;
  }
  return false;
}

void FirewallWatcher::Close::operator()(mnl_socket* socket) const {
  mnl_socket_close(socket);
}
FirewallWatcher::FirewallWatcher(FirewallWatcher&&) noexcept = default;
FirewallWatcher& FirewallWatcher::operator=(FirewallWatcher&&) noexcept = default;
FirewallWatcher::~FirewallWatcher() = default;

Result<FirewallWatcher> FirewallWatcher::open() {
  FirewallWatcher watcher;
  if (const auto done = watcher.setup(); !done) return done.error().within("watching the packet filter");
  return watcher;
}

Result<void> FirewallWatcher::setup() {
  events_.reset(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!events_) return system_error("netlink");
  if (mnl_socket_bind(events_.get(), 0, MNL_SOCKET_AUTOPID) < 0) return system_error("netlink");
  int group = NFNLGRP_NFTABLES;
  if (mnl_socket_setsockopt(events_.get(), NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0) {
    return system_error("netlink group nftables");
  }
  poll_timer_.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  wake_timer_.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  all_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!poll_timer_ || !wake_timer_ || !all_) return system_error("timerfd, epoll");
  for (const int fd : {mnl_socket_get_fd(events_.get()), poll_timer_.get(), wake_timer_.get()}) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    if (::epoll_ctl(all_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return system_error("epoll");
  }
  return {};
}

bool FirewallWatcher::drain_events() {
  // A message of the kernel fits: it is built in one page or so.
  alignas(nlmsghdr) std::array<char, 32768> buffer;
  bool found = false;
  for (int i = 0; i < kReadsAtOnce; ++i) {
    const ssize_t got = mnl_socket_recvfrom(events_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (got < 0) {
      found = true;  // ENOBUFS: events were lost; ENOSPC: one was too long. Something happened.
      continue;
    }
    int left = static_cast<int>(got);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data()); mnl_nlmsg_ok(message, left);
         message = mnl_nlmsg_next(message, &left)) {
      found = found || concerns_our_tables(message);
    }
  }
  return found;
}

bool FirewallWatcher::legacy_changed(bool v4, Legacy& legacy) {
  if (!legacy.watched) return false;
  const auto now = fingerprint_of(v4, kFilterTable) * 31 + fingerprint_of(v4, kRawTable);
  return now != std::exchange(legacy.fingerprint, now);
}

bool FirewallWatcher::changed() {
  drain_timer(poll_timer_.get());
  drain_timer(wake_timer_.get());
  const bool nft = drain_events();
  const bool legacy4 = legacy_changed(true, v4_);
  const bool legacy6 = legacy_changed(false, v6_);
  return nft || legacy4 || legacy6;
}

void FirewallWatcher::watch_legacy(bool v4, bool in_use) {
  (v4 ? v4_ : v6_).watched = in_use;
  const Duration poll = v4_.watched || v6_.watched ? kLegacyPoll : Duration(0);
  set_timer(poll_timer_.get(), poll, poll);
}

void FirewallWatcher::wake_in(Duration delay) {
  set_timer(wake_timer_.get(), std::max(delay, Duration(1)), Duration(0));
}

}  // namespace breakwater
