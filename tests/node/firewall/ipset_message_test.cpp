// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/ipset_message.h"

#include <cstring>

#include <gtest/gtest.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>

#include "common/base/text.h"

namespace breakwater {
namespace {

std::vector<IpsetOp> ops(std::size_t count, bool v4) {
  std::vector<IpsetOp> all;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back({Prefix::parse(v4 ? "203.0.113.7" : "2001:db8::7").value(), 600, false});
  }
  return all;
}

TEST(IpsetRequest, OneElementByteForByte) {
  IpsetRequest request;
  const auto* message = request.change(6, "bw", ops(1, true));
  // struct nfgenmsg, PROTOCOL, SETNAME, LINENO, ADT{DATA{IP{IPV4}, CIDR, TIMEOUT, LINENO}}; host order is little-endian
  const std::string bytes(reinterpret_cast<const char*>(message) + sizeof(nlmsghdr),
                          message->nlmsg_len - sizeof(nlmsghdr));
  EXPECT_EQ(to_hex(bytes),
            "02000000"
            "0500010006000000"
            "0700020062770000"
            "0800090000000000"
            "2c000880"
            "28000780"
            "0c000180"
            "08000140"
            "cb007107"
            "0500030020000000"
            "0800064000000258"
            "0800090001000000");
  EXPECT_EQ(message->nlmsg_type, (NFNL_SUBSYS_IPSET << 8) | IPSET_CMD_ADD);
  EXPECT_EQ(message->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK) << "no NLM_F_EXCL: an element that is there is no error";
}

TEST(IpsetRequest, TheLargestBatchFits) {
  IpsetRequest request;
  for (const bool v4 : {true, false}) {
    const auto* message = request.change(7, std::string(31, 'x'), ops(IpsetRequest::kMaxElements, v4));
    EXPECT_LE(message->nlmsg_len, IpsetRequest::kMaxMessage);
  }
}

TEST(ReadIpsetAnswer, NamesTheFailedElement) {
  IpsetRequest request;
  const auto* sent = request.change(6, "bw", ops(3, true));
  // As the kernel builds it: the error, and the request with the number in its LINENO.
  std::vector<char> buffer(sizeof(nlmsghdr) + sizeof(int) + sent->nlmsg_len);
  auto* reply = reinterpret_cast<nlmsghdr*>(buffer.data());
  reply->nlmsg_len = static_cast<std::uint32_t>(buffer.size());
  reply->nlmsg_type = NLMSG_ERROR;
  auto* error = reinterpret_cast<nlmsgerr*>(buffer.data() + sizeof(nlmsghdr));
  error->error = -IPSET_ERR_TYPE_SPECIFIC;
  std::memcpy(&error->msg, sent, sent->nlmsg_len);
  const std::uint32_t failed = 2;
  std::memcpy(buffer.data() + sizeof(nlmsghdr) + sizeof(nlmsgerr) + 4 + 8 + 8 + 4, &failed, sizeof failed);
  const auto answer = read_ipset_answer(reply);
  EXPECT_EQ(answer.code, IPSET_ERR_TYPE_SPECIFIC);
  EXPECT_EQ(answer.element, 2u);
  EXPECT_EQ(ipset_error_text(answer.code), "the set is full");
}

TEST(ReadIpsetAnswer, ShortMessagesAreNoCrash) {
  std::vector<char> buffer(64);
  auto* reply = reinterpret_cast<nlmsghdr*>(buffer.data());
  for (std::uint32_t length = sizeof(nlmsghdr); length <= buffer.size(); ++length) {
    reply->nlmsg_len = length;
    reply->nlmsg_type = NLMSG_ERROR;
    read_ipset_answer(reply);
    read_ipset_protocol(reply);
    read_ipset_header(reply);
    std::vector<IpsetElement> elements;
    read_ipset_elements(reply, elements);
    EXPECT_TRUE(elements.empty());
    EXPECT_FALSE(read_ipset_count(reply));
  }
}

TEST(IpsetErrorText, SaysWhatToDo) {
  EXPECT_NE(ipset_error_text(EPERM).find("CAP_NET_ADMIN"), std::string::npos);
  EXPECT_NE(ipset_error_text(IPSET_ERR_FIND_TYPE).find("ip_set_hash_net"), std::string::npos);
  EXPECT_EQ(ipset_error_text(4999), "ipset error 4999");
}

}  // namespace
}  // namespace breakwater
