// SPDX-License-Identifier: Apache-2.0
#include "common/base/address.h"

#include <random>
#include <set>
#include <unordered_set>

#include <gtest/gtest.h>

namespace breakwater {
namespace {

Address address(const char* text) {
  auto parsed = Address::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : Address();
}

Prefix prefix(const char* text) {
  auto parsed = Prefix::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : Prefix();
}

TEST(Address, ReadsAndWritesBothFamilies) {
  for (const char* text :
       {"0.0.0.0", "203.0.113.7", "255.255.255.255", "::", "::1", "2001:db8::7", "fe80::1", "2001:db8:1:2:3:4:5:6"}) {
    EXPECT_EQ(address(text).text(), text);
  }
  EXPECT_TRUE(address("203.0.113.7").is_v4());
  EXPECT_EQ(address("203.0.113.7").bits(), 32u);
  EXPECT_EQ(address("203.0.113.7").bytes().size(), 4u);
  EXPECT_TRUE(address("2001:db8::7").is_v6());
  EXPECT_EQ(address("2001:db8::7").bits(), 128u);
  EXPECT_EQ(address("2001:db8::7").bytes().size(), 16u);
}

TEST(Address, OneClientHasOneSpelling) {
  EXPECT_EQ(address("2001:DB8:0:0:0:0:0:7"), address("2001:db8::7"));
  EXPECT_EQ(address("2001:0db8::0007").text(), "2001:db8::7");
}

TEST(Address, MappedV4IsThatV4) {
  const Address plain = address("192.0.2.1");
  for (const char* text : {"::ffff:192.0.2.1", "::FFFF:192.0.2.1", "::ffff:c000:201", "0:0:0:0:0:ffff:c000:0201"}) {
    EXPECT_EQ(address(text), plain) << text;
    EXPECT_TRUE(address(text).is_v4()) << text;
  }
  // IPv4-compatible (deprecated) and NAT64 are IPv6 addresses of their own.
  EXPECT_TRUE(address("::192.0.2.1").is_v6());
  EXPECT_TRUE(address("64:ff9b::192.0.2.1").is_v6());
}

TEST(Address, RefusesWhatIsNoPlainAddress) {
  for (const char* text : {"",
                           " ",
                           "203.0.113.7 ",
                           " 203.0.113.7",
                           "203.0.113",
                           "1",
                           "203.0.113.7.9",
                           "203.0.113.256",
                           "203.0.113.-1",
                           "203.0.113.07",
                           "0x7f.0.0.1",
                           "203.0.113.7:80",
                           "[2001:db8::7]",
                           "[2001:db8::7]:80",
                           "fe80::1%eth0",
                           "fe80::1%1",
                           "2001:db8::7::1",
                           "2001:db8",
                           ":",
                           ":::",
                           "g::1",
                           "2001:db8::12345",
                           "203.0.113.7/32",
                           "localhost",
                           "example.org",
                           "1111:2222:3333:4444:5555:6666:7777:8888:9999",
                           "203.0.113.7\n",
                           "0000000000000000000000000000000000000000000000000000000000000000001"}) {
    EXPECT_FALSE(Address::parse(text)) << text;
  }
  EXPECT_FALSE(Address::parse(std::string_view("203.0.113.7\0", 12)));
  EXPECT_FALSE(Address::parse(std::string_view("203.0.113.7\0.example.org", 24)));
}

TEST(Address, ErrorsSayWhatWasReadWithoutRepeatingControlCharacters) {
  const auto parsed = Address::parse("\x1b[2J");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().message().find('\x1b'), std::string::npos);
  EXPECT_NE(parsed.error().message().find("\\x1b[2J"), std::string::npos);
}

TEST(Address, ComesFromBytes) {
  const std::uint8_t four[] = {203, 0, 113, 7};
  EXPECT_EQ(*Address::from_bytes(four), address("203.0.113.7"));
  std::array<std::uint8_t, 16> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 7};
  EXPECT_EQ(*Address::from_bytes(mapped), address("203.0.113.7"));
  mapped[9] = 1;
  EXPECT_TRUE(Address::from_bytes(mapped)->is_v6());
  for (const std::size_t wrong : {0u, 1u, 3u, 5u, 15u}) {
    EXPECT_FALSE(Address::from_bytes(std::span(mapped).first(wrong))) << wrong;
  }
  const std::array<std::uint8_t, 17> long_one{};
  EXPECT_FALSE(Address::from_bytes(long_one));
}

TEST(Address, TextIsReadBackAsTheSame) {
  std::mt19937 dice(7);
  for (int i = 0; i < 2000; ++i) {
    std::array<std::uint8_t, 16> bytes{};
    // Many zero bytes, so that :: appears at every place.
    for (auto& b : bytes)
      b = dice() % 3 == 0 ? static_cast<std::uint8_t>(dice()) : std::uint8_t{0};
    const auto made = *Address::from_bytes(std::span(bytes).first(i % 2 == 0 ? 16 : 4));
    EXPECT_EQ(address(made.text().c_str()), made);
  }
}

TEST(Address, MasksToAnyLength) {
  const Address v4 = address("255.255.255.255");
  EXPECT_EQ(v4.masked(0).text(), "0.0.0.0");
  EXPECT_EQ(v4.masked(1).text(), "128.0.0.0");
  EXPECT_EQ(v4.masked(8).text(), "255.0.0.0");
  EXPECT_EQ(v4.masked(23).text(), "255.255.254.0");
  EXPECT_EQ(v4.masked(31).text(), "255.255.255.254");
  EXPECT_EQ(v4.masked(32), v4);
  const Address v6 = address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
  EXPECT_EQ(v6.masked(0).text(), "::");
  EXPECT_EQ(v6.masked(33).text(), "ffff:ffff:8000::");
  EXPECT_EQ(v6.masked(127).text(), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe");
  EXPECT_EQ(v6.masked(128), v6);
}

TEST(Address, SortsV4First) {
  EXPECT_LT(address("255.255.255.255"), address("::"));
  EXPECT_LT(address("9.0.0.0"), address("10.0.0.0"));
  EXPECT_LT(address("2001:db8::1"), address("2001:db8::2"));
}

TEST(Address, TheSameBytesInTwoFamiliesAreTwoAddresses) {
  // 203.0.113.7 is cb00:7107; as IPv6 with those bytes in front it is somebody else.
  EXPECT_NE(address("203.0.113.7"), address("cb00:7107::"));
  const std::unordered_set<Address> both = {address("203.0.113.7"), address("cb00:7107::"), address("203.0.113.7")};
  EXPECT_EQ(both.size(), 2u);
}

TEST(Prefix, ReadsAndWrites) {
  EXPECT_EQ(prefix("203.0.113.7").text(), "203.0.113.7");
  EXPECT_EQ(prefix("203.0.113.7/32").text(), "203.0.113.7");
  EXPECT_EQ(prefix("203.0.113.0/24").text(), "203.0.113.0/24");
  EXPECT_EQ(prefix("0.0.0.0/0").text(), "0.0.0.0/0");
  EXPECT_EQ(prefix("2001:db8::/32").text(), "2001:db8::/32");
  EXPECT_EQ(prefix("2001:db8::7/128").text(), "2001:db8::7");
  EXPECT_EQ(prefix("::/0").text(), "::/0");
}

TEST(Prefix, ClearsHostBits) {
  EXPECT_EQ(prefix("203.0.113.7/24"), prefix("203.0.113.0/24"));
  EXPECT_EQ(prefix("2001:db8:ffff::1/32"), prefix("2001:db8::/32"));
  EXPECT_EQ(Prefix(address("203.0.113.255"), 31).text(), "203.0.113.254/31");
}

TEST(Prefix, MappedV4CountsItsLengthFromTheMappedPart) {
  EXPECT_EQ(prefix("::ffff:203.0.113.7/128"), prefix("203.0.113.7"));
  EXPECT_EQ(prefix("::ffff:203.0.113.0/120"), prefix("203.0.113.0/24"));
  EXPECT_EQ(prefix("::ffff:0:0/96"), prefix("0.0.0.0/0"));
  // Wider than the mapped part: neither an IPv4 range nor worth guessing at.
  EXPECT_FALSE(Prefix::parse("::ffff:203.0.113.7/32"));
  EXPECT_FALSE(Prefix::parse("::ffff:203.0.113.7/95"));
}

TEST(Prefix, RefusesBadLengths) {
  for (const char* text :
       {"203.0.113.0/", "203.0.113.0/33", "203.0.113.0/-1", "203.0.113.0/+8", "203.0.113.0/ 8", "203.0.113.0/8 ",
        "203.0.113.0/0x8", "203.0.113.0/8/8", "203.0.113.0/255.255.255.0", "203.0.113.0/99999999999999999999", "/8",
        "2001:db8::/129", "fe80::1%eth0/64", "2001:db8::/"}) {
    EXPECT_FALSE(Prefix::parse(text)) << text;
  }
}

TEST(Prefix, Contains) {
  EXPECT_TRUE(prefix("203.0.113.0/24").contains(address("203.0.113.255")));
  EXPECT_FALSE(prefix("203.0.113.0/24").contains(address("203.0.114.0")));
  EXPECT_TRUE(prefix("0.0.0.0/0").contains(address("198.51.100.1")));
  EXPECT_FALSE(prefix("0.0.0.0/0").contains(address("2001:db8::1")));
  EXPECT_FALSE(prefix("::/0").contains(address("198.51.100.1")));
  EXPECT_TRUE(prefix("203.0.113.0/24").contains(prefix("203.0.113.128/25")));
  EXPECT_FALSE(prefix("203.0.113.128/25").contains(prefix("203.0.113.0/24")));
  EXPECT_TRUE(prefix("203.0.113.128/25").overlaps(prefix("203.0.113.0/24")));
  EXPECT_FALSE(prefix("203.0.113.128/25").overlaps(prefix("203.0.113.0/25")));
}

TEST(Prefix, SortsJustBeforeTheAddressesInsideIt) {
  const std::set<Prefix> sorted = {prefix("203.0.113.0"), prefix("203.0.113.0/24"), prefix("203.0.112.255"),
                                   prefix("203.0.113.7"), prefix("203.0.114.0")};
  std::string order;
  for (const Prefix& p : sorted)
    order += p.text() + " ";
  EXPECT_EQ(order, "203.0.112.255 203.0.113.0/24 203.0.113.0 203.0.113.7 203.0.114.0 ");
}

}  // namespace
}  // namespace breakwater
