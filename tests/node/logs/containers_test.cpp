// SPDX-License-Identifier: Apache-2.0
// Containers found through the Engine API or dockerd's own files, and what jails and labels make of them.
#include <algorithm>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/node/logs/fake_engine.h"
#include "tests/node/logs/logs_support.h"

namespace breakwater {
namespace {

using testing::container_id;
using ::testing::Contains;
using testing::DockerLog;
using ::testing::ElementsAre;
using testing::FakeContainer;
using testing::FakeEngine;
using testing::Follower;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LogsTest;
using ::testing::Not;
namespace fs = std::filesystem;

const std::string kA = container_id('a');
const std::string kB = container_id('b');

JailWatch jail(const std::string& name, std::vector<std::string> containers = {}) {
  return {.name = name,
          .containers = true,
          .logpaths = {},
          .container_globs = std::move(containers),
          .image_globs = {},
          .labels = {}};
}

class Containers : public LogsTest {
 protected:
  LogSourcesSettings with(bool api, bool dirs) const {
    LogSourcesSettings made = settings();
    if (api) made.docker_socket = socket;
    if (dirs) made.docker_root = dir.path();
    return made;
  }
  std::unique_ptr<Follower> node(bool api, bool dirs, std::vector<JailWatch> jails = {jail("web")},
                                 std::vector<StoredPosition> stored = {}) {
    return std::make_unique<Follower>(reactor, clock, with(api, dirs), std::move(jails), std::move(stored));
  }
  FakeContainer container(const std::string& id, const std::string& name = "web") const {
    FakeContainer made;
    made.id = id;
    made.name = name;
    made.log_path = dir / ("containers/" + id + "/" + id + "-json.log");
    return made;
  }
  // As dockerd: temp file, then rename.
  void write_config(const FakeContainer& c, bool running = true, const std::string& networks = "{}") const {
    const std::string directory = dir / ("containers/" + c.id);
    fs::create_directories(directory);
    write(directory + "/hostconfig.json", "{\"LogConfig\":{\"Type\":\"" + c.driver + "\"}}");
    write(directory + "/config.v2.json", "{\"ID\":\"" + c.id + "\",\"Name\":\"/" + c.name + "\",\"LogPath\":\"" +
                                             c.log_path + "\",\"State\":{\"Running\":" + (running ? "true" : "false") +
                                             "},\"Config\":{\"Image\":\"" + c.image + "\",\"Labels\":" + c.labels +
                                             "},\"NetworkSettings\":{\"Networks\":" + networks + "}}");
  }
  static void write(const std::string& path, const std::string& text) {
    fs::remove(path + ".tmp");
    testing::append(path + ".tmp", text);
    fs::rename(path + ".tmp", path);
  }

  const std::string socket = dir / "docker.sock";
};

TEST_F(Containers, EveryRangeOfApiVersions) {
  struct Case {
    const char *oldest, *newest, *spoken;
  };
  for (const Case& each : {Case{"1.12", "1.41", "/v1.41/"}, Case{"1.24", "1.47", "/v1.47/"},
                           Case{"1.44", "1.52", "/v1.52/"}, Case{"1.40", "1.55", "/v1.52/"}}) {
    FakeEngine engine(socket, each.oldest, each.newest);
    engine.put(container(kA));
    DockerLog log(dir.path(), kA);
    const auto follower = node(true, false);
    ASSERT_TRUE(follower->until([&] { return follower->sources->stats().api.connects == 1; })) << each.newest;
    const std::size_t before = follower->lines.size();
    log.line("hello");
    ASSERT_TRUE(follower->until_lines(before + 1)) << each.newest;
    EXPECT_EQ(follower->lines.back().container, "web");
    EXPECT_THAT(engine.asked(), Contains(HasSubstr(each.spoken)));
    EXPECT_THAT(follower->sources->alarms(), IsEmpty());
  }
}

TEST_F(Containers, ADaemonThatSpeaksOnlyNewerVersionsIsSaid) {
  FakeEngine engine(socket, "1.60", "1.70");
  const auto follower = node(true, false);
  const auto said = [&] { return follower->sources->alarms(); };
  ASSERT_TRUE(follower->until([&] { return !said().empty() && said()[0].find("1.60") != std::string::npos; }));
}

TEST_F(Containers, EventsAreAskedForBeforeTheList) {
  FakeEngine engine(socket, "1.24", "1.44");
  // Started after the list was put together: only its event tells.
  engine.when_listed([&] {
    engine.put(container(kB, "late"));
    engine.event("container", "start", kB);
  });
  DockerLog log(dir.path(), kB);
  log.line("hello");
  const auto follower = node(true, false);
  ASSERT_TRUE(follower->until_lines(1));
  EXPECT_EQ(follower->lines[0].container, "late");
  const auto asked = engine.asked();
  const auto at = [&](const char* what) {
    return std::find_if(asked.begin(), asked.end(), [&](const auto& path) { return path.find(what) != path.npos; });
  };
  EXPECT_LT(at("/events") - asked.begin(), at("/containers/json") - asked.begin());
}

TEST_F(Containers, StartRenameRemove) {
  FakeEngine engine(socket, "1.44", "1.52");
  const auto follower = node(true, false);
  ASSERT_TRUE(follower->until([&] { return follower->sources->stats().api.connects == 1; }));
  std::optional<DockerLog> log;
  log.emplace(dir.path(), kA);
  engine.put(container(kA, "web"));
  engine.event("container", "start", kA);
  log->line("one");
  ASSERT_TRUE(follower->until_lines(1));
  EXPECT_EQ(follower->lines[0].container, "web");
  EXPECT_FALSE(follower->lines[0].backlog);

  engine.put(container(kA, "old-web"));
  engine.event("container", "rename", kA);
  DockerLog second(dir.path(), kB);
  engine.put(container(kB, "web"));  // the name is used again
  engine.event("container", "start", kB);
  second.line("two");
  ASSERT_TRUE(follower->until_lines(2));
  EXPECT_EQ(follower->lines[1].source, "docker:" + kB);
  log->line("three");
  ASSERT_TRUE(follower->until_lines(3));
  EXPECT_EQ(follower->lines[2].container, "old-web");
  EXPECT_EQ(follower->lines[2].source, "docker:" + kA);

  log->raw(testing::json_record("last words", log->next_time()));
  fs::remove_all(log->directory());
  engine.drop(kA);
  engine.event("container", "destroy", kA);
  ASSERT_TRUE(follower->until_lines(4));
  EXPECT_EQ(follower->lines[3].text, "last words");
  EXPECT_THAT(follower->sources->take_gone(), ElementsAre("docker:" + kA));
  EXPECT_EQ(follower->sources->positions().size(), 1u);
}

TEST_F(Containers, TheEndOfAContainerEndsItsUnterminatedLine) {
  FakeEngine engine(socket, "1.24", "1.44");
  engine.put(container(kA));
  DockerLog log(dir.path(), kA);
  const auto follower = node(true, false);
  ASSERT_TRUE(follower->until([&] { return follower->sources->stats().api.connects == 1; }));
  log.raw(testing::json_record("password: ", log.next_time()));
  follower->settle();
  EXPECT_THAT(follower->lines, IsEmpty());
  engine.event("container", "die", kA);
  ASSERT_TRUE(follower->until_lines(1));
  EXPECT_EQ(follower->lines[0].text, "password: ");
  log.line("started");
  ASSERT_TRUE(follower->until_lines(2));
  EXPECT_EQ(follower->lines[1].text, "started");
}

TEST_F(Containers, ADaemonThatRestartsIsAskedAgain) {
  std::optional<FakeEngine> engine;
  engine.emplace(socket, "1.24", "1.44");
  engine->put(container(kA));
  DockerLog log(dir.path(), kA);
  const auto follower = node(true, false);
  ASSERT_TRUE(follower->until([&] { return follower->sources->stats().api.connects == 1; }));
  engine.reset();
  ASSERT_TRUE(follower->until([&] { return !follower->sources->alarms().empty(); }));
  log.line("while it is away");  // files are followed all the same
  ASSERT_TRUE(follower->until_lines(1));
  engine.emplace(socket, "1.44", "1.52");  // upgraded
  engine->put(container(kA));
  engine->put(container(kB, "new"));
  DockerLog second(dir.path(), kB);
  second.line("new");
  ASSERT_TRUE(follower->until_lines(2));
  EXPECT_EQ(follower->lines[1].container, "new");
  EXPECT_THAT(follower->sources->alarms(), IsEmpty());
  follower->settle();
  EXPECT_EQ(follower->lines.size(), 2u);
}

TEST_F(Containers, NetworksAreTold) {
  FakeEngine engine(socket, "1.24", "1.44");
  engine.set_networks(R"([{"Name":"bridge","IPAM":{"Config":[{"Subnet":"198.51.100.0/24","Gateway":"198.51.100.1"},
                          {"Subnet":"2001:db8:1::/64"}]}},{"Name":"host","IPAM":{"Config":null}}])");
  const auto follower = node(true, false);
  ASSERT_TRUE(follower->until([&] { return follower->networks.size() == 3; }));
  EXPECT_EQ(follower->networks[0].first.text(), "198.51.100.0/24");
  EXPECT_EQ(follower->networks[0].second, "docker network bridge");
  EXPECT_EQ(follower->networks[1].second, "gateway of docker network bridge");
  engine.set_networks(R"([{"Name":"shop","IPAM":{"Config":[{"Subnet":"203.0.113.0/24"}]}}])");
  engine.event("network", "create", "n1");
  ASSERT_TRUE(follower->until([&] { return follower->networks.size() == 1; }));
}

TEST_F(Containers, NetworksAreToldBeforeTheFirstLine) {
  FakeEngine engine(socket, "1.24", "1.44");
  engine.set_networks(R"([{"Name":"bridge","IPAM":{"Config":[{"Subnet":"198.51.100.0/24"}]}}])");
  engine.put(container(kA));
  DockerLog log(dir.path(), kA);
  log.line("one");
  const auto follower = node(true, false);
  ASSERT_TRUE(follower->until([&] { return !follower->networks.empty() || !follower->lines.empty(); }));
  EXPECT_FALSE(follower->networks.empty());
  ASSERT_TRUE(follower->until_lines(1));
}

TEST_F(Containers, AnotherDriverIsSaidOnce) {
  FakeEngine engine(socket, "1.24", "1.44");
  FakeContainer other = container(kA, "db");
  other.driver = "journald";
  other.log_path = "";
  engine.put(other);
  const auto follower = node(true, false);
  ASSERT_TRUE(follower->until([&] { return follower->sources->stats().containers_not_followed == 1; }));
  EXPECT_THAT(follower->sources->alarms(), ElementsAre("container db logs to journald: not followed"));
  EXPECT_EQ(follower->sources->stats().files, 0u);
}

TEST_F(Containers, JailsChooseByNameImageAndLabel) {
  FakeEngine engine(socket, "1.24", "1.44");
  FakeContainer a = container(kA, "shop-web-1");
  a.labels = R"({"tier":"front","breakwater.jail":"extra, nonsense"})";
  FakeContainer b = container(kB, "db");
  b.labels = R"({"breakwater.enable":"false"})";
  engine.put(a);
  engine.put(b);
  DockerLog log_a(dir.path(), kA), log_b(dir.path(), kB);
  JailWatch image = jail("image");
  image.image_globs = {"nginx:*"};
  JailWatch label = jail("label");
  label.labels = {{"tier", "back"}};
  JailWatch extra = jail("extra", {"no such name"});
  const auto follower = node(
      true, false,
      {jail("all"), jail("web", {"shop-web-*"}), image, label, extra, plain_jail(dir / "containers/*/*-json.log")});
  ASSERT_TRUE(follower->until([&] { return follower->sources->stats().api.connects == 1; }));
  follower->settle();
  log_b.line("not followed");
  log_a.line("one");
  ASSERT_TRUE(follower->until_lines(1));
  follower->settle();
  ASSERT_EQ(follower->texts(), std::vector<std::string>{"one"});
  EXPECT_THAT(follower->lines[0].jails, ElementsAre(0, 1, 2, 4, 5));
  EXPECT_THAT(follower->sources->alarms(), Contains(HasSubstr("\"nonsense\"")));
}

TEST_F(Containers, WithoutASocketDockersFilesTell) {
  write_config(container(kA));
  DockerLog log(dir.path(), kA);
  log.line("before");
  const auto follower = node(false, true, {jail("web")});
  log.line("one");
  ASSERT_TRUE(follower->until_lines(2));
  EXPECT_TRUE(follower->lines[0].backlog);
  EXPECT_EQ(follower->lines[1].container, "web");
  // A new one; its configuration comes before its log.
  write_config(container(kB, "late"), true,
               R"({"shop":{"Gateway":"198.51.100.1","IPPrefixLen":24,"IPv6Gateway":"","GlobalIPv6PrefixLen":0}})");
  DockerLog second(dir.path(), kB);
  second.line("two");
  ASSERT_TRUE(follower->until_lines(3));
  EXPECT_EQ(follower->lines[2].container, "late");
  EXPECT_FALSE(follower->lines[2].backlog);
  ASSERT_TRUE(follower->until([&] { return follower->networks.size() == 2; }));
  EXPECT_EQ(follower->networks[0].first.text(), "198.51.100.0/24");
  // It ends with a torn prompt, then it is removed.
  second.raw(testing::json_record("password: ", second.next_time()));
  write_config(container(kB, "late"), false);
  ASSERT_TRUE(follower->until_lines(4));
  EXPECT_EQ(follower->lines[3].text, "password: ");
  fs::remove_all(second.directory());
  ASSERT_TRUE(follower->until([&] { return follower->sources->stats().containers == 1; }));
  EXPECT_THAT(follower->sources->alarms(), IsEmpty());
}

TEST_F(Containers, TheSocketComesAndGoes) {
  write_config(container(kA));
  DockerLog log(dir.path(), kA), second(dir.path(), kB);
  const auto follower = node(true, true);
  log.line("one");
  ASSERT_TRUE(follower->until_lines(1));
  std::optional<FakeEngine> engine;
  engine.emplace(socket, "1.24", "1.44");
  engine->put(container(kA, "web"));
  engine->put(container(kB, "second"));
  ASSERT_TRUE(follower->until([&] { return follower->sources->stats().containers == 2; }));
  log.line("two");
  second.line("three");
  ASSERT_TRUE(follower->until_lines(3));
  engine.reset();
  write_config(container(kB, "renamed"));
  ASSERT_TRUE(follower->until([&] { return follower->sources->stats().api.disconnects == 1; }));
  follower->settle();
  second.line("four");
  ASSERT_TRUE(follower->until_lines(4));
  EXPECT_EQ(follower->lines[3].container, "renamed");
  EXPECT_EQ(follower->sources->stats().files, 2u);
}

TEST_F(Containers, NobodyTellsIsAnAlarm) {
  auto nothing = settings();
  nothing.docker_socket = dir / "none.sock";
  nothing.docker_root = dir / "none";
  Follower follower(reactor, clock, nothing, {jail("web")});
  EXPECT_THAT(follower.sources->alarms(), Contains(HasSubstr("containers are not seen")));
}

TEST_F(Containers, PositionsOfVanishedContainersAreForgotten) {
  FakeEngine engine(socket, "1.24", "1.44");
  const auto follower = node(true, false, {jail("web")}, {{"docker:" + kA, {10, 10, 5, 3}}});
  ASSERT_TRUE(follower->until([&] { return follower->sources->stats().api.connects == 1; }));
  EXPECT_THAT(follower->sources->take_gone(), ElementsAre("docker:" + kA));
}

}  // namespace
}  // namespace breakwater
