// SPDX-License-Identifier: Apache-2.0
#include "node/listed_ranges.h"

#include <map>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace breakwater {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ListedRangesTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = ListedRanges::create(reactor, [this](const std::string& host) { return answer(host); });
    ASSERT_TRUE(made) << made.error().message();
    listed = std::move(*made);
  }

  // On the resolver's thread.
  Result<std::vector<std::string>> answer(const std::string& host) {
    const std::lock_guard lock(mutex);
    const auto found = names.find(host);
    if (found == names.end()) return Error("nobody knows " + host);
    return found->second;
  }
  void lead(const std::string& host, std::vector<std::string> addresses) {
    const std::lock_guard lock(mutex);
    names[host] = std::move(addresses);
  }
  void forget(const std::string& host) {
    const std::lock_guard lock(mutex);
    names.erase(host);
  }
  // Until `count` names were found to lead elsewhere.
  bool looked_up(int count) {
    int changes = 0;
    listed->look_up([&] { ++changes; });
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (changes < count && std::chrono::steady_clock::now() < end)
      reactor.run_once(Duration(20));
    listed->look_up([] {});  // `changes` ends here
    return changes == count;
  }
  std::vector<std::string> ranges() const {
    std::vector<std::string> texts;
    for (const auto& [range, reason] : listed->ranges())
      texts.push_back(range.text() + " " + reason);
    return texts;
  }

  Reactor reactor;
  std::mutex mutex;
  std::map<std::string, std::vector<std::string>> names;
  std::unique_ptr<ListedRanges> listed;
  NodeConfig config;
};

TEST_F(ListedRangesTest, EachSaysWhereItStands) {
  config.ignoreip = {Prefix::parse("192.0.2.0/24").value()};
  config.hub = "tcp://198.51.100.10:7199";
  lead("198.51.100.10", {"198.51.100.10"});
  std::vector<ActiveJail> jails(1);
  jails[0].config.name = "sshd";
  jails[0].config.ignoreip = {Prefix::parse("2001:db8::/32").value()};
  listed->set(config, jails);
  listed->look_up_now();
  EXPECT_THAT(ranges(), UnorderedElementsAre("192.0.2.0/24 in ignoreip of node.conf",
                                             "2001:db8::/32 in ignoreip of jail sshd", "198.51.100.10 the hub"));
}

TEST_F(ListedRangesTest, ANameThatNobodyAnswersForKeepsItsAddresses) {
  config.ignoreip_names = {"ops.example"};
  lead("ops.example", {"192.0.2.1", "2001:db8::1"});
  listed->set(config, {});
  listed->look_up_now();
  ASSERT_EQ(2u, ranges().size());
  forget("ops.example");
  listed->set(config, {});
  listed->look_up_now();
  EXPECT_EQ(2u, ranges().size());
}

TEST_F(ListedRangesTest, ANewNameIsKnownWhenItWasLookedUp) {
  lead("ops.example", {"192.0.2.1"});
  lead("new.example", {"192.0.2.2"});
  config.ignoreip_names = {"ops.example"};
  listed->set(config, {});
  listed->look_up_now();
  config.ignoreip_names.emplace_back("new.example");
  listed->set(config, {});
  EXPECT_THAT(ranges(), ElementsAre("192.0.2.1 ops.example, in ignoreip of node.conf"));
  EXPECT_TRUE(looked_up(1));  // the old one leads where it led
  EXPECT_EQ(2u, ranges().size());
}

TEST_F(ListedRangesTest, AnAddressThatANameNoLongerLeadsToGoes) {
  config.ignoreip_names = {"ops.example"};
  lead("ops.example", {"192.0.2.1"});
  listed->set(config, {});
  listed->look_up_now();
  lead("ops.example", {"192.0.2.9"});
  EXPECT_TRUE(looked_up(1));
  EXPECT_THAT(ranges(), ElementsAre("192.0.2.9 ops.example, in ignoreip of node.conf"));
  config.ignoreip_names.clear();
  listed->set(config, {});
  EXPECT_THAT(ranges(), IsEmpty());
}

}  // namespace
}  // namespace breakwater
