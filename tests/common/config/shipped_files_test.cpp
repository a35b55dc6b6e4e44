// SPDX-License-Identifier: Apache-2.0
// What stands in configs/: it is read without a word of complaint. Its filters:
// tests/node/filter/shipped_filters_test.cpp.
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/config/hub_config.h"
#include "common/config/jail_reader.h"
#include "common/config/node_config.h"
#include "tests/common/config/temp_tree.h"

namespace breakwater {
namespace {

TEST(ShippedFiles, JailsLoadWithoutAWord) {
  const JailReading reading = read_jails({.config_dirs = {"configs"}, .filter_dirs = {}, .with_filters = true});
  EXPECT_EQ(reading.problems.text(), "");
  ASSERT_EQ(reading.jails.size(), 1u);
  const JailConfig& sshd = reading.jails[0];
  EXPECT_EQ(sshd.name, "sshd");
  ASSERT_EQ(sshd.logpaths.size(), 1u);
  EXPECT_EQ(sshd.logpaths[0].glob, "/var/log/auth.log");
  EXPECT_EQ(sshd.maxretry, 5);
  EXPECT_EQ(sshd.fleet_maxretry, 5);
  EXPECT_EQ(sshd.mode, JailMode::enforce);
  EXPECT_TRUE(reading.refused.empty());
}

TEST(ShippedFiles, EveryJailLoadsWhenEnabled) {
  const JailReading shipped = read_jails({.config_dirs = {"configs"}, .filter_dirs = {}, .with_filters = true});
  ASSERT_FALSE(shipped.disabled.empty());
  std::string enable_all;
  for (const std::string& name : shipped.disabled)
    enable_all += "[" + name + "]\nenabled = true\n";
  const TempTree tree;
  tree.write("jail.local", enable_all);
  const JailReading reading =
      read_jails({.config_dirs = {tree.root(), "configs"}, .filter_dirs = {}, .with_filters = true});
  EXPECT_EQ(reading.problems.text(), "");
  EXPECT_EQ(reading.jails.size(), shipped.disabled.size() + 1);
  for (const JailConfig& jail : reading.jails) {
    const bool chooses = !jail.container_globs.empty() || !jail.image_globs.empty() || !jail.labels.empty();
    EXPECT_EQ(jail.backend == LogBackend::docker, chooses) << jail.name << " reads every container";
  }
}

// Every `#option = default` of the files, taken out of its comment, must be known and must mean the default.
std::string uncommented(const std::string& file) {
  std::ifstream in(file);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    const bool option = line.size() > 2 && line[0] == '#' && line[1] != ' ' && line.find(" = ") != std::string::npos;
    out += (option ? line.substr(1) : line) + '\n';
  }
  return out;
}

TEST(ShippedFiles, NodeAndHubConfAreReadAsShipped) {
  const NodeConfigReading node = read_node_config("configs/node.conf");
  EXPECT_EQ(node.problems.text(), "");
  EXPECT_TRUE(node.config);
  const HubConfigReading hub = read_hub_config("configs/hub.conf");
  EXPECT_EQ(hub.problems.text(), "");
  EXPECT_TRUE(hub.config);
}

TEST(ShippedFiles, TheCommentsNameRealOptionsWithTheirDefaults) {
  const TempTree tree;
  const std::string key = tree.write("hub.key.pub", std::string(64, 'a') + "\n");
  std::string text = uncommented("configs/node.conf");
  text.replace(text.find("/etc/breakwater/hub.key.pub"), 27, key);
  text.replace(text.find("the host's name up to the first dot"), 35, "web1");
  const NodeConfigReading node = read_node_config(tree.write("node.conf", text));
  EXPECT_EQ(node.problems.text(), "");
  ASSERT_TRUE(node.config);
  const NodeConfig plain;
  EXPECT_EQ(node.config->secret_key_file, plain.secret_key_file);
  EXPECT_EQ(node.config->state_dir, plain.state_dir);
  EXPECT_EQ(node.config->spool_limit, plain.spool_limit);
  EXPECT_EQ(node.config->config_dirs, plain.config_dirs);
  EXPECT_EQ(node.config->filter_dirs, plain.filter_dirs);
  EXPECT_EQ(node.config->docker_socket, plain.docker_socket);
  EXPECT_EQ(node.config->docker_root, plain.docker_root);
  EXPECT_EQ(node.config->firewall, plain.firewall);
  EXPECT_EQ(node.config->log_level, plain.log_level);

  text = uncommented("configs/hub.conf");
  text.replace(text.find("the host's name up to the first dot"), 35, "control");
  const HubConfigReading hub = read_hub_config(tree.write("hub.conf", text));
  EXPECT_EQ(hub.problems.text(), "");
  ASSERT_TRUE(hub.config);
  const HubConfig bare;
  EXPECT_EQ(hub.config->listen, bare.listen);
  EXPECT_EQ(hub.config->query_socket, bare.query_socket);
  EXPECT_EQ(hub.config->secret_key_file, bare.secret_key_file);
  EXPECT_EQ(hub.config->nodes_dir, bare.nodes_dir);
  EXPECT_EQ(hub.config->admins_dir, bare.admins_dir);
  EXPECT_EQ(hub.config->state_dir, bare.state_dir);
  EXPECT_EQ(hub.config->retention, bare.retention);
  EXPECT_EQ(hub.config->bantime, bare.bantime);
  EXPECT_EQ(hub.config->max_nodes, bare.max_nodes);
  EXPECT_EQ(hub.config->decisions_in_ring, bare.decisions_in_ring);
}

TEST(Article, ItsThreeFilesWorkWordForWord) {
  const JailReading reading =
      read_jails({.config_dirs = {"tests/fixtures/article"}, .filter_dirs = {}, .with_filters = true});
  EXPECT_FALSE(reading.problems.has_errors()) << reading.problems.text();
  EXPECT_TRUE(mentions(reading.problems, "note: action \"docker-action\": done by the built-in firewall"))
      << reading.problems.text();
  ASSERT_EQ(reading.jails.size(), 1u);
  const JailConfig& jail = reading.jails[0];
  EXPECT_EQ(jail.name, "docker");
  EXPECT_EQ(jail.mode, JailMode::enforce);
  EXPECT_EQ(jail.maxretry, 1);
  ASSERT_EQ(jail.logpaths.size(), 1u);
  EXPECT_EQ(jail.logpaths[0].glob, "/var/lib/docker/containers/*/*-json.log");
  EXPECT_EQ(jail.filter.name, "docker-filter");
  ASSERT_EQ(jail.filter.failregex.size(), 1u);
  EXPECT_EQ(jail.filter.failregex[0].pattern, R"(^{"log":"<HOST> .*POST .*xmlrpc\.php.*)");
  EXPECT_EQ(jail.filter.failregex[0].origin.text(), "tests/fixtures/article/filter.d/docker-filter.conf:2");
  EXPECT_TRUE(jail.filter.ignoreregex.empty());
  EXPECT_EQ(jail.actions, std::vector<std::string>{"docker-action"});
}

}  // namespace
}  // namespace breakwater
