// SPDX-License-Identifier: Apache-2.0
// The kernel's own sets, in a network namespace.
#include "node/adapters/firewall/ipset_netlink.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netfilter/ipset/ip_set.h>

#include "tests/node/firewall/netns.h"

namespace breakwater {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

Prefix prefix(const std::string& text) {
  return Prefix::parse(text).value();
}

// 10.0.0.0 and up.
Prefix numbered(std::uint32_t i) {
  return Prefix(Address::v4(static_cast<std::uint8_t>(10 + (i >> 24)), static_cast<std::uint8_t>(i >> 16),
                            static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)));
}

class IpsetKernel : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = netns_unavailable(); !why.empty()) GTEST_SKIP() << why;
    space_.emplace();
    inside_.emplace(*space_);
    auto opened = IpsetNetlink::open();
    ASSERT_TRUE(opened) << opened.error().message();
    sets_.emplace(std::move(*opened));
    const auto made = sets_->create("t4", {.v4 = true, .max_elements = 1u << 20});
    ASSERT_TRUE(made) << made.error().message();
    ASSERT_TRUE(sets_->create("t6", {.v4 = false}));
  }

  std::optional<Netns> space_;
  std::optional<InNetns> inside_;
  std::optional<IpsetNetlink> sets_;
};

TEST_F(IpsetKernel, SpeaksAKnownProtocol) {
  EXPECT_GE(sets_->protocol(), 6);
  EXPECT_LE(sets_->protocol(), 7);
}

TEST_F(IpsetKernel, TheProgramIpsetReadsOurSets) {
  EXPECT_TRUE(
      sets_->apply("t4", std::vector<IpsetOp>{{prefix("203.0.113.0/24"), 600}, {prefix("203.0.113.7"), 0}}).empty());
  const auto out = run_in(*space_, "ipset list t4; ipset test t4 203.0.113.9 2>&1");
  EXPECT_THAT(out, HasSubstr("Type: hash:net"));
  EXPECT_THAT(out, HasSubstr("maxelem 1048576"));
  EXPECT_THAT(out, HasSubstr("203.0.113.7 timeout 0"));
  EXPECT_THAT(out, HasSubstr("203.0.113.0/24 timeout "));
  EXPECT_THAT(out, HasSubstr("is in set t4"));
}

TEST_F(IpsetKernel, ListsBothFamiliesWithTimeouts) {
  EXPECT_TRUE(
      sets_->apply("t6", std::vector<IpsetOp>{{prefix("2001:db8::/32"), 0}, {prefix("2001:db8::1"), 0}}).empty());
  const auto elements = sets_->list("t6");
  ASSERT_TRUE(elements);
  EXPECT_THAT(*elements,
              UnorderedElementsAre(IpsetElement{prefix("2001:db8::/32"), 0}, IpsetElement{prefix("2001:db8::1"), 0}));
}

TEST_F(IpsetKernel, TenThousandInOneBatchAndBack) {
  std::vector<IpsetOp> ops;
  for (std::uint32_t i = 0; i < 10'000; ++i)
    ops.push_back({numbered(i), 3600});
  EXPECT_TRUE(sets_->apply("t4", ops).empty());
  EXPECT_EQ(*sets_->count("t4"), 10'000u);
  EXPECT_EQ(sets_->list("t4")->size(), 10'000u);
  for (auto& op : ops)
    op.lift = true;
  EXPECT_TRUE(sets_->apply("t4", ops).empty());
  EXPECT_EQ(*sets_->count("t4"), 0u);
}

TEST_F(IpsetKernel, ABadElementLosesNoOther) {
  std::vector<IpsetOp> ops;
  for (std::uint32_t i = 0; i < 2'000; ++i)
    ops.push_back({numbered(i), 3600});
  for (const std::size_t bad : {std::size_t{0}, std::size_t{2}, std::size_t{3}, std::size_t{1'999}}) {
    ops[bad].who = prefix(bad == 3 ? "2001:db8::1" : "0.0.0.0/0");  // neither fits into this set
  }
  const auto failures = sets_->apply("t4", ops);
  ASSERT_EQ(failures.size(), 4u);
  EXPECT_EQ(failures[0].index, 0u);
  EXPECT_EQ(failures[1].index, 2u);
  EXPECT_EQ(failures[2].index, 3u);
  EXPECT_EQ(failures[3].index, 1'999u);
  EXPECT_EQ(*sets_->count("t4"), 1'996u);
}

TEST_F(IpsetKernel, AFullSetTakesWhatFitsAndSaysSo) {
  ASSERT_TRUE(sets_->create("small", {.v4 = true, .hash_size = 64, .max_elements = 100}));
  std::vector<IpsetOp> ops;
  for (std::uint32_t i = 0; i < 300; ++i)
    ops.push_back({numbered(i), 3600});
  const auto failures = sets_->apply("small", ops);
  EXPECT_EQ(failures.size(), 200u);
  ASSERT_FALSE(failures.empty());
  EXPECT_EQ(ipset_error_text(failures[0].code), "the set is full");
  EXPECT_EQ(*sets_->count("small"), 100u);
  EXPECT_TRUE(sets_->apply("small", std::vector<IpsetOp>{{numbered(0), 7200}}).empty()) << "those inside still change";
  EXPECT_TRUE(sets_->apply("small", std::vector<IpsetOp>{{numbered(1), 0, true}, {numbered(299), 60}}).empty());
}

TEST_F(IpsetKernel, AddingAndLiftingKeepTheirOrder) {
  EXPECT_TRUE(sets_
                  ->apply("t4", std::vector<IpsetOp>{{numbered(1), 60},
                                                     {numbered(1), 0, true},
                                                     {numbered(2), 0, true},
                                                     {numbered(2), 60},
                                                     {numbered(2), 0}})
                  .empty());
  EXPECT_THAT(*sets_->list("t4"), UnorderedElementsAre(IpsetElement{numbered(2), 0}));
}

TEST_F(IpsetKernel, ContainsIsTrueForAddressesInsideAPrefix) {
  EXPECT_TRUE(sets_->apply("t4", std::vector<IpsetOp>{{prefix("203.0.113.0/24"), 60}}).empty());
  EXPECT_TRUE(*sets_->contains("t4", prefix("203.0.113.200")));
  EXPECT_TRUE(*sets_->contains("t4", prefix("203.0.113.0/24")));
  EXPECT_FALSE(*sets_->contains("t4", prefix("198.51.100.1")));
  EXPECT_FALSE(*sets_->contains("absent", prefix("198.51.100.1")));
}

TEST_F(IpsetKernel, TellsAbsentSetsApart) {
  EXPECT_FALSE(sets_->header("absent")->has_value());
  ASSERT_TRUE(sets_->header("t6")->has_value());
  EXPECT_EQ((*sets_->header("t6"))->type, "hash:net");
  EXPECT_FALSE((*sets_->header("t6"))->v4);
  EXPECT_TRUE(sets_->destroy("absent"));
  EXPECT_TRUE(sets_->flush("absent"));
  EXPECT_FALSE(sets_->list("absent"));
  const auto failures = sets_->apply("absent", std::vector<IpsetOp>{{numbered(1), 60}, {numbered(2), 60}});
  ASSERT_EQ(failures.size(), 2u);
  EXPECT_EQ(failures[1].code, ENOENT);
  const auto again = sets_->create("t4", {.v4 = true});
  EXPECT_FALSE(again);
}

TEST_F(IpsetKernel, FlushAndDestroy) {
  EXPECT_TRUE(sets_->apply("t4", std::vector<IpsetOp>{{numbered(1), 60}}).empty());
  EXPECT_TRUE(sets_->flush("t4"));
  EXPECT_EQ(*sets_->count("t4"), 0u);
  EXPECT_TRUE(sets_->destroy("t4"));
  EXPECT_FALSE(sets_->header("t4")->has_value());
}

TEST_F(IpsetKernel, ASetInARuleCannotBeDestroyed) {
  run_in(*space_, "iptables -I INPUT -m set --match-set t4 src -j DROP");
  const auto destroyed = sets_->destroy("t4");
  ASSERT_FALSE(destroyed);
  EXPECT_THAT(destroyed.error().message(), HasSubstr("refers to the set"));
}

}  // namespace
}  // namespace breakwater
