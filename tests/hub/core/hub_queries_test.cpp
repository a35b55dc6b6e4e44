// SPDX-License-Identifier: Apache-2.0
// HubCore and operators: docs/query.md.
#include "hub/core/query_rows.h"
#include "tests/hub/core/hub_harness.h"

namespace breakwater {
namespace {

using namespace std::chrono_literals;

TEST(HubQueries, RefusesWhatItDoesNotKnow) {
  HubHarness hub;
  EXPECT_EQ(hub.ask("dance").status, 400);
  EXPECT_EQ(hub.ask("bans", {{"adress", "203.0.113.7"}}).status, 400) << "a filter that is ignored shows everything";
  EXPECT_EQ(hub.ask("ban").status, 400);
  EXPECT_EQ(hub.ask("ban", {{"who", "203.0.113.700"}}).status, 400);
  EXPECT_EQ(hub.ask("ban", {{"who", "203.0.113.7"}, {"for", "10x"}}).status, 400);
  EXPECT_EQ(hub.ask("bans", {}, "rubbish").status, 400);
  EXPECT_EQ(hub.ask("offences", {}, "1:2").status, 400);
  EXPECT_EQ(hub.ask("top", {{"by", "colour"}}).status, 400);
  EXPECT_EQ(hub.ask("offences", {{"since", "yesterday"}}).status, 400);
  EXPECT_TRUE(hub.disk->audit.empty());
}

TEST(HubQueries, StatusTellsHowItIs) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  hub.offend("host1", 3);
  hub.core->set_gauge("gate_refused_keys", 4);
  const auto row = hub.rows(hub.ask("status")).at(0);
  EXPECT_EQ(row["state"], "ok");
  EXPECT_EQ(row["head"], 1);
  EXPECT_EQ(row["bans"], 1);
  EXPECT_EQ(row["nodes"]["connected"], 1);
  EXPECT_EQ(row["counters"]["offences"], 3);
  EXPECT_EQ(row["counters"]["gate_refused_keys"], 4);
  EXPECT_EQ(row["jails"][0]["jail"], "sshd");
  EXPECT_EQ(row["jails"][0]["bantime_ms"], 600'000);
  hub.pass(40s);
  EXPECT_EQ(hub.rows(hub.ask("status")).at(0)["state"], "degraded");
}

// What a rotation of keys waits for.
TEST(HubQueries, NodesTellTheirKeys) {
  HubHarness hub;
  hub.core->set_enrolled({"host1"}, {"alice"}, hub.now);
  hub.key_of_nodes = "aaaaaaaaaaaaaaaa";
  hub.greet("host1", hub.epoch(), 0, "first");
  hub.say("first", wire::Ping{}, "host1");
  auto row = hub.rows(hub.ask("nodes")).at(0);
  EXPECT_EQ(row["key"], "aaaaaaaaaaaaaaaa");
  EXPECT_FALSE(row.contains("hub_key"));  // a node of before does not tell
  EXPECT_FALSE(row.contains("hub_keys"));

  hub.key_of_nodes = "bbbbbbbbbbbbbbbb";
  hub.greet("host1", hub.epoch(), 0, "second");
  wire::Ping ping;
  ping.hub_key = "1111111111111111";
  ping.hub_keys = {"1111111111111111", "2222222222222222"};
  hub.say("second", ping, "host1");
  row = hub.rows(hub.ask("nodes")).at(0);
  EXPECT_EQ(row["key"], "bbbbbbbbbbbbbbbb");
  EXPECT_EQ(row["hub_key"], "1111111111111111");
  EXPECT_EQ(row["hub_keys"].size(), 2u);

  // What a connection said ends with it.
  hub.core->on_gone("second", hub.now);
  row = hub.rows(hub.ask("nodes")).at(0);
  EXPECT_FALSE(row.contains("key"));
  EXPECT_FALSE(row.contains("hub_keys"));
}

TEST(HubQueries, NodesTellWhatEachHolds) {
  HubHarness hub;
  hub.core->set_enrolled({"host1", "host2"}, {"alice"}, hub.now);
  hub.greet("host1", hub.epoch());
  hub.offend("host1", 3);
  wire::Ping ping;
  ping.epoch = hub.epoch();
  ping.clock_ms = to_unix_ms(hub.now) - 3000;
  ping.counters = {{"refused_never_ban", 2}, {"unsaved_dropped", 5}, {"spool_depth", 7}};
  ping.alarms = {"source IP lost: container web logs 172.17.0.1"};
  hub.say("host1", ping);
  hub.say("host1", wire::Applied{hub.epoch(), 1, 0, 1, to_unix_ms(hub.now)});
  hub.pass(250ms);
  auto rows = hub.rows(hub.ask("nodes"));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["node"], "host1");
  EXPECT_EQ(rows[0]["state"], "connected");
  EXPECT_EQ(rows[0]["received"], 1);
  EXPECT_EQ(rows[0]["enforced"], 0);
  EXPECT_EQ(rows[0]["lag"], 1);
  EXPECT_TRUE(rows[0].contains("behind_since"));
  EXPECT_EQ(rows[0]["failed"], 1);
  EXPECT_EQ(rows[0]["refused"], 2);
  EXPECT_EQ(rows[0]["dropped"], 5);
  EXPECT_EQ(rows[0]["spool_depth"], 7);
  EXPECT_EQ(rows[0]["clock_skew_ms"], -3000);
  EXPECT_EQ(rows[0]["bans_caused"], 1);
  EXPECT_EQ(rows[0]["alarms"][0], "source IP lost: container web logs 172.17.0.1");
  EXPECT_EQ(rows[1]["state"], "never");
  EXPECT_FALSE(rows[1].contains("since"));
  EXPECT_NE(hub.core->problems().at(0).find("NOT ENFORCED on host1"), std::string::npos);
  // In pages, and by pattern.
  const wire::Reply first = hub.ask("nodes", {}, "", 1);
  EXPECT_EQ(first.next, "host1");
  EXPECT_EQ(hub.rows(hub.ask("nodes", {}, first.next, 1)).at(0)["node"], "host2");
  EXPECT_EQ(hub.ask("nodes", {{"node", "*2"}}).rows.size(), 1u);
}

TEST(HubQueries, BansTellWhereTheyAreEnforced) {
  HubHarness hub;
  for (const char* node : {"host1", "host2"})
    hub.greet(node, hub.epoch());
  hub.offend("host1", 3);
  hub.say("host1", wire::Applied{hub.epoch(), 1, 1, 0, to_unix_ms(hub.now)});
  const auto row = hub.rows(hub.ask("bans")).at(0);
  EXPECT_EQ(row["who"], "203.0.113.7");
  EXPECT_EQ(row["jail"], "sshd");
  EXPECT_EQ(row["by"], "policy");
  EXPECT_EQ(row["node"], "host1");
  EXPECT_EQ(row["enforced_on"], 1);
  EXPECT_EQ(row["connected"], 2);
  EXPECT_EQ(row["missing"], nlohmann::json({"host2"}));
  hub.pass(11min);
  EXPECT_TRUE(hub.ask("bans").rows.empty());
}

TEST(HubQueries, BansByRangeAndInPages) {
  HubHarness hub;
  for (int i = 1; i <= 25; ++i)
    hub.ask("ban", {{"who", "198.51.100." + std::to_string(i)}});
  hub.ask("ban", {{"who", "203.0.113.0/24"}});
  hub.ask("ban", {{"who", "2001:db8::/64"}});
  std::vector<std::string> seen;
  std::string cursor;
  do {
    const wire::Reply reply = hub.ask("bans", {}, cursor, 10);
    for (const auto& row : hub.rows(reply))
      seen.push_back(row["who"]);
    cursor = reply.next;
  } while (!cursor.empty());
  EXPECT_EQ(seen.size(), 27u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 27u);
  EXPECT_EQ(hub.rows(hub.ask("bans", {{"who", "203.0.113.9"}})).at(0)["who"], "203.0.113.0/24");
  EXPECT_EQ(hub.ask("bans", {{"who", "198.51.100.0/28"}}).rows.size(), 15u);
  EXPECT_TRUE(hub.ask("bans", {{"who", "192.0.2.1"}}).rows.empty());
  EXPECT_TRUE(hub.ask("bans", {{"kind", "allow"}}).rows.empty());
}

TEST(HubQueries, AnOrderIsAnsweredWhenItIsDurableAndIsAudited) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  hub.ledger->hold = true;
  EXPECT_EQ(hub.ask("ban", {{"who", "203.0.113.9"}, {"for", "10m"}, {"reason", "scanner"}}).status, 0) << "not yet";
  EXPECT_TRUE(hub.pushed("host1").empty());
  hub.ledger->hold = false;
  hub.run();
  const auto reply = hub.told<wire::Reply>("tool").at(0);
  const auto row = nlohmann::json::parse(reply.rows.at(0));
  EXPECT_EQ(row["op"], "ban");
  EXPECT_EQ(row["seq"], 1);
  EXPECT_EQ(row["until"], to_unix_ms(hub.now + 10min));
  EXPECT_EQ(row["by"], "alice");
  EXPECT_EQ(row["reason"], "by operator alice: scanner");
  EXPECT_EQ(row["was"], "none");
  EXPECT_EQ(row["connected"], 1);
  EXPECT_EQ(hub.pushed("host1"), (std::vector<std::uint64_t>{1}));
  ASSERT_EQ(hub.disk->audit.size(), 1u);
  EXPECT_EQ(hub.disk->audit[0].name, "alice");
  EXPECT_EQ(hub.disk->audit[0].verb, "ban");
  EXPECT_EQ(hub.disk->audit[0].outcome, "200");
}

TEST(HubQueries, NobodyMayBanWhatIsNeverBanned) {
  HubSettings settings;
  settings.ignoreip = {Prefix::parse("203.0.113.0/24").value()};
  HubHarness hub({jail_named("sshd")}, settings);
  hub.ask("allow", {{"who", "198.51.100.7"}});
  for (const char* who : {"203.0.113.9", "203.0.0.0/16", "127.0.0.1", "198.51.100.0/24", "0.0.0.0/0", "9.0.0.0/7"}) {
    const wire::Reply reply = hub.ask("ban", {{"who", who}});
    EXPECT_EQ(reply.status, 403) << who;
    EXPECT_FALSE(reply.error.empty());
  }
  EXPECT_EQ(hub.ask("allow", {{"who", "0.0.0.0/0"}}).status, 403);
  EXPECT_TRUE(hub.core->log().bans().empty());
  EXPECT_EQ(hub.disk->audit.size(), 8u) << "refusals, too";
}

TEST(HubQueries, UnbanLiftsAndStartsTheCountAnew) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  hub.offend("host1", 3);
  hub.offend("host1", 2);
  const auto row = hub.rows(hub.ask("unban", {{"who", "203.0.113.7"}})).at(0);
  EXPECT_EQ(row["was"], "banned");
  EXPECT_FALSE(row.contains("until"));
  EXPECT_TRUE(hub.core->log().bans().empty());
  hub.offend("host1", 1);
  EXPECT_TRUE(hub.core->log().bans().empty()) << "pardoned: the two of before do not count";
  EXPECT_EQ(hub.rows(hub.ask("unban", {{"who", "192.0.2.9"}})).at(0)["was"], "none")
      << "a node may have banned alone: it is told";
  EXPECT_EQ(hub.pushed("host1").back(), 3u);
}

TEST(HubQueries, AllowAndDisallow) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  hub.offend("host1", 3);
  hub.ask("allow", {{"who", "203.0.113.0/24"}, {"for", "1h"}});
  EXPECT_TRUE(hub.core->log().bans().empty());
  hub.offend("host1", 5);
  EXPECT_TRUE(hub.core->log().bans().empty());
  EXPECT_EQ(hub.rows(hub.ask("bans", {{"kind", "allow"}})).at(0)["until"], to_unix_ms(hub.now + 1h));
  EXPECT_EQ(hub.ask("disallow", {{"who", "203.0.113.7"}}).status, 404);
  EXPECT_EQ(hub.ask("disallow", {{"who", "203.0.113.0/24"}}).status, 200);
  hub.offend("host1", 3);
  EXPECT_EQ(hub.core->log().bans().size(), 1u);
}

TEST(HubQueries, WhyTellsTheWholeStory) {
  HubHarness hub;
  for (const char* node : {"host1", "host2"})
    hub.greet(node, hub.epoch());
  hub.offend("host1", 3);
  hub.say("host1", wire::Applied{hub.epoch(), 1, 1, 0, to_unix_ms(hub.now + 3ms)});
  const wire::Reply reply = hub.ask("why", {{"who", "203.0.113.7"}});
  const auto rows = hub.rows(reply);
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(rows[0]["type"], "summary");
  EXPECT_EQ(rows[0]["banned"], true);
  EXPECT_EQ(rows[0]["offences"], 3);
  EXPECT_EQ(rows[0]["reason"], "3 offences on 1 node: host1");
  EXPECT_EQ(rows[1]["type"], "decision");
  EXPECT_EQ(rows[1]["enforced"][0]["node"], "host1");
  EXPECT_EQ(rows[1]["enforced"][0]["after_ms"], 3);
  EXPECT_EQ(rows[1]["missing"][0]["node"], "host2");
  EXPECT_EQ(rows[1]["superseded"], false);
  EXPECT_EQ(rows[2]["type"], "offence");
  EXPECT_EQ(rows[2]["container"], "web");
  EXPECT_EQ(rows[2]["sample"], "a line");
  EXPECT_TRUE(reply.next.empty());
  EXPECT_EQ(hub.ask("why", {{"who", "192.0.2.77"}}).status, 404);
  EXPECT_EQ(hub.rows(hub.ask("why", {{"who", "127.0.0.1"}})).at(0)["never_ban"], "127.0.0.0/8");
}

TEST(HubQueries, WhyComesInPages) {
  HubHarness hub({jail_named("sshd", 10)});
  hub.greet("host1", hub.epoch());
  for (int i = 0; i < 4; ++i) {
    hub.offend("host1", 10);
    hub.pass(1s);
    hub.ask("unban", {{"who", "203.0.113.7"}});
    hub.pass(1s);
  }
  std::string cursor;
  std::map<std::string, int> types;
  std::set<std::string> distinct;
  for (int page = 0; page < 30; ++page) {
    const wire::Reply reply = hub.ask("why", {{"who", "203.0.113.7"}}, cursor, 7);
    for (const auto& row : hub.rows(reply)) {
      ++types[row["type"]];
      distinct.insert(row.dump());
    }
    cursor = reply.next;
    if (cursor.empty()) break;
  }
  EXPECT_TRUE(cursor.empty());
  EXPECT_EQ(types, (std::map<std::string, int>{{"summary", 1}, {"offence", 40}, {"decision", 8}}));
  EXPECT_EQ(distinct.size(), 49u);
}

TEST(HubQueries, OffencesAndTopAskTheLedger) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  hub.offend("host1", 2);
  hub.offend("host1", 1, "2001:db8::9");
  const auto offences = hub.rows(hub.ask("offences", {{"who", "203.0.113.0/24"}}));
  ASSERT_EQ(offences.size(), 2u);
  EXPECT_EQ(offences[0]["node"], "host1");
  EXPECT_FALSE(offences[0].contains("type"));
  EXPECT_EQ(offences[0]["id"], 2);
  const wire::Reply page = hub.ask("offences", {}, "", 2);
  EXPECT_FALSE(page.next.empty());
  EXPECT_EQ(hub.ask("offences", {}, page.next, 2).rows.size(), 1u);
  const auto top = hub.rows(hub.ask("top"));
  EXPECT_EQ(top.at(0)["key"], "203.0.113.7");
  EXPECT_EQ(top.at(0)["by"], "address");
  EXPECT_EQ(hub.lookups.back().query.since, hub.now - 24h);
}

TEST(HubQueries, WatchShowsWhatHappens) {
  HubHarness hub;
  hub.greet("host1", hub.epoch());
  EXPECT_TRUE(hub.ask("watch").rows.empty());
  hub.offend("host1", 3);
  hub.say("host1", wire::Applied{hub.epoch(), 1, 1, 0, to_unix_ms(hub.now + 4ms)});
  hub.greet("host2", hub.epoch());
  std::vector<std::string> types;
  std::vector<nlohmann::json> rows;
  for (const wire::Reply& reply : hub.told<wire::Reply>("tool")) {
    EXPECT_EQ(reply.qid, hub.qid);
    for (const std::string& row : reply.rows) {
      rows.push_back(nlohmann::json::parse(row));
      types.push_back(rows.back()["type"]);
    }
  }
  EXPECT_EQ(types, (std::vector<std::string>{"offence", "offence", "offence", "decision", "enforced", "node"}));
  EXPECT_EQ(rows[4]["who"], "203.0.113.7");
  EXPECT_EQ(rows[4]["after_ms"], 4);
  EXPECT_EQ(rows[5]["state"], "connected");
  hub.gone = {"tool"};
  hub.offend("host1", 1);
  hub.pass(20s);
  EXPECT_EQ(hub.core->peers(), 2u) << "a watcher who is gone is forgotten";
}

TEST(HubQueries, ARowNeverGrowsBeyondItsLimit) {
  RowJson row;
  row["who"] = "203.0.113.7";
  for (int i = 0; i < 5000; ++i)
    row["missing"].push_back("host" + std::to_string(i));
  const std::string text = row_text(row);
  EXPECT_LE(text.size(), wire::kMaxRow);
  const auto parsed = nlohmann::json::parse(text);
  EXPECT_EQ(parsed["cut"], true);
  EXPECT_EQ(parsed["who"], "203.0.113.7");
}

}  // namespace
}  // namespace breakwater
