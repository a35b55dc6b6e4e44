// SPDX-License-Identifier: Apache-2.0
// Real packets through a Docker-like host: what does a ban cut?
//
// "Was dropped" cannot be awaited. So after a banned client's packet another client's packet takes the same way, and
// once that has arrived the banned one's must not have.
#include <chrono>
#include <optional>
#include <ostream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/runtime/system_clock.h"
#include "node/adapters/firewall/iptables_firewall.h"
#include "node/adapters/firewall/iptables_rules_firewall.h"
#include "tests/node/firewall/docker_host.h"

namespace breakwater {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t kPublished = 8080;
constexpr std::uint16_t kHostService = 22;

// A connection and its end at the server.
struct Line {
  UniqueFd client;
  UniqueFd server;
  // What the client sends arrives.
  bool carries_up(const std::string& text) const {
    send_text(client, text);
    return read_soon(server) == text;
  }
  bool carries_down(const std::string& text) const {
    send_text(server, text);
    return read_soon(client) == text;
  }
};

class TrafficBase : public ::testing::Test {
 protected:
  void make_host(const std::string& filter, const std::string& nat, const TestNet& net) {
    net_ = net;
    docker_.emplace();
    run_in(docker_->host, filter + nat);
    web_ = listen_in(docker_->container, net.container, 80);
    ssh_ = listen_in(docker_->host, net.host, kHostService);
    inside_.emplace(docker_->host);
  }

  template <class T>
  void start_firewall() {
    auto opened = T::open(clock_);
    ASSERT_TRUE(opened) << opened.error().message();
    firewall_ = std::move(*opened);
    const auto installed = firewall_->install();
    ASSERT_TRUE(installed) << installed.error().message();
  }

  UniqueFd start(const char* from, std::uint16_t port) {
    return start_connecting(docker_->clients, from, net_.host, port);
  }
  const UniqueFd& listener(std::uint16_t port) const { return port == kHostService ? ssh_ : web_; }

  Line connect(const char* from, std::uint16_t port) {
    Line line{start(from, port), UniqueFd()};
    EXPECT_TRUE(ready(line.client.get(), POLLOUT)) << from << " cannot connect";
    EXPECT_TRUE(is_connected(line.client)) << from;
    EXPECT_TRUE(ready(listener(port).get(), POLLIN));
    line.server = UniqueFd(::accept4(listener(port).get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    return line;
  }

  // The attacker's new connection does not come through, the bystander's does.
  void expect_new_connection_cut(std::uint16_t port) {
    const auto attacker = start(net_.attacker, port);
    const auto other = connect(net_.bystander, port);
    EXPECT_TRUE(other.carries_up("hello"));
    EXPECT_FALSE(is_connected(attacker));
    EXPECT_FALSE(ready(listener(port).get(), POLLIN, 0ms));
  }
  void expect_live_connection_cut(const Line& live, const Line& other) {
    send_text(live.client, "more");
    EXPECT_TRUE(other.carries_up("ping"));
    EXPECT_EQ(read_now(live.server), "");
  }
  void expect_push_cut(const Line& push, const Line& other) {
    for (int i = 0; i < 3; ++i) {
      send_text(push.server, "tick");
      EXPECT_TRUE(other.carries_down("tock"));
      EXPECT_EQ(read_now(push.client), "") << "bytes after the ban";
    }
  }

  void ban(const char* who) {
    EXPECT_EQ(firewall_->apply({{.who = Prefix::parse(who).value(), .remaining = 1h}})[0], "");
  }
  void unban(const char* who) {
    EXPECT_EQ(firewall_->apply({{.who = Prefix::parse(who).value(), .remaining = std::nullopt, .lift = true}})[0], "");
  }
  template <class Done>
  bool heal_until(const Done& done) {
    const auto deadline = std::chrono::steady_clock::now() + 1s;
    while (!done(*firewall_->heal())) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      ready(firewall_->watch_fd(), POLLIN, 100ms);
    }
    return true;
  }
  std::string shell(const std::string& script) { return run_in(docker_->host, script); }

  SystemClock clock_;
  TestNet net_{};
  std::optional<DockerHost> docker_;
  UniqueFd web_;
  UniqueFd ssh_;
  std::optional<InNetns> inside_;
  std::unique_ptr<Firewall> firewall_;
};

struct Layout {
  const char* name;
  bool v4;
  std::string (*make)();
};

void PrintTo(const Layout& layout, std::ostream* out) {
  *out << layout.name;
}

std::string nat4() {
  return docker_nat("iptables", kContainer4);
}
std::string nat6() {
  return docker_nat("ip6tables", kContainer6);
}

const Layout kLayouts[] = {
    {"Docker20_IPv4", true, [] { return docker_20("iptables", kContainer4) + nat4(); }},
    {"Docker20_IPv6", false, [] { return docker_20_ip6("ip6tables", kContainer6) + nat6(); }},
    {"Docker28_IPv4", true, [] { return docker_28("iptables", kContainer4) + nat4(); }},
    {"Docker28_IPv6", false, [] { return docker_28("ip6tables", kContainer6) + nat6(); }},
    {"Docker29Nft_IPv4", true, [] { return docker_29_nft(); }},
    {"Docker29Nft_IPv6", false, [] { return docker_29_nft(); }},
};

class Traffic : public TrafficBase, public ::testing::WithParamInterface<Layout> {
 protected:
  void SetUp() override {
    if (const auto why = netns_unavailable(); !why.empty()) GTEST_SKIP() << why;
    make_host(GetParam().make(), "", GetParam().v4 ? kNet4 : kNet6);
    start_firewall<IptablesFirewall>();
  }
};

TEST_P(Traffic, ABanCutsNewAndLiveConnectionsAndAPushedStream) {
  const auto live = connect(net_.attacker, kPublished);
  const auto push = connect(net_.attacker, kPublished);
  const auto other = connect(net_.bystander, kPublished);
  ASSERT_TRUE(live.carries_up("hello") && live.carries_down("echo"));
  ASSERT_TRUE(push.carries_down("tick"));
  ASSERT_TRUE(other.carries_up("ping") && other.carries_down("pong"));

  ban(net_.attacker);
  expect_live_connection_cut(live, other);
  expect_push_cut(push, other);
  expect_new_connection_cut(kPublished);

  unban(net_.attacker);
  EXPECT_TRUE(connect(net_.attacker, kPublished).carries_up("again"));
}

TEST_P(Traffic, ABanOfAPrefixCutsItToo) {
  const auto live = connect(net_.attacker, kPublished);
  const auto other = connect(net_.bystander, kPublished);
  ban(GetParam().v4 ? "198.51.100.8/29" : "2001:db8:1::10/124");
  expect_live_connection_cut(live, other);
  expect_new_connection_cut(kPublished);
}

TEST_P(Traffic, ABanCutsAServiceOfTheHost) {
  const auto live = connect(net_.attacker, kHostService);
  const auto other = connect(net_.bystander, kHostService);
  ASSERT_TRUE(live.carries_up("hello"));
  ban(net_.attacker);
  expect_live_connection_cut(live, other);
  expect_new_connection_cut(kHostService);
  unban(net_.attacker);
  EXPECT_TRUE(connect(net_.attacker, kHostService).carries_up("again"));
}

TEST_P(Traffic, TheBanHoldsAgainAfterAFlush) {
  const std::string iptables = GetParam().v4 ? "iptables" : "ip6tables";
  ban(net_.attacker);
  shell(iptables + " -P FORWARD ACCEPT; " + iptables + " -F");
  ASSERT_TRUE(heal_until([](const FirewallHealth& h) { return h.enforcing && h.repairs >= 2; }));
  expect_new_connection_cut(kPublished);
  expect_new_connection_cut(kHostService);
}

// What a starting dockerd, a firewall script or a new container does; nobody heals in this test.
TEST_P(Traffic, NobodyGetsInWhileOthersTakeTheFirstPlacesOrFlush) {
  const std::string iptables = GetParam().v4 ? "iptables" : "ip6tables";
  const auto live = connect(net_.attacker, kPublished);
  const auto push = connect(net_.attacker, kPublished);
  const auto other = connect(net_.bystander, kPublished);
  ASSERT_TRUE(live.carries_up("hello") && push.carries_down("tick") && other.carries_up("ping"));
  const auto expect_all_cut = [&] {
    expect_live_connection_cut(live, other);
    expect_push_cut(push, other);
    expect_new_connection_cut(kPublished);
    expect_new_connection_cut(kHostService);
  };
  ban(net_.attacker);
  shell("for chain in DOCKER DOCKER-USER FORWARD INPUT; do " + iptables + " -I $chain -j ACCEPT 2>&1 || true; done");
  expect_all_cut();
  shell(iptables + " -P FORWARD ACCEPT; " + iptables + " -F");
  expect_all_cut();
}

INSTANTIATE_TEST_SUITE_P(Layouts, Traffic, ::testing::ValuesIn(kLayouts),
                         [](const auto& test) { return std::string(test.param.name); });

class TrafficTwenty : public TrafficBase {
 protected:
  void SetUp() override {
    if (const auto why = netns_unavailable(); !why.empty()) GTEST_SKIP() << why;
    make_host(docker_20("iptables", kContainer4), nat4(), kNet4);
  }
};

TEST_F(TrafficTwenty, WithoutARawTableAnAcceptOfEstablishedAboveUsIsOvercome) {
  shell(no_raw_table());
  start_firewall<IptablesFirewall>();
  const auto live = connect(net_.attacker, kPublished);
  const auto other = connect(net_.bystander, kPublished);
  ban(net_.attacker);
  // As Docker's own documentation advises.
  shell("iptables -I DOCKER-USER -m state --state RELATED,ESTABLISHED -j ACCEPT");
  ASSERT_TRUE(live.carries_up("alive")) << "else this test shows nothing";
  ASSERT_TRUE(heal_until([&](const FirewallHealth& h) { return h.contended == 1; }));
  expect_live_connection_cut(live, other);
}

TEST_F(TrafficTwenty, WithoutARawTableANewNetworksRulesDoNotLetTheBannedIn) {
  shell(no_raw_table());
  start_firewall<IptablesFirewall>();
  ban(net_.attacker);
  // What `docker network create` of 20.10 does: the new bridge's rules above, DOCKER-USER's jump on top again.
  shell(
      "iptables -I FORWARD -i br-0123456789ab -o br-0123456789ab -j ACCEPT;"
      "iptables -I FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT;"
      "iptables -D FORWARD -j DOCKER-USER; iptables -I FORWARD -j DOCKER-USER");
  expect_new_connection_cut(kPublished);
  ASSERT_TRUE(heal_until([](const FirewallHealth& h) { return h.enforcing; }));
  expect_new_connection_cut(kPublished);
}

TEST_F(TrafficTwenty, WithoutARawTableDockerdsRestartDoesNotLetTheBannedIn) {
  shell(no_raw_table());
  start_firewall<IptablesFirewall>();
  ban(net_.attacker);
  shell(
      "iptables -D FORWARD -o docker0 -j DOCKER; iptables -F DOCKER; iptables -X DOCKER; iptables -N DOCKER;"
      "iptables -A FORWARD -o docker0 -j DOCKER;"
      "iptables -I DOCKER -d 203.0.113.2 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT");
  expect_new_connection_cut(kPublished);
  ASSERT_TRUE(heal_until([](const FirewallHealth& h) { return h.repairs >= 1; }));
  expect_new_connection_cut(kPublished);
}

TEST_F(TrafficTwenty, TheBannedStayOutWhenTheSetIsFlushedAndFilledAgain) {
  start_firewall<IptablesFirewall>();
  ban(net_.attacker);
  ASSERT_TRUE(heal_until([](const FirewallHealth& h) { return h.enforcing; }));
  shell("ipset flush breakwater4");
  ASSERT_TRUE(heal_until([](const FirewallHealth& h) { return h.entries_lost; }));
  ban(net_.attacker);  // what the node does from memory
  expect_new_connection_cut(kPublished);
}

TEST_F(TrafficTwenty, OneRuleAnAddressCutsNewConnections) {
  start_firewall<IptablesRulesFirewall>();
  ban(net_.attacker);
  expect_new_connection_cut(kPublished);
  expect_new_connection_cut(kHostService);
  unban(net_.attacker);
  EXPECT_TRUE(connect(net_.attacker, kPublished).carries_up("again"));
}

// Why the sets are the default.
TEST_F(TrafficTwenty, OneRuleAnAddressInDockerLeavesLiveConnections) {
  start_firewall<IptablesRulesFirewall>();
  const auto live = connect(net_.attacker, kPublished);
  ASSERT_TRUE(live.carries_up("hello"));
  ban(net_.attacker);
  EXPECT_TRUE(live.carries_up("still here"));
}

}  // namespace
}  // namespace breakwater
