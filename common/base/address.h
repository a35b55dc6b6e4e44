// SPDX-License-Identifier: Apache-2.0
// IP addresses and prefixes as values.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace breakwater {

// One IPv4 or IPv6 address. An IPv4-mapped IPv6 address (::ffff:192.0.2.1, what a dual-stack socket reports) *is* the
// IPv4 address: parse() and from_bytes() normalise it, so that the same client cannot have two identities.
class Address {
 public:
  Address() = default;  // 0.0.0.0

  // Strict (inet_pton): no port, brackets, zone id, leading zeros or short forms such as "1".
  static Result<Address> parse(std::string_view text);
  // 4 or 16 bytes in network order; anything else is an error.
  static Result<Address> from_bytes(std::span<const std::uint8_t> bytes);
  static Address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);

  bool is_v4() const { return !v6_; }
  bool is_v6() const { return v6_; }
  unsigned bits() const { return v6_ ? 128 : 32; }
  // Network order; 4 bytes for IPv4, 16 for IPv6. Valid as long as this object.
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), v6_ ? std::size_t{16} : std::size_t{4}}; }
  std::string text() const;

  // This address with all but its first `length` bits cleared. length <= bits().
  Address masked(unsigned length) const;

  auto operator<=>(const Address&) const = default;

 private:
  bool v6_ = false;                       // first: IPv4 sorts before IPv6
  std::array<std::uint8_t, 16> bytes_{};  // IPv4 in the first four, the rest zero
};

// An address range: base and length in bits, e.g. 203.0.113.0/24. Host bits are always zero.
class Prefix {
 public:
  Prefix() = default;  // 0.0.0.0/32
  // The single address.
  Prefix(const Address& address) : address_(address), length_(static_cast<std::uint8_t>(address.bits())) {}  // NOLINT
  // length > address.bits() is our own bug: asserted. Host bits are cleared.
  Prefix(const Address& address, unsigned length);

  // "203.0.113.7", "203.0.113.0/24", "2001:db8::/32"; host bits set are cleared, as fail2ban does. The length of an
  // IPv4-mapped range counts IPv6 bits: "::ffff:203.0.113.0/120" is 203.0.113.0/24, and below /96 there is no IPv4
  // range.
  static Result<Prefix> parse(std::string_view text);

  const Address& address() const { return address_; }
  unsigned length() const { return length_; }
  bool is_v4() const { return address_.is_v4(); }
  bool is_single() const { return length_ == address_.bits(); }

  bool contains(const Address& a) const;
  bool contains(const Prefix& p) const;
  bool overlaps(const Prefix& p) const { return contains(p) || p.contains(*this); }

  // Without "/32" or "/128" for a single address.
  std::string text() const;

  auto operator<=>(const Prefix&) const = default;  // a range sorts just before the addresses inside it

 private:
  Address address_;
  std::uint8_t length_ = 32;
};

}  // namespace breakwater

template <>
struct std::hash<breakwater::Address> {
  std::size_t operator()(const breakwater::Address& a) const noexcept {
    const auto bytes = a.bytes();
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
};

template <>
struct std::hash<breakwater::Prefix> {
  std::size_t operator()(const breakwater::Prefix& p) const noexcept {
    return std::hash<breakwater::Address>{}(p.address()) * 131 + p.length();
  }
};
