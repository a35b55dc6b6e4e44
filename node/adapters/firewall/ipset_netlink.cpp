// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/ipset_netlink.h"

#include <algorithm>

#include <libmnl/libmnl.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace breakwater {
namespace {

// A failed batch is sent back whole.
constexpr std::size_t kReplySize = IpsetRequest::kMaxMessage + 4096;
// Newer revisions of hash:net add features that we do not use and that older `ipset` programs cannot print.
constexpr std::uint8_t kNewestRevision = 6;

Error refusal(std::string_view set, int code) {
  return Error(ipset_error_text(code)).within("set " + std::string(set));
}

}  // namespace

void IpsetNetlink::Close::operator()(mnl_socket* socket) const {
  mnl_socket_close(socket);
}

IpsetNetlink::IpsetNetlink(mnl_socket* socket) : socket_(socket), reply_(kReplySize) {}
IpsetNetlink::IpsetNetlink(IpsetNetlink&&) noexcept = default;
IpsetNetlink& IpsetNetlink::operator=(IpsetNetlink&&) noexcept = default;
IpsetNetlink::~IpsetNetlink() = default;

Result<IpsetNetlink> IpsetNetlink::open() {
  mnl_socket* socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
  if (socket == nullptr) return system_error("opening a netfilter netlink socket");
  IpsetNetlink netlink(socket);
  if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) return system_error("binding a netfilter netlink socket");
  // The kernel answers before send() returns; the limit is for what nobody foresaw.
  const timeval limit{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (const auto agreed = netlink.negotiate(); !agreed) return agreed.error();
  return netlink;
}

Result<void> IpsetNetlink::negotiate() {
  std::optional<IpsetVersions> kernel;
  const auto answer = ask(request_.command(IPSET_CMD_PROTOCOL, IPSET_PROTOCOL, {}, 0),
                          [&](const nlmsghdr* message) { kernel = read_ipset_protocol(message); });
  if (!answer) return answer.error().within("asking the kernel for ipset");
  if (answer->code == EPERM) return Error("ipset: " + ipset_error_text(EPERM));
  if (answer->code != 0 || !kernel) {
    return Error("the kernel has no ipset (module ip_set): " + ipset_error_text(answer->code));
  }
  if (kernel->lowest > IPSET_PROTOCOL || kernel->highest < IPSET_PROTOCOL_MIN) {
    return Error("the kernel speaks ipset protocol " + std::to_string(kernel->lowest) + " to " +
                 std::to_string(kernel->highest) + ", this program 6 to 7");
  }
  protocol_ = std::min<std::uint8_t>(kernel->highest, IPSET_PROTOCOL);
  return {};
}

// Sends one request and reads to its end: an acknowledgement, the end of a dump, or the one reply to a question.
Result<IpsetAnswer> IpsetNetlink::ask(const nlmsghdr* request, const Reader& reader) {
  if (mnl_socket_sendto(socket_.get(), request, request->nlmsg_len) < 0) return system_error("writing to netlink");
  for (;;) {
    const ssize_t got = mnl_socket_recvfrom(socket_.get(), reply_.data(), reply_.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("reading from netlink");
    int left = static_cast<int>(got);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(reply_.data()); mnl_nlmsg_ok(message, left);
         message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_seq != request->nlmsg_seq) continue;  // left over from a request that was given up
      if (message->nlmsg_type == NLMSG_ERROR) return read_ipset_answer(message);
      if (message->nlmsg_type == NLMSG_DONE) return IpsetAnswer{};
      if (reader) reader(message);
      const bool more = (message->nlmsg_flags & NLM_F_MULTI) != 0 || (request->nlmsg_flags & NLM_F_ACK) != 0;
      if (!more) return IpsetAnswer{};
    }
  }
}

Result<void> IpsetNetlink::order(const nlmsghdr* request, std::string_view set, bool absent_is_success) {
  const auto answer = ask(request);
  if (!answer) return answer.error().within("set " + std::string(set));
  if (answer->code == 0 || (absent_is_success && answer->code == ENOENT)) return {};
  return refusal(set, answer->code);
}

Result<void> IpsetNetlink::create(std::string_view set, const IpsetOptions& options) {
  std::optional<IpsetVersions> revisions;
  const auto answer = ask(request_.type_query(protocol_, options.v4),
                          [&](const nlmsghdr* message) { revisions = read_ipset_revisions(message); });
  if (!answer) return answer.error();
  if (answer->code != 0 || !revisions) return refusal(set, answer->code == 0 ? IPSET_ERR_FIND_TYPE : answer->code);
  const auto revision = std::max(revisions->lowest, std::min(revisions->highest, kNewestRevision));
  return order(request_.create(protocol_, set, options, revision), set, false);
}

Result<void> IpsetNetlink::destroy(std::string_view set) {
  return order(request_.command(IPSET_CMD_DESTROY, protocol_, set, NLM_F_ACK), set, true);
}

Result<void> IpsetNetlink::flush(std::string_view set) {
  return order(request_.command(IPSET_CMD_FLUSH, protocol_, set, NLM_F_ACK), set, true);
}

Result<std::optional<IpsetHeader>> IpsetNetlink::header(std::string_view set) {
  std::optional<IpsetHeader> found;
  const auto answer = ask(request_.command(IPSET_CMD_HEADER, protocol_, set, 0),
                          [&](const nlmsghdr* message) { found = read_ipset_header(message); });
  if (!answer) return answer.error();
  if (answer->code == ENOENT) return std::optional<IpsetHeader>();
  if (answer->code != 0 || !found) return refusal(set, answer->code);
  return found;
}

Result<std::uint32_t> IpsetNetlink::count(std::string_view set) {
  std::optional<std::uint32_t> count;
  const auto answer = ask(request_.list(protocol_, set, true), [&](const nlmsghdr* message) {
    if (const auto n = read_ipset_count(message)) count = n;
  });
  if (!answer) return answer.error();
  if (answer->code != 0) return refusal(set, answer->code);
  if (!count) return Error("the kernel does not tell its element count").within("set " + std::string(set));
  return *count;
}

Result<bool> IpsetNetlink::contains(std::string_view set, const Prefix& who) {
  const auto answer = ask(request_.test(protocol_, set, who));
  if (!answer) return answer.error();
  if (answer->code == 0) return true;
  if (answer->code == IPSET_ERR_EXIST || answer->code == ENOENT) return false;
  return refusal(set, answer->code);
}

Result<std::vector<IpsetElement>> IpsetNetlink::list(std::string_view set) {
  std::vector<IpsetElement> elements;
  const auto answer = ask(request_.list(protocol_, set, false),
                          [&](const nlmsghdr* message) { read_ipset_elements(message, elements); });
  if (!answer) return answer.error();
  if (answer->code != 0) return refusal(set, answer->code);
  return elements;
}

std::size_t IpsetNetlink::apply_run(std::string_view set, std::span<const IpsetOp> run, std::size_t first,
                                    std::vector<IpsetFailure>& failures) {
  const auto answer = ask(request_.change(protocol_, set, run));
  if (answer && answer->code == 0) return run.size();
  if (answer && answer->element >= 1 && answer->element <= run.size()) {
    // Those before it are in; go on behind it.
    failures.push_back({first + answer->element - 1, answer->code});
    return answer->element;
  }
  for (std::size_t i = 0; i < run.size(); ++i)
    failures.push_back({first + i, answer ? answer->code : EIO});
  return run.size();
}

std::vector<IpsetFailure> IpsetNetlink::apply(std::string_view set, std::span<const IpsetOp> ops) {
  std::vector<IpsetFailure> failures;
  std::size_t at = 0;
  // A failed message comes back whole: many failures (a full set) in long messages would cost their product.
  std::size_t batch = IpsetRequest::kMaxElements;
  while (at < ops.size()) {
    const bool lift = ops[at].lift;
    const std::size_t limit = std::min(ops.size() - at, batch);
    std::size_t length = 1;
    while (length < limit && ops[at + length].lift == lift)
      ++length;
    const std::size_t failed = failures.size();
    at += apply_run(set, ops.subspan(at, length), at, failures);
    batch = failures.size() > failed ? std::max<std::size_t>(batch / 2, 8)
                                     : std::min(batch * 2, IpsetRequest::kMaxElements);
  }
  return failures;
}

}  // namespace breakwater
