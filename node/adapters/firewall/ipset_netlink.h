// SPDX-License-Identifier: Apache-2.0
// Sets of addresses in the kernel (ipset), spoken to directly: no program, no shell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "node/adapters/firewall/ipset_message.h"

struct mnl_socket;

namespace breakwater {

// An element that the kernel did not take; all others were applied.
struct IpsetFailure {
  std::size_t index = 0;  // into the ops
  int code = 0;           // errno or IPSET_ERR_*; ENOENT: there is no such set. ipset_error_text() has the words.
};

// Sets are hash:net with a timeout per element: single addresses and prefixes side by side, of one family. The kernel
// looks once for each prefix length in use, whatever the number of elements.
//
// Bound to the network namespace of the thread that opened it. One thread. Needs CAP_NET_ADMIN.
class IpsetNetlink {
 public:
  // Says what is missing: the kernel module, the permission.
  static Result<IpsetNetlink> open();
  IpsetNetlink(IpsetNetlink&&) noexcept;
  IpsetNetlink& operator=(IpsetNetlink&&) noexcept;
  ~IpsetNetlink();

  // 6 or 7: the highest that both sides speak (facts: linux/netfilter/ipset/ip_set.h).
  std::uint8_t protocol() const { return protocol_; }

  // An error if there is such a set.
  Result<void> create(std::string_view set, const IpsetOptions& options);
  // Destroying or emptying a set that is absent succeeds. A set that a rule matches cannot be destroyed.
  Result<void> destroy(std::string_view set);
  Result<void> flush(std::string_view set);

  // nullopt if there is no such set. Costs microseconds whatever the size.
  Result<std::optional<IpsetHeader>> header(std::string_view set);
  // Walks the whole set in the kernel.
  Result<std::uint32_t> count(std::string_view set);
  // True if the set matches the address (also by a prefix that contains it), or holds that very prefix. False if there
  // is no such set. Microseconds.
  Result<bool> contains(std::string_view set, const Prefix& who);
  Result<std::vector<IpsetElement>> list(std::string_view set);

  // Applies all in order, up to 800 of a kind in one message. Elements must be of the set's family.
  std::vector<IpsetFailure> apply(std::string_view set, std::span<const IpsetOp> ops);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const;
  };
  using Reader = std::function<void(const nlmsghdr*)>;

  explicit IpsetNetlink(mnl_socket* socket);
  Result<IpsetAnswer> ask(const nlmsghdr* request, const Reader& reader = {});
  Result<void> order(const nlmsghdr* request, std::string_view set, bool absent_is_success);
  Result<void> negotiate();
  // Applies a run of one kind; returns how many of them are dealt with (at least 1).
  std::size_t apply_run(std::string_view set, std::span<const IpsetOp> run, std::size_t first,
                        std::vector<IpsetFailure>& failures);

  std::unique_ptr<mnl_socket, Close> socket_;
  std::uint8_t protocol_ = 0;
  IpsetRequest request_;
  std::vector<char> reply_;
};

}  // namespace breakwater
