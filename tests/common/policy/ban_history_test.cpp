// SPDX-License-Identifier: Apache-2.0
#include "common/policy/ban_history.h"

#include <gtest/gtest.h>

namespace breakwater {
namespace {

const Address kFirst = Address::v4(203, 0, 113, 1), kSecond = Address::v4(203, 0, 113, 2),
              kThird = Address::v4(203, 0, 113, 3);

TEST(BanHistory, CountsByJailAndOverAll) {
  BanHistory history(10);
  history.note("sshd", kFirst);
  history.note("sshd", kFirst);
  history.note("web", kFirst, 5);
  EXPECT_EQ(2u, history.earlier("sshd", false, kFirst));
  EXPECT_EQ(5u, history.earlier("web", false, kFirst));
  EXPECT_EQ(7u, history.earlier("sshd", true, kFirst));
  EXPECT_EQ(0u, history.earlier("mail", false, kFirst));
  EXPECT_EQ(7u, history.earlier("mail", true, kFirst));
  EXPECT_EQ(0u, history.earlier("sshd", true, kSecond));
}

TEST(BanHistory, WhoWasBannedLongestAgoMakesRoom) {
  BanHistory history(2);
  history.note("sshd", kFirst);
  history.note("sshd", kSecond);
  history.note("sshd", kFirst);
  history.note("sshd", kThird);
  EXPECT_EQ(2u, history.size());
  EXPECT_EQ(2u, history.earlier("sshd", false, kFirst));
  EXPECT_EQ(0u, history.earlier("sshd", false, kSecond));
  EXPECT_EQ(1u, history.earlier("sshd", false, kThird));
}

TEST(BanHistory, WithoutRoomRemembersNothing) {
  BanHistory history(0);
  history.note("sshd", kFirst);
  EXPECT_EQ(0u, history.earlier("sshd", true, kFirst));
}

TEST(BanHistory, JailsOfAnAddressAreBounded) {
  BanHistory history(1);
  for (int jail = 0; jail < 100; ++jail)
    history.note("jail" + std::to_string(jail), kFirst);
  EXPECT_EQ(64u, history.earlier("", true, kFirst));
}

}  // namespace
}  // namespace breakwater
