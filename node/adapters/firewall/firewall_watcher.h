// SPDX-License-Identifier: Apache-2.0
// Tells when somebody changes iptables rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/unique_fd.h"

struct mnl_socket;
struct nlmsghdr;

namespace breakwater {

// True if an event of the kernel's nf_tables concerns a table of iptables that we use: filter or raw of ip or ip6.
// `message`: whole and length-checked. Pure.
bool concerns_our_tables(const nlmsghdr* message);

// The nft variant of iptables raises netlink events. The legacy variant raises none: there the sizes and hooks of the
// tables are compared every 500 ms, which sees every insertion, deletion and flush, though not a rule that was
// exchanged for another of the same size. (LookSchedule reads everything every 10 s for that.)
//
// Bound to the network namespace of the thread that opened it. One thread. Needs CAP_NET_ADMIN; CAP_NET_RAW for legacy.
class FirewallWatcher {
 public:
  static Result<FirewallWatcher> open();
  FirewallWatcher(FirewallWatcher&&) noexcept;
  FirewallWatcher& operator=(FirewallWatcher&&) noexcept;
  ~FirewallWatcher();

  // Readable when changed() should be called. The same for the life of this object.
  int fd() const { return all_.get(); }

  // Empties the descriptor. True if something changed since the last call, or events were lost.
  bool changed();

  // Whether to compare a family's legacy tables, because that is the variant in use there.
  void watch_legacy(bool v4, bool in_use);

  // Makes fd() readable once after `delay`, though nothing changed; replaces an earlier wish.
  void wake_in(Duration delay);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const;
  };
  struct Legacy {
    bool watched = false;
    std::uint64_t fingerprint = 0;
  };

  FirewallWatcher() = default;
  Result<void> setup();
  bool drain_events();
  bool legacy_changed(bool v4, Legacy& legacy);

  std::unique_ptr<mnl_socket, Close> events_;
  UniqueFd poll_timer_;
  UniqueFd wake_timer_;
  UniqueFd all_;  // an epoll of the three above
  Legacy v4_;
  Legacy v6_;
};

}  // namespace breakwater
