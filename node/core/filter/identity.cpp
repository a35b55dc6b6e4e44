// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/identity.h"

#include <charconv>

namespace breakwater {

namespace {

constexpr std::size_t kLongestValue = 256;

std::optional<Address> strict(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  const auto address = Address::parse(text);
  return address ? std::optional<Address>(*address) : std::nullopt;
}

}  // namespace

void Identity::update(const IdentityView& newer) {
  const auto take = [](std::optional<std::string>& ours, const std::optional<std::string_view>& theirs) {
    if (theirs) ours = theirs->substr(0, kLongestValue);
  };
  take(fid, newer.fid);
  take(ip4, newer.ip4);
  take(ip6, newer.ip6);
  take(dns, newer.dns);
  take(cidr, newer.cidr);
}

std::optional<FoundAddress> address_of(const IdentityView& who) {
  const auto text = who.fid ? who.fid : who.host();
  if (!text) return std::nullopt;
  const auto address = strict(*text);
  if (!address) return std::nullopt;
  FoundAddress found{*address, std::nullopt};
  if (!who.cidr) return found;
  const std::string_view digits = *who.cidr;
  unsigned length = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (problem != std::errc{} || end != digits.data() + digits.size() || length > address->bits()) return std::nullopt;
  found.range = Prefix(*address, length);
  return found;
}

}  // namespace breakwater
