// SPDX-License-Identifier: Apache-2.0
// What every NodeStore must do. A fixture derives from NodeStoreContract<Maker>; Maker::make() opens the store again on
// the same content, as after a restart.
#pragma once

#include <algorithm>
#include <memory>

#include <gtest/gtest.h>

#include "node/core/node_store.h"

namespace breakwater {

inline SpoolRecord spool_record(std::uint64_t nseq, bool local = false) {
  wire::Offence offence;
  offence.nseq = nseq;
  offence.at = from_unix_ms(1'790'000'000'000 + static_cast<std::int64_t>(nseq));
  offence.who = Address::v4(203, 0, 113, static_cast<std::uint8_t>(nseq % 250));
  offence.jail = "sshd";
  offence.container = "web";
  offence.image = "nginx:1";
  offence.sample = "line " + std::to_string(nseq);
  return {offence, local};
}

inline StoredBan stored_ban(const char* who, bool by_hub, std::int64_t until = 1'900'000'000'000) {
  return {Prefix::parse(who).value(), wire::DecisionOp::ban, from_unix_ms(until), from_unix_ms(5), by_hub, "sshd"};
}

template <class Maker>
class NodeStoreContract : public ::testing::Test {
 protected:
  Maker maker_;
};
TYPED_TEST_SUITE_P(NodeStoreContract);

TYPED_TEST_P(NodeStoreContract, StartsEmptyWithASpoolName) {
  auto store = this->maker_.make();
  const StoredNodeState state = store->load().value();
  EXPECT_EQ(state.spool.size(), 16u);
  EXPECT_EQ(state.last_nseq, 0u);
  EXPECT_TRUE(state.bans.empty());
}

TYPED_TEST_P(NodeStoreContract, RemembersOverARestart) {
  NodeChanges changes;
  changes.offences = {spool_record(1), spool_record(2, true), spool_record(3)};
  changes.bans = {stored_ban("203.0.113.7", true), stored_ban("203.0.113.7", false, 1'800'000'000'000),
                  stored_ban("2001:db8::/64", true, to_unix_ms(kForever))};
  changes.positions = {{"docker:abc", {10, 20, 30, 64}}};
  changes.applied = {{7, 42}};
  changes.acked = 1;
  std::string spool;
  {
    auto store = this->maker_.make();
    spool = store->load().value().spool;
    ASSERT_TRUE(store->save(changes));
  }
  auto store = this->maker_.make();
  const StoredNodeState state = store->load().value();
  EXPECT_EQ(state.spool, spool);
  EXPECT_EQ(state.last_nseq, 3u);
  EXPECT_EQ(state.acked, 1u);
  EXPECT_EQ(state.epoch, 7u);
  EXPECT_EQ(state.applied, 42u);
  EXPECT_EQ(state.bans.size(), 3u);
  for (const StoredBan& ban : changes.bans) {
    EXPECT_NE(std::find(state.bans.begin(), state.bans.end(), ban), state.bans.end()) << ban.who.text();
  }
  EXPECT_EQ(state.positions, changes.positions);
  EXPECT_EQ(state.recent, changes.offences);
  // Local ones are never sent.
  const auto spooled = store->spooled(1, 10).value();
  ASSERT_EQ(spooled.size(), 1u);
  EXPECT_EQ(spooled[0], spool_record(3).offence);
}

TYPED_TEST_P(NodeStoreContract, ForgetsBeforeItRemembers) {
  auto store = this->maker_.make();
  NodeChanges first;
  first.bans = {stored_ban("203.0.113.1", true), stored_ban("203.0.113.2", true), stored_ban("203.0.113.2", false)};
  ASSERT_TRUE(store->save(first));
  NodeChanges second;
  second.forget_bans = {{Prefix::parse("203.0.113.1").value(), wire::DecisionOp::ban, true}};
  second.bans = {stored_ban("203.0.113.1", true, 1'950'000'000'000)};
  ASSERT_TRUE(store->save(second));
  EXPECT_EQ(store->load().value().bans.size(), 3u);
  NodeChanges snapshot;
  snapshot.forget_hub_bans = true;
  snapshot.bans = {stored_ban("203.0.113.9", true)};
  ASSERT_TRUE(store->save(snapshot));
  const auto bans = store->load().value().bans;
  ASSERT_EQ(bans.size(), 2u);
  for (const StoredBan& ban : bans)
    EXPECT_EQ(ban.by_hub, ban.who.text() == "203.0.113.9");
}

TYPED_TEST_P(NodeStoreContract, ANewSpoolStartsEmpty) {
  auto store = this->maker_.make();
  NodeChanges changes;
  changes.offences = {spool_record(1), spool_record(2)};
  ASSERT_TRUE(store->save(changes));
  NodeChanges fresh;
  fresh.new_spool = std::string(16, 'n');
  fresh.offences = {spool_record(1)};
  ASSERT_TRUE(store->save(fresh));
  const StoredNodeState state = store->load().value();
  EXPECT_EQ(state.spool, std::string(16, 'n'));
  EXPECT_EQ(state.last_nseq, 1u);
  EXPECT_EQ(state.acked, 0u);
  EXPECT_EQ(store->spooled(0, 10).value().size(), 1u);
}

TYPED_TEST_P(NodeStoreContract, ReadsTheSpoolInOrderAndInPieces) {
  auto store = this->maker_.make();
  NodeChanges changes;
  for (std::uint64_t i = 1; i <= 50; ++i)
    changes.offences.push_back(spool_record(i));
  ASSERT_TRUE(store->save(changes));
  const auto piece = store->spooled(10, 20).value();
  ASSERT_EQ(piece.size(), 20u);
  EXPECT_EQ(piece.front().nseq, 11u);
  EXPECT_EQ(piece.back().nseq, 30u);
}

TYPED_TEST_P(NodeStoreContract, AddsUpHowOftenAnAddressWasBanned) {
  const Address a = Address::v4(203, 0, 113, 7), b = Address::parse("2001:db8::7").value();
  const auto at = [](int second) { return from_unix_ms(1'790'000'000'000 + second * 1000); };
  {
    auto store = this->maker_.make();
    NodeChanges first, second;
    first.ban_counts = {{"sshd", a, 1, at(1)}, {"web", a, 1, at(2)}, {"sshd", b, 1, at(3)}};
    second.ban_counts = {{"sshd", a, 1, at(4)}, {"sshd", a, 1, at(5)}};
    EXPECT_FALSE(first.empty());
    ASSERT_TRUE(store->save(first));
    ASSERT_TRUE(store->save(second));
  }
  auto store = this->maker_.make();
  const std::vector<StoredBanCount> expected = {{"web", a, 1, at(2)}, {"sshd", b, 1, at(3)}, {"sshd", a, 3, at(5)}};
  EXPECT_EQ(expected, store->load().value().ban_counts);
}

REGISTER_TYPED_TEST_SUITE_P(NodeStoreContract, StartsEmptyWithASpoolName, RemembersOverARestart,
                            ForgetsBeforeItRemembers, AddsUpHowOftenAnAddressWasBanned, ANewSpoolStartsEmpty,
                            ReadsTheSpoolInOrderAndInPieces);

}  // namespace breakwater
