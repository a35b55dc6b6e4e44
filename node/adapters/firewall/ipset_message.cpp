// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/ipset_message.h"

#include <array>
#include <cassert>
#include <cstring>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include "node/adapters/firewall/netlink_attributes.h"

namespace breakwater {
namespace {

constexpr int kHashFull = IPSET_ERR_TYPE_SPECIFIC;  // IPSET_ERR_HASH_FULL of the kernel's ip_set_hash.h
constexpr const char* kType = "hash:net";

std::uint8_t family_of(bool v4) {
  return v4 ? AF_INET : AF_INET6;
}

void put_big_endian(nlmsghdr* message, std::uint16_t type, std::uint32_t value) {
  mnl_attr_put_u32(message, static_cast<std::uint16_t>(type | NLA_F_NET_BYTEORDER), htonl(value));
}

void put_address(nlmsghdr* message, const Prefix& who) {
  const auto bytes = who.address().bytes();
  const int inner = who.is_v4() ? IPSET_ATTR_IPADDR_IPV4 : IPSET_ATTR_IPADDR_IPV6;
  nlattr* nest = mnl_attr_nest_start(message, IPSET_ATTR_IP);
  mnl_attr_put(message, static_cast<std::uint16_t>(inner | NLA_F_NET_BYTEORDER), bytes.size(), bytes.data());
  mnl_attr_nest_end(message, nest);
  mnl_attr_put_u8(message, IPSET_ATTR_CIDR, static_cast<std::uint8_t>(who.length()));
}

template <std::size_t N>
using Attributes = std::array<const nlattr*, N>;

template <std::size_t N>
void take(const nlattr* attribute, Attributes<N>& into) {
  const auto type = mnl_attr_get_type(attribute);
  if (type < N) into[type] = attribute;
}

template <std::size_t N>
Attributes<N> nested(const nlattr* nest) {
  Attributes<N> found{};
  for (const nlattr* attribute : NetlinkAttributes::inside(nest))
    take(attribute, found);
  return found;
}

Attributes<IPSET_ATTR_CMD_MAX + 1> top_level(const nlmsghdr* message) {
  Attributes<IPSET_ATTR_CMD_MAX + 1> found{};
  for (const nlattr* attribute : NetlinkAttributes::of(message, sizeof(nfgenmsg)))
    take(attribute, found);
  return found;
}

std::optional<std::uint8_t> byte_of(const nlattr* attribute) {
  if (attribute == nullptr || mnl_attr_get_payload_len(attribute) < 1) return std::nullopt;
  return mnl_attr_get_u8(attribute);
}

std::optional<std::uint32_t> big_endian_of(const nlattr* attribute) {
  if (attribute == nullptr || mnl_attr_get_payload_len(attribute) < 4) return std::nullopt;
  return ntohl(mnl_attr_get_u32(attribute));
}

std::optional<Address> address_of(const nlattr* nest) {
  if (nest == nullptr) return std::nullopt;
  for (const nlattr* attribute : NetlinkAttributes::inside(nest)) {
    const auto* data = static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute));
    const auto address = Address::from_bytes({data, mnl_attr_get_payload_len(attribute)});
    if (address) return *address;
  }
  return std::nullopt;
}

std::optional<IpsetVersions> versions(const nlmsghdr* message, int highest, int lowest) {
  const auto found = top_level(message);
  const auto high = byte_of(found[static_cast<std::size_t>(highest)]);
  if (!high) return std::nullopt;
  return IpsetVersions{byte_of(found[static_cast<std::size_t>(lowest)]).value_or(*high), *high};
}

}  // namespace

nlmsghdr* IpsetRequest::begin(std::uint8_t command, std::uint8_t protocol, std::string_view set, std::uint16_t flags) {
  assert(set.size() < IPSET_MAXNAMELEN);
  nlmsghdr* message = mnl_nlmsg_put_header(buffer_.data());
  message->nlmsg_type = static_cast<std::uint16_t>((NFNL_SUBSYS_IPSET << 8) | command);
  message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  message->nlmsg_seq = ++sequence_;
  auto* header = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
  header->nfgen_family = AF_INET;
  header->version = NFNETLINK_V0;
  header->res_id = 0;
  mnl_attr_put_u8(message, IPSET_ATTR_PROTOCOL, protocol);
  if (!set.empty()) mnl_attr_put_strz(message, IPSET_ATTR_SETNAME, std::string(set).c_str());
  return message;
}

const nlmsghdr* IpsetRequest::command(std::uint8_t command, std::uint8_t protocol, std::string_view set,
                                      std::uint16_t flags) {
  return begin(command, protocol, set, flags);
}

const nlmsghdr* IpsetRequest::type_query(std::uint8_t protocol, bool v4) {
  nlmsghdr* message = begin(IPSET_CMD_TYPE, protocol, {}, 0);
  mnl_attr_put_strz(message, IPSET_ATTR_TYPENAME, kType);
  mnl_attr_put_u8(message, IPSET_ATTR_FAMILY, family_of(v4));
  return message;
}

const nlmsghdr* IpsetRequest::create(std::uint8_t protocol, std::string_view set, const IpsetOptions& options,
                                     std::uint8_t revision) {
  nlmsghdr* message = begin(IPSET_CMD_CREATE, protocol, set, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  mnl_attr_put_strz(message, IPSET_ATTR_TYPENAME, kType);
  mnl_attr_put_u8(message, IPSET_ATTR_REVISION, revision);
  mnl_attr_put_u8(message, IPSET_ATTR_FAMILY, family_of(options.v4));
  nlattr* data = mnl_attr_nest_start(message, IPSET_ATTR_DATA);
  put_big_endian(message, IPSET_ATTR_HASHSIZE, options.hash_size);
  put_big_endian(message, IPSET_ATTR_MAXELEM, options.max_elements);
  // A default timeout of 0 makes a set whose elements may have timeouts, and have none unless they say so.
  put_big_endian(message, IPSET_ATTR_TIMEOUT, 0);
  mnl_attr_nest_end(message, data);
  return message;
}

const nlmsghdr* IpsetRequest::change(std::uint8_t protocol, std::string_view set, std::span<const IpsetOp> ops) {
  assert(!ops.empty() && ops.size() <= kMaxElements);
  // Without NLM_F_EXCL the kernel takes "is there already" and "is not there" for success (ipset's -exist).
  nlmsghdr* message = begin(ops[0].lift ? IPSET_CMD_DEL : IPSET_CMD_ADD, protocol, set, NLM_F_ACK);
  // The kernel wants a number of the whole message to write the failed element's number into.
  mnl_attr_put_u32(message, IPSET_ATTR_LINENO, 0);
  nlattr* all = mnl_attr_nest_start(message, IPSET_ATTR_ADT);
  std::uint32_t number = 0;
  for (const auto& op : ops) {
    nlattr* data = mnl_attr_nest_start(message, IPSET_ATTR_DATA);
    put_address(message, op.who);
    if (!op.lift) put_big_endian(message, IPSET_ATTR_TIMEOUT, op.timeout);
    mnl_attr_put_u32(message, IPSET_ATTR_CADT_LINENO, ++number);
    mnl_attr_nest_end(message, data);
  }
  mnl_attr_nest_end(message, all);
  assert(message->nlmsg_len <= kMaxMessage);
  return message;
}

const nlmsghdr* IpsetRequest::test(std::uint8_t protocol, std::string_view set, const Prefix& who) {
  nlmsghdr* message = begin(IPSET_CMD_TEST, protocol, set, NLM_F_ACK);
  nlattr* data = mnl_attr_nest_start(message, IPSET_ATTR_DATA);
  put_address(message, who);
  mnl_attr_nest_end(message, data);
  return message;
}

const nlmsghdr* IpsetRequest::list(std::uint8_t protocol, std::string_view set, bool header_only) {
  nlmsghdr* message = begin(IPSET_CMD_LIST, protocol, set, NLM_F_DUMP);
  if (header_only) put_big_endian(message, IPSET_ATTR_FLAGS, IPSET_FLAG_LIST_HEADER);
  return message;
}

IpsetAnswer read_ipset_answer(const nlmsghdr* message) {
  if (mnl_nlmsg_get_payload_len(message) < sizeof(nlmsgerr)) return {.code = EBADMSG};
  const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
  IpsetAnswer answer{.code = -error->error};
  // A failed batch comes back whole, with the number of the failed element in its LINENO.
  constexpr std::size_t kOffset = sizeof(nlmsgerr) + sizeof(nfgenmsg);
  if (answer.code == 0 || mnl_nlmsg_get_payload_len(message) < kOffset + MNL_ATTR_HDRLEN) return answer;
  for (const nlattr* attribute : NetlinkAttributes::of(message, kOffset)) {
    if (mnl_attr_get_type(attribute) != IPSET_ATTR_LINENO || mnl_attr_get_payload_len(attribute) < 4) continue;
    answer.element = mnl_attr_get_u32(attribute);
    break;
  }
  return answer;
}

std::optional<IpsetVersions> read_ipset_protocol(const nlmsghdr* message) {
  return versions(message, IPSET_ATTR_PROTOCOL, IPSET_ATTR_PROTOCOL_MIN);
}

std::optional<IpsetVersions> read_ipset_revisions(const nlmsghdr* message) {
  return versions(message, IPSET_ATTR_REVISION, IPSET_ATTR_REVISION_MIN);
}

std::optional<IpsetHeader> read_ipset_header(const nlmsghdr* message) {
  const auto found = top_level(message);
  const auto family = byte_of(found[IPSET_ATTR_FAMILY]);
  const nlattr* type = found[IPSET_ATTR_TYPENAME];
  if (!family || type == nullptr) return std::nullopt;
  const auto* text = static_cast<const char*>(mnl_attr_get_payload(type));
  return IpsetHeader{std::string(text, ::strnlen(text, mnl_attr_get_payload_len(type))), *family == AF_INET};
}

void read_ipset_elements(const nlmsghdr* message, std::vector<IpsetElement>& into) {
  const nlattr* all = top_level(message)[IPSET_ATTR_ADT];
  if (all == nullptr) return;
  for (const nlattr* one : NetlinkAttributes::inside(all)) {
    const auto data = nested<IPSET_ATTR_CADT_LINENO + 1>(one);
    const auto address = address_of(data[IPSET_ATTR_IP]);
    if (!address) continue;
    const unsigned length = byte_of(data[IPSET_ATTR_CIDR]).value_or(static_cast<std::uint8_t>(address->bits()));
    if (length > address->bits()) continue;
    into.push_back({Prefix(*address, length), big_endian_of(data[IPSET_ATTR_TIMEOUT]).value_or(0)});
  }
}

std::optional<std::uint32_t> read_ipset_count(const nlmsghdr* message) {
  const nlattr* data = top_level(message)[IPSET_ATTR_DATA];
  if (data == nullptr) return std::nullopt;
  return big_endian_of(nested<IPSET_ATTR_CREATE_MAX + 1>(data)[IPSET_ATTR_ELEMENTS]);
}

std::string ipset_error_text(int code) {
  switch (code) {
    case ENOENT:
      return "no such set";
    case EPERM:
      return "not permitted (CAP_NET_ADMIN is needed)";
    case IPSET_ERR_PROTOCOL:
      return "the kernel did not understand the request";
    case IPSET_ERR_FIND_TYPE:
      return "the kernel has no sets of type hash:net (module ip_set_hash_net)";
    case IPSET_ERR_MAX_SETS:
      return "the kernel can hold no more sets";
    case IPSET_ERR_BUSY:
      return "a rule still refers to the set";
    case IPSET_ERR_TYPE_MISMATCH:
      return "the set is of another type";
    case IPSET_ERR_EXIST:
      return "is there already, or is not there";
    case IPSET_ERR_INVALID_CIDR:
      return "the kernel refused the prefix length";
    case IPSET_ERR_INVALID_FAMILY:
      return "the kernel refused the address family";
    case IPSET_ERR_TIMEOUT:
      return "the set was made without timeouts";
    case IPSET_ERR_REFERENCED:
      return "something still refers to the set";
    case IPSET_ERR_IPADDR_IPV4:
    case IPSET_ERR_IPADDR_IPV6:
      return "an address of the other family";
    case kHashFull:
      return "the set is full";
    default:
      break;
  }
  if (code >= IPSET_ERR_PRIVATE) return "ipset error " + std::to_string(code);
  return std::strerror(code);
}

}  // namespace breakwater
