// SPDX-License-Identifier: Apache-2.0
// The bytes of ipset's netlink protocol (linux/netfilter/ipset/ip_set.h): builds requests, reads replies. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/address.h"

struct nlmsghdr;

namespace breakwater {

// One element to add or take out.
struct IpsetOp {
  Prefix who;
  std::uint32_t timeout = 0;  // seconds, <= 2147483; 0 = no end; ignored if `lift`
  bool lift = false;
};

struct IpsetElement {
  Prefix who;
  std::uint32_t timeout = 0;  // seconds left; 0 = no end
  bool operator==(const IpsetElement&) const = default;
};

struct IpsetHeader {
  std::string type;  // "hash:net"
  bool v4 = true;
};

struct IpsetOptions {
  bool v4 = true;
  std::uint32_t hash_size = 4096;  // buckets at the start; the kernel doubles them as the set grows
  std::uint32_t max_elements = 1u << 20;
};

// What the kernel answers to a request with NLM_F_ACK.
struct IpsetAnswer {
  int code = 0;               // 0, or a positive errno or IPSET_ERR_*
  std::uint32_t element = 0;  // for a batch: 1-based number of the element that failed; 0 = the whole message
};

// A request in a buffer that is used again for each message: at most kMaxMessage bytes.
class IpsetRequest {
 public:
  static constexpr std::size_t kMaxMessage = 60 * 1024;  // nested attributes count their length in 16 bits
  static constexpr std::size_t kMaxElements = 800;       // 52 bytes each (IPv6), and short enough to hold the lock

  IpsetRequest() : buffer_(kMaxMessage) {}

  // `protocol` 0: the question for the versions, which names none. The message is valid until the next call.
  const nlmsghdr* command(std::uint8_t command, std::uint8_t protocol, std::string_view set, std::uint16_t flags);
  const nlmsghdr* type_query(std::uint8_t protocol, bool v4);
  const nlmsghdr* create(std::uint8_t protocol, std::string_view set, const IpsetOptions& options,
                         std::uint8_t revision);
  // All `ops` in one message: all additions (an element that is there gets the new timeout) or all removals (one that
  // is absent counts as done), all of the set's family. 1..kMaxElements.
  const nlmsghdr* change(std::uint8_t protocol, std::string_view set, std::span<const IpsetOp> ops);
  const nlmsghdr* test(std::uint8_t protocol, std::string_view set, const Prefix& who);
  const nlmsghdr* list(std::uint8_t protocol, std::string_view set, bool header_only);

 private:
  nlmsghdr* begin(std::uint8_t command, std::uint8_t protocol, std::string_view set, std::uint16_t flags);

  std::vector<char> buffer_;
  std::uint32_t sequence_ = 0;
};

// Readers; each takes a whole, length-checked message.
IpsetAnswer read_ipset_answer(const nlmsghdr* message);  // type NLMSG_ERROR
struct IpsetVersions {
  std::uint8_t lowest = 0;
  std::uint8_t highest = 0;
};
std::optional<IpsetVersions> read_ipset_protocol(const nlmsghdr* message);
std::optional<IpsetVersions> read_ipset_revisions(const nlmsghdr* message);
std::optional<IpsetHeader> read_ipset_header(const nlmsghdr* message);
// Appends the elements of one part of a dump. Elements that are no addresses are left out.
void read_ipset_elements(const nlmsghdr* message, std::vector<IpsetElement>& into);
// The element count of a header dump; nullopt if this part has none.
std::optional<std::uint32_t> read_ipset_count(const nlmsghdr* message);

// What a code of the kernel means, for people.
std::string ipset_error_text(int code);

}  // namespace breakwater
