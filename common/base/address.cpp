// SPDX-License-Identifier: Apache-2.0
#include "common/base/address.h"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>

#include "common/base/text.h"

namespace breakwater {

namespace {

constexpr std::array<std::uint8_t, 12> kMappedV4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};  // RFC 4291, 2.5.5.2

Error not_an_address(std::string_view text) {
  return Error("\"" + escaped(text, 64) + "\" is not an IP address (try 203.0.113.7 or 2001:db8::7)");
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN + 1] = {};
  if (text.empty() || text.size() >= sizeof buffer || text.find('\0') != std::string_view::npos) {
    return not_an_address(text);
  }
  std::copy(text.begin(), text.end(), buffer);
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET, buffer, bytes.data()) == 1) return from_bytes(std::span(bytes).first(4));
  if (inet_pton(AF_INET6, buffer, bytes.data()) == 1) return from_bytes(bytes);
  return not_an_address(text);
}

Result<Address> Address::from_bytes(std::span<const std::uint8_t> bytes) {
  if (bytes.size() == 16 && std::equal(kMappedV4.begin(), kMappedV4.end(), bytes.begin())) bytes = bytes.subspan(12);
  if (bytes.size() != 4 && bytes.size() != 16) return Error("an IP address has 4 or 16 bytes");
  Address address;
  address.v6_ = bytes.size() == 16;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

Address Address::v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  Address address;
  address.bytes_ = {a, b, c, d};
  return address;
}

std::string Address::text() const {
  char buffer[INET6_ADDRSTRLEN];
  inet_ntop(v6_ ? AF_INET6 : AF_INET, bytes_.data(), buffer, sizeof buffer);
  return buffer;
}

Address Address::masked(unsigned length) const {
  assert(length <= bits());
  Address result = *this;
  for (unsigned i = 0; i < bits() / 8; ++i) {
    const unsigned first = i * 8;
    if (first >= length) {
      result.bytes_[i] = 0;
    } else if (first + 8 > length) {
      result.bytes_[i] = static_cast<std::uint8_t>(result.bytes_[i] & (0xff00u >> (length - first)));
    }
  }
  return result;
}

Prefix::Prefix(const Address& address, unsigned length)
    : address_(address.masked(length)), length_(static_cast<std::uint8_t>(length)) {}

Result<Prefix> Prefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  auto address = Address::parse(text.substr(0, slash));
  if (!address) return address.error();
  if (slash == std::string_view::npos) return Prefix(*address);
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const bool mapped = address->is_v4() && text.find(':') != std::string_view::npos;
  const unsigned least = mapped ? kMappedV4.size() * 8 : 0;
  const unsigned most = least + address->bits();
  if (problem != std::errc{} || end != digits.data() + digits.size() || length < least || length > most) {
    return Error("\"" + escaped(text, 64) + "\" has no valid prefix length (" + std::to_string(least) + " to " +
                 std::to_string(most) + ")");
  }
  return Prefix(*address, length - least);
}

bool Prefix::contains(const Address& a) const {
  return a.is_v4() == address_.is_v4() && a.masked(length_) == address_;
}

bool Prefix::contains(const Prefix& p) const {
  return p.length_ >= length_ && contains(p.address_);
}

std::string Prefix::text() const {
  return is_single() ? address_.text() : address_.text() + "/" + std::to_string(length_);
}

}  // namespace breakwater
