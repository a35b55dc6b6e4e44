// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/hub/query/query_fixture.h"

namespace breakwater {
namespace {

using testing::HasSubstr;
using Args = std::map<std::string, std::string>;

class Orders : public QueryTest {};

TEST_F(Orders, Ban) {
  hub.answer("ban", {R"({"op":"ban","who":"203.0.113.7","until":1769854975123,"decided_at":1769851375123,"epoch":3,
    "seq":1206,"reason":"scanner","by":"root","was":"none","connected":3})"});
  EXPECT_EQ(run({"ban", "203.0.113.7", "--for", "1h", "--reason", "scanner"}), ExitCode::ok);
  EXPECT_EQ(out.str(),
            "203.0.113.7 banned, ends in 1h (2026-01-31T10:22:55.123Z)\n"
            "  decision 1206 of epoch 3 by root, on its way to 3 nodes\n"
            "  where it is enforced: breakwater bans 203.0.113.7\n");
  EXPECT_EQ(last_question().args, (Args{{"who", "203.0.113.7"}, {"for", "3600"}, {"reason", "scanner"}}));
}

TEST_F(Orders, LengthsOnTheWire) {
  hub.answer("ban", {"{}"});
  run({"ban", "203.0.113.7", "--for", "-1"});
  EXPECT_EQ(last_question().args.at("for"), "-1");
  hub.answer("ban", {"{}"});
  run({"ban", "203.0.113.7", "--for", "1.2s"});
  EXPECT_EQ(last_question().args.at("for"), "2");  // rounded up
  hub.answer("ban", {"{}"});
  run({"ban", "203.0.113.7"});
  EXPECT_EQ(last_question().args.count("for"), 0u);  // the hub's own default
}

TEST_F(Orders, Unban) {
  hub.answer("unban", {R"({"op":"unban","who":"203.0.113.0/24","epoch":3,"seq":1207,"by":"root","was":"banned",
    "connected":1})"});
  EXPECT_EQ(run({"unban", "203.0.113.9/24"}), ExitCode::ok);
  EXPECT_EQ(
      out.str(),
      "203.0.113.0/24 unbanned\n  decision 1207 of epoch 3 by root, on its way to 1 node; it was banned before\n");
  EXPECT_EQ(last_question().args, (Args{{"who", "203.0.113.0/24"}}));
}

TEST_F(Orders, AllowAndDisallow) {
  hub.answer("allow",
             {R"({"op":"allow","who":"203.0.113.7","until":null,"epoch":3,"seq":1,"by":"root","connected":3})"});
  EXPECT_EQ(run({"allow", "203.0.113.7"}), ExitCode::ok);
  EXPECT_THAT(out.str(), HasSubstr("203.0.113.7 allowed: never banned, without end\n"));
  hub.refuse("disallow", 404, "203.0.113.7 is not allowed");
  EXPECT_EQ(run({"disallow", "203.0.113.7"}), ExitCode::nothing);
  EXPECT_EQ(err.str(), "203.0.113.7 is not allowed\n");
}

TEST_F(Orders, RefusedIsExitCode4WithTheHubsWords) {
  hub.refuse("ban", 403, "203.0.113.7 is never banned: ignoreip 203.0.113.0/24");
  EXPECT_EQ(run({"ban", "203.0.113.7"}), ExitCode::refused);
  EXPECT_EQ(out.str(), "");
  EXPECT_EQ(err.str(), "breakwater: the hub refuses: 203.0.113.7 is never banned: ignoreip 203.0.113.0/24\n");
}

TEST_F(Orders, Json) {
  hub.answer("ban", {R"({"op":"ban","who":"203.0.113.7","until":null,"seq":1206})"});
  EXPECT_EQ(run({"ban", "203.0.113.7", "--output=json"}), ExitCode::ok);
  EXPECT_EQ(out.str(), "{\"op\":\"ban\",\"who\":\"203.0.113.7\",\"until\":null,\"seq\":1206}\n");
}

}  // namespace
}  // namespace breakwater
