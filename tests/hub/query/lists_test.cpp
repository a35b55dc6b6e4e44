// SPDX-License-Identifier: Apache-2.0
// nodes, bans, offences, top: rows into tables.
#include <gmock/gmock.h>

#include "tests/hub/query/query_fixture.h"

namespace breakwater {
namespace {

using testing::HasSubstr;
using testing::Not;

class Lists : public QueryTest {};

TEST_F(Lists, Bans) {
  hub.answer("bans",
             {R"({"kind":"ban","who":"203.0.113.7","until":1769851973123,"decided_at":1769851373123,"epoch":3,
    "seq":1204,"jail":"docker","node":"host1","by":"policy","reason":"6 offences on 3 nodes: host1, host2, host3",
    "enforced_on":3,"connected":3})",
              R"({"kind":"ban","who":"2001:db8::/64","until":null,"decided_at":1769851373123,"epoch":3,"seq":1205,
    "by":"root","reason":"scanner","enforced_on":2,"connected":3,"missing":["host3"]})"});
  EXPECT_EQ(run({"bans"}), ExitCode::ok);
  EXPECT_EQ(out.str(),
            "WHO            ENDS       ENFORCED           JAIL    NODE   BY      REASON\n"
            "203.0.113.7    in 9m 58s  3/3                docker  host1  policy  6 offences on 3 nodes: host1, host2, "
            "host3\n"
            "2001:db8::/64  never      2/3, not on host3  -       -      root    scanner\n");
  EXPECT_EQ(err.str(), "");
}

TEST_F(Lists, BansFitTheTerminal) {
  hub.answer("bans", {R"({"who":"203.0.113.7","until":1769851973123,"jail":"docker","node":"host1","by":"policy",
    "reason":"6 offences on 3 nodes: host1, host2, host3","enforced_on":3,"connected":3})"});
  width = 80;
  EXPECT_EQ(run({"bans"}), ExitCode::ok);
  EXPECT_EQ(out.str(),
            "WHO          ENDS       ENFORCED  JAIL    NODE   BY      REASON\n"
            "203.0.113.7  in 9m 58s  3/3       docker  host1  policy  6 offences on 3 node...\n");
}

TEST_F(Lists, ManyMissingNodesAreCounted) {
  hub.answer("bans", {R"({"who":"203.0.113.7","until":null,"by":"x","enforced_on":1,"connected":6,
    "missing":["a","b","c","d","e"]})"});
  EXPECT_EQ(run({"bans"}), ExitCode::ok);
  EXPECT_THAT(out.str(), HasSubstr("1/6, not on a, b, c and 2 more"));
}

TEST_F(Lists, NobodyBanned) {
  hub.answer("bans", {});
  EXPECT_EQ(run({"bans"}), ExitCode::ok);
  EXPECT_EQ(out.str(), "nobody is banned\n");
  hub.answer("bans", {});
  EXPECT_EQ(run({"bans", "--allowed"}), ExitCode::ok);
  EXPECT_EQ(out.str(), "nobody is allowed\n");
  EXPECT_EQ(last_question().args.at("kind"), "allow");
}

TEST_F(Lists, AnAddressThatIsNotBannedIsExitCode1) {
  hub.answer("bans", {});
  EXPECT_EQ(run({"bans", "203.0.113.7"}), ExitCode::nothing);
  EXPECT_EQ(out.str(), "203.0.113.7 is not banned\n");
  hub.answer("bans", {});
  EXPECT_EQ(run({"bans", "203.0.113.7", "--output", "json"}), ExitCode::nothing);
  EXPECT_EQ(out.str(), "");
  hub.answer("offences", {});
  EXPECT_EQ(run({"offences", "203.0.113.7"}), ExitCode::nothing);
}

TEST_F(Lists, Nodes) {
  hub.answer(
      "nodes",
      {R"({"node":"host1","state":"connected","software":"breakwater-node 0.1.0","since":1769840275123,
    "last_seen":1769851374000,"epoch":3,"received":1205,"enforced":1205,"head":1205,"lag":0,"failed":0,"refused":2,
    "dropped":0,"spool_depth":0,"bans_in_kernel":17,"alarms":["source IP lost: container web logs 172.17.0.1"]})",
       R"({"node":"host2","state":"late","software":"breakwater-node 0.1.0","since":1769850775123,"received":1205,
    "enforced":1198,"lag":7,"behind_since":1769851372123,"failed":1,"refused":0,"dropped":4,"spool_depth":12,
    "bans_in_kernel":10})",
       R"({"node":"host3","state":"never"})"});
  EXPECT_EQ(run({"nodes"}), ExitCode::ok);
  EXPECT_EQ(out.str(),
            "NODE   STATE      FOR    RECEIVED  ENFORCED     LAG  BANS  FAILED  REFUSED  DROPPED  SPOOL  VERSION\n"
            "host1  connected  3h 5m      1205      1205       0    17       0        2        0      0  0.1.0\n"
            "host2  late       10m        1205      1198  7 (3s)    10       1        0        4     12  0.1.0\n"
            "host3  never      -             -         -       -     -       -        -        -      -  -\n"
            "host1: source IP lost: container web logs 172.17.0.1\n"
            "host2: 1 ban NOT in its kernel\n");
}

TEST_F(Lists, NoSuchNode) {
  hub.answer("nodes", {});
  EXPECT_EQ(run({"nodes", "web-*"}), ExitCode::nothing);
  EXPECT_EQ(last_question().args.at("node"), "web-*");
  hub.answer("nodes", {});
  EXPECT_EQ(run({"nodes"}), ExitCode::ok);
}

TEST_F(Lists, Offences) {
  hub.answer("offences", {R"({"id":7,"at":1769851372123,"received_at":1769851372125,"who":"203.0.113.7","jail":"docker",
    "node":"host1","container":"web","image":"nginx:1.25","sample":"\"POST /xmlrpc.php HTTP/1.1\" 200"})"});
  EXPECT_EQ(run({"offences", "--jail", "docker", "--node", "host1", "--since", "1h"}), ExitCode::ok);
  EXPECT_EQ(out.str(),
            "WHEN    WHO          JAIL    NODE   CONTAINER  IMAGE       LINE\n"
            "3s ago  203.0.113.7  docker  host1  web        nginx:1.25  \"POST /xmlrpc.php HTTP/1.1\" 200\n");
  EXPECT_EQ(last_question().args,
            (std::map<std::string, std::string>{{"jail", "docker"}, {"node", "host1"}, {"since", "1769847775123"}}));
}

TEST_F(Lists, Top) {
  hub.answer("top", {R"({"by":"address","key":"203.0.113.7","offences":600,"addresses":1,"nodes":3,"last":1769851375000,
    "partial":true})"});
  EXPECT_EQ(run({"top", "--by", "address"}), ExitCode::ok);
  EXPECT_EQ(out.str(),
            "ADDRESS      OFFENCES  ADDRESSES  NODES  LAST\n"
            "203.0.113.7       600          1      3  now\n");
  EXPECT_THAT(err.str(), HasSubstr("only the newest"));
}

TEST_F(Lists, PagesAreFollowedUpToTheLimit) {
  hub.answer("bans", {R"({"who":"203.0.113.1"})", R"({"who":"203.0.113.2"})"}, "c1");
  hub.answer("bans", {}, "c2");  // a page may be empty and have a next
  hub.answer("bans", {R"({"who":"203.0.113.3"})"}, "c3");
  EXPECT_EQ(run({"bans", "--limit", "3"}), ExitCode::ok);
  ASSERT_EQ(hub.asked.size(), 3u);
  EXPECT_EQ(hub.asked[0].limit, 3);
  EXPECT_EQ(hub.asked[0].cursor, "");
  EXPECT_EQ(hub.asked[1].limit, 1);
  EXPECT_EQ(hub.asked[1].cursor, "c1");
  EXPECT_EQ(hub.asked[2].cursor, "c2");
  EXPECT_THAT(out.str(), HasSubstr("203.0.113.3"));
  EXPECT_EQ(err.str(), "3 shown, there are more: --limit 0 shows all\n");
}

TEST_F(Lists, LimitZeroIsAll) {
  for (int page = 0; page < 3; ++page) {
    hub.answer("bans", {R"({"who":"203.0.113.1"})"}, page < 2 ? "c" + std::to_string(page) : "");
  }
  EXPECT_EQ(run({"bans", "--limit", "0", "--output", "json"}), ExitCode::ok);
  EXPECT_EQ(hub.asked[0].limit, 1000);
  EXPECT_EQ(out.str(), "{\"who\":\"203.0.113.1\"}\n{\"who\":\"203.0.113.1\"}\n{\"who\":\"203.0.113.1\"}\n");
}

TEST_F(Lists, RowsThatDoNotFitAreAskedForInSmallerPages) {
  hub.refuse("offences", 413, "too much");
  hub.refuse("offences", 413, "too much");
  hub.answer("offences", {R"({"who":"203.0.113.1"})"}, "c1");
  hub.answer("offences", {R"({"who":"203.0.113.2"})"});
  EXPECT_EQ(run({"offences", "--output", "json"}), ExitCode::ok);
  EXPECT_EQ(hub.asked[0].limit, 100);
  EXPECT_EQ(hub.asked[2].limit, 25);
  EXPECT_EQ(hub.asked[3].limit, 25);
  EXPECT_EQ(out.str(), "{\"who\":\"203.0.113.1\"}\n{\"who\":\"203.0.113.2\"}\n");
}

TEST_F(Lists, AHubThatRepeatsItsCursorDoesNotHoldTheTool) {
  hub.answer("bans", {R"({"who":"203.0.113.1"})"}, "c1");
  hub.answer("bans", {R"({"who":"203.0.113.2"})"}, "c1");
  EXPECT_EQ(run({"bans", "--limit", "0"}), ExitCode::ok);
  EXPECT_EQ(hub.asked.size(), 2u);
}

TEST_F(Lists, JsonIsTheHubsRowsALineEach) {
  hub.answer("bans", {R"({"who":"203.0.113.7","until":1769851973123,"new_field":[1,2]})",
                      R"({"who":"2001:db8::/64","until":null})"});
  EXPECT_EQ(run({"bans", "--output", "json"}), ExitCode::ok);
  EXPECT_EQ(out.str(),
            "{\"who\":\"203.0.113.7\",\"until\":1769851973123,\"new_field\":[1,2]}\n"
            "{\"who\":\"2001:db8::/64\",\"until\":null}\n");
}

}  // namespace
}  // namespace breakwater
