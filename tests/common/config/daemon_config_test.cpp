// SPDX-License-Identifier: Apache-2.0
// node.conf and hub.conf.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/config/daemon_values.h"
#include "common/config/hub_config.h"
#include "common/config/node_config.h"
#include "tests/common/config/temp_tree.h"

namespace breakwater {
namespace {

using testing::ElementsAre;

const std::string kHex = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

NodeConfigReading node_of(const std::string& options) {
  const TempTree tree;
  return read_node_config(tree.write("node.conf", "[node]\n" + options));
}

HubConfigReading hub_of(const std::string& options) {
  const TempTree tree;
  return read_hub_config(tree.write("hub.conf", "[hub]\n" + options));
}

TEST(NodeConfig, AnEmptyOneStandsAlone) {
  const auto reading = node_of("");
  ASSERT_TRUE(reading.config) << reading.problems.text();
  char host[256] = {};
  ASSERT_EQ(::gethostname(host, sizeof host - 1), 0);
  EXPECT_EQ(reading.config->name, std::string(host).substr(0, std::string(host).find('.')));
  EXPECT_EQ(reading.config->hub, "");
  EXPECT_EQ(reading.config->spool_limit, 256u << 20);
}

TEST(NodeConfig, ReadsEverything) {
  const auto reading = node_of("name = web-1\nhub = tcp://hub.example.org:7199\nhub_public_key = " + kHex +
                               "\nsecret_key = /k\nstate_dir = /s\nconfig_dirs = /a, /b\n  /c\nfilter_dirs = "
                               "/f\ndocker_socket = unix:///run/d.sock\n"
                               "docker_root = /d\nfirewall = iptables-rules\nlog_level = Debug\nspool_limit = 2 "
                               "GiB\nignoreip = 192.0.2.0/24 ops.example.org\n");
  ASSERT_TRUE(reading.config) << reading.problems.text();
  const NodeConfig& node = *reading.config;
  EXPECT_EQ(node.name, "web-1");
  EXPECT_EQ(node.hub, "tcp://hub.example.org:7199");
  ASSERT_EQ(node.hub_public_keys.size(), 1u);
  EXPECT_EQ(to_hex(node.hub_public_keys[0]), "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
  EXPECT_EQ(node.secret_key_file, "/k");
  EXPECT_EQ(node.state_dir, "/s");
  EXPECT_THAT(node.config_dirs, ElementsAre("/a", "/b", "/c"));
  EXPECT_THAT(node.filter_dirs, ElementsAre("/f"));
  EXPECT_EQ(node.docker_socket, "/run/d.sock");
  EXPECT_EQ(node.docker_root, "/d");
  EXPECT_EQ(node.firewall, FirewallChoice::iptables_rules);
  EXPECT_EQ(node.log_level, LogLevel::debug);
  EXPECT_EQ(node.spool_limit, 2ull << 30);
  EXPECT_EQ(node.ignoreip.at(0).text(), "192.0.2.0/24");
  EXPECT_THAT(node.ignoreip_names, ElementsAre("ops.example.org"));
}

TEST(NodeConfig, LaterFilesWin) {
  const TempTree tree;
  const std::string file = tree.write("node.conf", "[node]\nname = a\nfirewall = iptables\n");
  tree.write("node.d/x.conf", "[node]\nname = b\nignoreip = 192.0.2.1\n");
  tree.write("node.local", "[node]\nname = c\nignoreip = %(known/ignoreip)s 192.0.2.2\n");
  const auto reading = read_node_config(file);
  ASSERT_TRUE(reading.config) << reading.problems.text();
  EXPECT_EQ(reading.config->name, "c");
  EXPECT_EQ(reading.config->ignoreip.size(), 2u);
}

TEST(NodeConfig, TheKeyMayStandInAFile) {
  const TempTree tree;
  const std::string key = tree.write("hub.pub", "# the hub\n\n  " + kHex + "\n");
  const auto reading = node_of("hub = tcp://[2001:db8::1]:7199\nhub_public_key = " + key + "\n");
  ASSERT_TRUE(reading.config) << reading.problems.text();
  ASSERT_EQ(reading.config->hub_public_keys.size(), 1u);
  EXPECT_EQ(reading.config->hub_public_keys[0].size(), 32u);
  EXPECT_TRUE(mentions(node_of("hub_public_key = " + tree.write("bad", "xyz\n")).problems,
                       "holds no key (a line of 64 hex digits)"));
  EXPECT_TRUE(mentions(node_of("hub_public_key = " + tree.write("empty", "")).problems, "holds no key"));
}

TEST(NodeConfig, SeveralHubKeysAreAcceptedInTheirOrder) {
  const TempTree tree;
  const std::string old_key(64, 'a'), new_key(64, 'b'), third(64, 'c');
  const std::string file = tree.write("hub.pub", "# two\n" + new_key + "\n" + third + "\n");
  const auto reading = node_of("hub_public_key = " + old_key + " " + file + "\n   " + old_key + "\n");
  ASSERT_TRUE(reading.config) << reading.problems.text();
  EXPECT_THAT(reading.config->hub_public_keys,
              ElementsAre(std::string(32, '\xaa'), std::string(32, '\xbb'), std::string(32, '\xcc')));
  std::string five;
  for (const char digit : std::string("12345"))
    five += std::string(64, digit) + " ";
  EXPECT_TRUE(mentions(node_of("hub_public_key = " + five).problems, "hub_public_key has 5 keys (at most 4)"));
}

struct Wrong {
  const char* options;
  const char* problem;
};

TEST(NodeConfig, EveryMistakeIsNamed) {
  for (const Wrong& wrong : std::initializer_list<Wrong>{
           {"stat_dir = /x", "node.conf:2: unknown option \"stat_dir\" (did you mean state_dir?)"},
           {"jail = x", "unknown option \"jail\""},
           {"name = a b", "name \"a b\" is not a name"},
           {"hub = hub.example.org", "hub \"hub.example.org\" is not an endpoint (tcp://HOST:7199)"},
           {"hub = tcp://*:7199", "is not an endpoint"},
           {"hub = tcp://h:0", "is not an endpoint"},
           {"hub = tcp://h:70000", "is not an endpoint"},
           {"hub = ipc:///x", "is not an endpoint"},
           {"hub = tcp://h:7199", "hub is set, but hub_public_key is not"},
           {"hub_public_key = 0011", "hub_public_key is neither 64 hex digits nor the path of a file"},
           {"hub_public_key = /none", "hub_public_key: opening /none"},
           {"secret_key = node.key", "secret_key \"node.key\" is not an absolute path"},
           {"config_dirs = etc", "config_dirs \"etc\" is not an absolute path"},
           {"docker_socket = docker.sock", "docker_socket \"docker.sock\" is not an absolute path"},
           {"firewall = nft", "firewall \"nft\" is unknown (one of auto iptables iptables-rules)"},
           {"log_level = loud", "log_level \"loud\" is unknown (one of error warning info debug)"},
           {"spool_limit = lots", "spool_limit \"lots\" is not a size (try 256 MB)"},
           {"spool_limit = 1", "spool_limit \"1\" is too small"},
           {"spool_limit = 99999999999G", "is not a size"},
           {"ignoreip = 1.2.3", "ignoreip \"1.2.3\" is neither"},
           {"[nodes]\nx = 1", "unknown section [nodes] ([node])"}}) {
    const auto reading = node_of(wrong.options);
    EXPECT_FALSE(reading.config) << wrong.options;
    EXPECT_TRUE(mentions(reading.problems, wrong.problem)) << wrong.options << '\n' << reading.problems.text();
  }
}

TEST(NodeConfig, AMissingFileOrSectionIsNamed) {
  const TempTree tree;
  EXPECT_TRUE(mentions(read_node_config(tree.path("none.conf")).problems, "none.conf: there is no such file"));
  const auto reading = read_node_config(tree.write("node.conf", "[hub]\n"));
  EXPECT_TRUE(mentions(reading.problems, "has no section [node]")) << reading.problems.text();
  EXPECT_FALSE(reading.config);
}

TEST(HubConfig, ReadsEverything) {
  const auto reading = hub_of(
      "name = control\nlisten = tcp://192.0.2.1:7199, tcp://[2001:db8::1]:7199\nquery_socket = /run/q.sock\nsecret_key "
      "= /k\n"
      "nodes_dir = /n\nadmins_dir = /a\nstate_dir = /s\nconfig_dirs = /c\nretention = -1\nbantime = 1w\nignoreip = "
      "192.0.2.1\n"
      "log_level = error\nmax_nodes = 5\ndecisions_in_ring = 2000\n");
  ASSERT_TRUE(reading.config) << reading.problems.text();
  const HubConfig& hub = *reading.config;
  EXPECT_EQ(hub.name, "control");
  EXPECT_THAT(hub.listen, ElementsAre("tcp://192.0.2.1:7199", "tcp://[2001:db8::1]:7199"));
  EXPECT_EQ(hub.query_socket, "ipc:///run/q.sock");
  EXPECT_EQ(hub.secret_key_file, "/k");
  EXPECT_EQ(hub.nodes_dir, "/n");
  EXPECT_EQ(hub.admins_dir, "/a");
  EXPECT_EQ(hub.state_dir, "/s");
  EXPECT_THAT(hub.config_dirs, ElementsAre("/c"));
  EXPECT_EQ(hub.retention, std::nullopt);
  EXPECT_EQ(hub.bantime, std::optional<Duration>(std::chrono::hours(168)));
  EXPECT_EQ(hub.ignoreip.size(), 1u);
  EXPECT_EQ(hub.log_level, LogLevel::error);
  EXPECT_EQ(hub.max_nodes, 5);
  EXPECT_EQ(hub.decisions_in_ring, 2000);
}

TEST(HubConfig, EveryMistakeIsNamed) {
  const std::string long_path = "query_socket = ipc:///" + std::string(200, 'x');
  for (const Wrong& wrong :
       std::initializer_list<Wrong>{{"listen = 7199", "listen \"7199\" is not an endpoint (tcp://*:7199)"},
                                    {"listn = x", "unknown option \"listn\" (did you mean listen?)"},
                                    {"query_socket = tcp://x:1", "query_socket \"tcp://x:1\" is not a local socket"},
                                    {long_path.c_str(), "at most 107 bytes"},
                                    {"nodes_dir = /k\nadmins_dir = /k", "every node would be an operator"},
                                    {"retention = soon", "retention \"soon\" is not a duration"},
                                    {"max_nodes = 0", "max_nodes \"0\" is not a whole number"},
                                    {"decisions_in_ring = 1", "decisions_in_ring \"1\" is not a whole number"}}) {
    const auto reading = hub_of(wrong.options);
    EXPECT_FALSE(reading.config) << wrong.options;
    EXPECT_TRUE(mentions(reading.problems, wrong.problem)) << wrong.options << '\n' << reading.problems.text();
  }
}

TEST(HubConfig, SeveralMistakesAreSaidTogether) {
  const auto reading = hub_of("max_nodes = x\nretention = y\nsecret_key = z\n");
  EXPECT_EQ(reading.problems.errors(), 3u) << reading.problems.text();
}

TEST(Endpoints, AreChecked) {
  for (const char* good : {"tcp://h:1", "tcp://192.0.2.1:65535", "tcp://[::1]:7199", "tcp://a-b.example.org:7199"})
    EXPECT_TRUE(is_tcp_endpoint(good, false)) << good;
  for (const char* bad : {"", "tcp://", "tcp://:1", "tcp://h", "tcp://h:", "tcp://h:x", "tcp://h:1x", "tcp://[::1:7199",
                          "tcp://[x]:1", "tcp://a b:1", "udp://h:1", "tcp://2001:db8::1:7199"}) {
    EXPECT_FALSE(is_tcp_endpoint(bad, false)) << bad;
  }
  EXPECT_TRUE(is_tcp_endpoint("tcp://*:7199", true));
}

}  // namespace
}  // namespace breakwater
