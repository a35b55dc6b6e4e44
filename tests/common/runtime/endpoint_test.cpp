// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace breakwater {
namespace {

TEST(Endpoint, IsTakenApart) {
  EXPECT_EQ((TcpEndpoint{"hub.example", 7200}), parse_endpoint("tcp://hub.example:7200").value());
  EXPECT_EQ((TcpEndpoint{"hub.example", 7199}), parse_endpoint(" hub.example ").value());
  EXPECT_EQ((TcpEndpoint{"192.0.2.1", 7199}), parse_endpoint("192.0.2.1").value());
  EXPECT_EQ((TcpEndpoint{"2001:db8::1", 1}), parse_endpoint("tcp://[2001:db8::1]:1").value());
  EXPECT_EQ((TcpEndpoint{"2001:db8::1", 7199}), parse_endpoint("[2001:db8::1]").value());
}

TEST(Endpoint, WhatIsNoneIsAnError) {
  for (const char* text : {"", ":1", "tcp://", "hub:", "hub:x", "hub:0", "hub:65536", "[::1", "[::1]x", "[hub]:1",
                           "[]:1", "a/b", "me@hub", "2001:db8::1"}) {
    EXPECT_FALSE(parse_endpoint(text)) << text;
  }
}

TEST(Endpoint, NumericOnes) {
  EXPECT_EQ("tcp://192.0.2.1:7199", numeric_endpoint("192.0.2.1", 7199));
  EXPECT_EQ("tcp://[2001:db8::1]:7199", numeric_endpoint("2001:db8::1", 7199));
  EXPECT_TRUE(is_numeric("2001:db8::1"));
  EXPECT_FALSE(is_numeric("hub.example"));
}

TEST(Endpoint, AnAddressIsItsOwnAnswerAndLocalhostHasOne) {
  EXPECT_THAT(look_up("192.0.2.1").value(), testing::ElementsAre("192.0.2.1"));
  const auto local = look_up("localhost");  // from the hosts file
  ASSERT_TRUE(local) << local.error().message();
  EXPECT_THAT(*local, testing::Contains(testing::AnyOf("127.0.0.1", "::1")));
}

}  // namespace
}  // namespace breakwater
