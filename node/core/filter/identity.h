// SPDX-License-Identifier: Apache-2.0
// Whom a match is about.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/address.h"

namespace breakwater {

// As the groups of the regex say it, not parsed yet. Views into the line.
struct IdentityView {
  std::optional<std::string_view> fid, ip4, ip6, dns, cidr;

  std::optional<std::string_view> host() const { return ip4 ? ip4 : ip6 ? ip6 : dns; }
  bool names_somebody() const { return fid || host(); }
};

// The same, kept beyond the line; each value is cut at 256 bytes.
struct Identity {
  std::optional<std::string> fid, ip4, ip6, dns, cidr;

  // Those that `newer` has replace ours.
  void update(const IdentityView& newer);
  IdentityView view() const { return {fid, ip4, ip6, dns, cidr}; }
};

struct FoundAddress {
  Address who;
  std::optional<Prefix> range;  // with a length in group cidr
};

// The id is fid if there is one, else the host; nullopt: that is no address.
std::optional<FoundAddress> address_of(const IdentityView& who);

}  // namespace breakwater
