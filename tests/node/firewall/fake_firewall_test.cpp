// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/fake_firewall.h"

#include <gtest/gtest.h>

#include "tests/contracts/firewall_contract.h"

namespace breakwater {
namespace {

class FakeWorld {
 public:
  std::string unavailable() { return {}; }
  Firewall& firewall() { return firewall_; }
  void pass(Duration time) { firewall_.advance(time); }

 private:
  FakeFirewall firewall_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Fake, FirewallContract, FakeWorld);

TEST(KernelSeconds, RoundsUpAndClamps) {
  EXPECT_EQ(kernel_seconds(1ms), 1s);
  EXPECT_EQ(kernel_seconds(1000ms), 1s);
  EXPECT_EQ(kernel_seconds(1001ms), 2s);
  EXPECT_EQ(kernel_seconds(2147483s), 2147483s);
  EXPECT_EQ(kernel_seconds(2147483001ms), 2147483s);
  EXPECT_EQ(kernel_seconds(Duration::max()), 2147483s);
}

TEST(FakeFirewall, SaysOnceThatItsEntriesWereLost) {
  FakeFirewall firewall;
  ASSERT_TRUE(firewall.install());
  firewall.apply({{.who = Prefix::parse("203.0.113.7").value(), .remaining = 60s}});
  EXPECT_FALSE(firewall.heal()->entries_lost);
  firewall.flush();
  EXPECT_TRUE(firewall.heal()->entries_lost);
  EXPECT_FALSE(firewall.heal()->entries_lost);
}

TEST(FakeFirewall, AFullOneRefusesOnlyTheNew) {
  FakeFirewall firewall;
  firewall.set_capacity(1);
  const FirewallChange first{.who = Prefix::parse("203.0.113.7").value(), .remaining = 60s};
  const FirewallChange second{.who = Prefix::parse("203.0.113.8").value(), .remaining = 60s};
  const auto errors = firewall.apply({first, second, first});
  EXPECT_EQ(errors[0], "");
  EXPECT_EQ(errors[1], "the set is full");
  EXPECT_EQ(errors[2], "");
}

}  // namespace
}  // namespace breakwater
