// SPDX-License-Identifier: Apache-2.0
// What every Firewall promises (node/core/firewall.h). A world for it is a type with
//   std::string unavailable();        why the test cannot run here; empty if it can. Called first.
//   Firewall& firewall();
//   void pass(Duration);              that much time passes in its kernel
// and is made anew for each test.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "node/core/firewall.h"

namespace breakwater {

template <class World>
class FirewallContract : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = world_.unavailable(); !why.empty()) GTEST_SKIP() << why;
    const auto installed = firewall().install();
    ASSERT_TRUE(installed) << installed.error().message();
  }

  Firewall& firewall() { return world_.firewall(); }
  static Prefix prefix(const char* text) { return Prefix::parse(text).value(); }
  static FirewallChange ban(const char* who, std::optional<Duration> remaining) {
    return {.who = prefix(who), .remaining = remaining, .lift = false};
  }
  static FirewallChange lift(const char* who) { return {.who = prefix(who), .remaining = std::nullopt, .lift = true}; }

  void apply(std::vector<FirewallChange> changes) {
    const auto errors = firewall().apply(changes);
    ASSERT_EQ(errors.size(), changes.size());
    for (const auto& error : errors)
      EXPECT_EQ(error, "");
  }
  std::vector<FirewallEntry> list() {
    auto entries = firewall().list();
    EXPECT_TRUE(entries) << entries.error().message();
    return entries ? *entries : std::vector<FirewallEntry>();
  }
  std::optional<FirewallEntry> entry(const char* who) {
    for (const auto& one : list()) {
      if (one.who == prefix(who)) return one;
    }
    return std::nullopt;
  }
  // The kernel rounds down to seconds; the wire between us takes a moment.
  void expect_left(const char* who, Duration expected) {
    const auto found = entry(who);
    ASSERT_TRUE(found) << who;
    ASSERT_TRUE(found->remaining) << who << " has no end";
    EXPECT_LE(*found->remaining, std::chrono::ceil<std::chrono::seconds>(expected) + std::chrono::seconds(1)) << who;
    EXPECT_GE(*found->remaining, expected - std::chrono::seconds(10)) << who;
  }

  World world_;
};

TYPED_TEST_SUITE_P(FirewallContract);

using namespace std::chrono_literals;

TYPED_TEST_P(FirewallContract, HoldsABanUntilItsEnd) {
  this->apply({this->ban("203.0.113.7", 600s), this->ban("2001:db8::7", 1200s)});
  EXPECT_EQ(this->list().size(), 2u);
  this->expect_left("203.0.113.7", 600s);
  this->expect_left("2001:db8::7", 1200s);
}

TYPED_TEST_P(FirewallContract, ABanWithoutEndHasNoEnd) {
  this->apply({this->ban("203.0.113.7", std::nullopt), this->ban("2001:db8::/64", std::nullopt)});
  for (const char* who : {"203.0.113.7", "2001:db8::/64"}) {
    const auto found = this->entry(who);
    ASSERT_TRUE(found) << who;
    EXPECT_FALSE(found->remaining) << who;
  }
}

TYPED_TEST_P(FirewallContract, BanningAgainSetsTheNewEnd) {
  this->apply({this->ban("203.0.113.7", 600s), this->ban("203.0.113.8", 600s), this->ban("203.0.113.9", 600s)});
  this->apply({this->ban("203.0.113.7", 7200s), this->ban("203.0.113.8", 60s), this->ban("203.0.113.9", std::nullopt)});
  EXPECT_EQ(this->list().size(), 3u);
  this->expect_left("203.0.113.7", 7200s);
  this->expect_left("203.0.113.8", 60s);
  ASSERT_TRUE(this->entry("203.0.113.9"));
  EXPECT_FALSE(this->entry("203.0.113.9")->remaining);
}

TYPED_TEST_P(FirewallContract, LiftingTakesOutJustThatOne) {
  this->apply({this->ban("203.0.113.7", 600s), this->ban("203.0.113.8", 600s)});
  this->apply({this->lift("203.0.113.7")});
  EXPECT_FALSE(this->entry("203.0.113.7"));
  EXPECT_TRUE(this->entry("203.0.113.8"));
}

TYPED_TEST_P(FirewallContract, LiftingWhatIsAbsentSucceeds) {
  this->apply({this->lift("203.0.113.7"), this->lift("2001:db8::7")});
  EXPECT_TRUE(this->list().empty());
}

TYPED_TEST_P(FirewallContract, ALongBanIsClampedToWhatTheKernelHolds) {
  this->apply({this->ban("203.0.113.7", std::chrono::hours(24 * 365)), this->ban("203.0.113.8", Duration::max())});
  this->expect_left("203.0.113.7", kLongestKernelBan);
  this->expect_left("203.0.113.8", kLongestKernelBan);
}

TYPED_TEST_P(FirewallContract, ABanThatIsOverIsALift) {
  this->apply({this->ban("203.0.113.7", 600s), this->ban("203.0.113.8", 600s)});
  this->apply({this->ban("203.0.113.7", 0s), this->ban("203.0.113.8", -5s), this->ban("203.0.113.9", 0s)});
  EXPECT_TRUE(this->list().empty());
}

TYPED_TEST_P(FirewallContract, EverybodyIsRefusedAndTheOthersAreDone) {
  const auto errors =
      this->firewall().apply({this->ban("203.0.113.7", 600s), this->ban("0.0.0.0/0", 600s),
                              this->ban("2001:db8::7", 600s), this->ban("::/0", 600s), this->ban("203.0.113.8", 600s)});
  ASSERT_EQ(errors.size(), 5u);
  EXPECT_EQ(errors[0], "");
  EXPECT_NE(errors[1], "");
  EXPECT_EQ(errors[2], "");
  EXPECT_NE(errors[3], "");
  EXPECT_EQ(errors[4], "");
  EXPECT_EQ(this->list().size(), 3u);
}

TYPED_TEST_P(FirewallContract, AddressesAndPrefixesStandSideBySide) {
  this->apply({this->ban("203.0.113.0/24", 600s), this->ban("203.0.113.7", 60s), this->ban("2001:db8::/32", 600s),
               this->ban("2001:db8::7", 60s), this->ban("198.51.100.128/25", 600s), this->ban("128.0.0.0/1", 600s)});
  EXPECT_EQ(this->list().size(), 6u);
  this->apply({this->lift("203.0.113.0/24"), this->lift("128.0.0.0/1")});
  EXPECT_FALSE(this->entry("203.0.113.0/24"));
  this->expect_left("203.0.113.7", 60s);
  this->expect_left("2001:db8::/32", 600s);
}

TYPED_TEST_P(FirewallContract, NeighboursKeepTheirOwnEnds) {
  this->apply({this->ban("203.0.113.0/25", 600s), this->ban("203.0.113.128/25", 7200s)});
  this->expect_left("203.0.113.0/25", 600s);
  this->expect_left("203.0.113.128/25", 7200s);
}

TYPED_TEST_P(FirewallContract, TheLastChangeOfABatchWins) {
  this->apply({this->ban("203.0.113.7", 600s), this->lift("203.0.113.7"), this->ban("203.0.113.8", 600s),
               this->ban("203.0.113.8", 7200s), this->lift("203.0.113.9"), this->ban("203.0.113.9", 60s)});
  EXPECT_FALSE(this->entry("203.0.113.7"));
  this->expect_left("203.0.113.8", 7200s);
  this->expect_left("203.0.113.9", 60s);
}

TYPED_TEST_P(FirewallContract, InstallingAgainKeepsTheBans) {
  this->apply({this->ban("203.0.113.7", 600s), this->ban("2001:db8::7", std::nullopt)});
  ASSERT_TRUE(this->firewall().install());
  EXPECT_EQ(this->list().size(), 2u);
}

TYPED_TEST_P(FirewallContract, ABanEndsByItself) {
  this->apply({this->ban("203.0.113.7", 300ms), this->ban("203.0.113.8", 600s)});
  EXPECT_TRUE(this->entry("203.0.113.7")) << "a part of a second counts as one";
  this->world_.pass(1s);
  EXPECT_FALSE(this->entry("203.0.113.7"));
  EXPECT_TRUE(this->entry("203.0.113.8"));
}

TYPED_TEST_P(FirewallContract, SoundAfterInstall) {
  const auto health = this->firewall().heal();
  ASSERT_TRUE(health) << health.error().message();
  EXPECT_TRUE(health->enforcing) << health->problem;
  EXPECT_FALSE(health->places.empty());
  EXPECT_EQ(health->repairs, 0u);
  EXPECT_EQ(health->contended, 0u);
  EXPECT_FALSE(health->entries_lost);
  EXPECT_EQ(health->problem, "");
}

TYPED_TEST_P(FirewallContract, NothingIsLeftAfterRemove) {
  this->apply({this->ban("203.0.113.7", 600s), this->ban("2001:db8::7", 600s)});
  ASSERT_TRUE(this->firewall().remove());
  ASSERT_TRUE(this->firewall().install());
  EXPECT_TRUE(this->list().empty());
}

TYPED_TEST_P(FirewallContract, NoChangesAreFine) {
  this->apply({});
}

REGISTER_TYPED_TEST_SUITE_P(FirewallContract, HoldsABanUntilItsEnd, ABanWithoutEndHasNoEnd, BanningAgainSetsTheNewEnd,
                            LiftingTakesOutJustThatOne, LiftingWhatIsAbsentSucceeds,
                            ALongBanIsClampedToWhatTheKernelHolds, ABanThatIsOverIsALift,
                            EverybodyIsRefusedAndTheOthersAreDone, AddressesAndPrefixesStandSideBySide,
                            NeighboursKeepTheirOwnEnds, TheLastChangeOfABatchWins, InstallingAgainKeepsTheBans,
                            ABanEndsByItself, SoundAfterInstall, NothingIsLeftAfterRemove, NoChangesAreFine);

}  // namespace breakwater
