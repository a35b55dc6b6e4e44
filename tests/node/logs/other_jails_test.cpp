// SPDX-License-Identifier: Apache-2.0
// Other jails while logs are followed: what is read on, what is caught up with, what is left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/node/logs/logs_support.h"

namespace breakwater {
namespace {

using testing::append;
using testing::container_id;
using testing::DockerLog;
using ::testing::ElementsAre;
using testing::Follower;
using testing::LogsTest;
namespace fs = std::filesystem;

class OtherJails : public LogsTest {
 protected:
  JailWatch watch(const std::string& name, const std::string& glob, bool tail = false) const {
    JailWatch made = plain_jail(glob, tail);
    made.name = name;
    return made;
  }
  static JailWatch container_jail(const std::string& name, const std::string& container) {
    return {.name = name,
            .containers = true,
            .logpaths = {},
            .container_globs = {container},
            .image_globs = {},
            .labels = {}};
  }
  // As dockerd leaves it.
  void describe_container(const std::string& id, const std::string& name) const {
    const std::string directory = dir / ("containers/" + id);
    fs::create_directories(directory);
    append(directory + "/config.v2.json", "{\"ID\":\"" + id + "\",\"Name\":\"/" + name + "\",\"LogPath\":\"" +
                                              directory + "/" + id +
                                              "-json.log\",\"State\":{\"Running\":true},\"Config\":{}}");
    append(directory + "/hostconfig.json", R"({"LogConfig":{"Type":"json-file"}})");
  }
  std::unique_ptr<Follower> start(std::vector<JailWatch> jails, std::vector<StoredPosition> stored = {}) {
    LogSourcesSettings made = settings();
    made.docker_root = dir.path();
    return std::make_unique<Follower>(reactor, clock, made, std::move(jails), std::move(stored));
  }

  const std::string a = dir / "a.log", b = dir / "b.log";
};

TEST_F(OtherJails, ALogThatIsStillWantedIsReadOnWithoutALineLostOrDoubled) {
  const auto node = start({watch("one", a)});
  std::vector<std::string> written;
  for (int i = 0; i < 20; ++i) {
    for (int k = 0; k < 7; ++k) {
      written.push_back(std::to_string(i) + "." + std::to_string(k));
      append(a, written.back() + "\n");
    }
    append(a, std::to_string(i) + ".tor");
    if (i % 3 != 0) node->settle();
    node->sources->set_jails(i % 2 == 0 ? std::vector{watch("zero", b), watch("one", a)}
                                        : std::vector{watch("one", a)});
    append(a, "n\n");
    written.push_back(std::to_string(i) + ".torn");
  }
  ASSERT_TRUE(node->until_lines(written.size()));
  node->settle();
  EXPECT_EQ(written, node->texts());
  for (const testing::SeenLine& line : node->lines)
    EXPECT_FALSE(line.backlog || line.missed) << line.text;
}

TEST_F(OtherJails, LinesGoToTheNewPlacesOfTheirJails) {
  const auto node = start({watch("one", a), watch("two", b)});
  append(a, "1\n");
  ASSERT_TRUE(node->until_lines(1));
  EXPECT_THAT(node->lines[0].jails, ElementsAre(0));
  node->sources->set_jails({watch("new", a), watch("two", b), watch("one", a)});
  append(a, "2\n");
  append(b, "3\n");
  ASSERT_TRUE(node->until_lines(3));
  for (const testing::SeenLine& line : node->lines) {
    if (line.text == "2") {
      EXPECT_THAT(line.jails, ElementsAre(0, 2));
    }
    if (line.text == "3") {
      EXPECT_THAT(line.jails, ElementsAre(1));
    }
  }
}

TEST_F(OtherJails, ANewLogIsCaughtUpWithAsAfterAStart) {
  append(b, "old\n");
  const auto node = start({watch("one", a)});
  append(b, "while we ran\n");
  node->settle();
  node->sources->set_jails({watch("one", a), watch("two", b)});
  append(b, "new\n");
  ASSERT_TRUE(node->until_lines(3));
  EXPECT_THAT(node->texts(), ElementsAre("old", "while we ran", "new"));
  EXPECT_TRUE(node->lines[0].backlog);
  EXPECT_TRUE(node->lines[1].backlog);
}

TEST_F(OtherJails, ANewLogFromItsTailIsNotReadBack) {
  append(b, "old\n");
  const auto node = start({watch("one", a)});
  node->sources->set_jails({watch("two", b, true)});
  append(b, "new\n");
  ASSERT_TRUE(node->until_lines(1));
  node->settle();
  EXPECT_THAT(node->texts(), ElementsAre("new"));
}

// It appeared a moment before: nobody told us yet, and it is new all the same.
TEST_F(OtherJails, WhatAppearsUnderAGlobThatIsKeptIsNotBacklog) {
  const auto node = start({watch("one", dir / "*.log", true)});
  ::usleep(20'000);  // file systems' clocks are a tick behind
  append(b, "first\n");
  node->sources->set_jails({watch("one", dir / "*.log", true)});
  ASSERT_TRUE(node->until_lines(1));
  EXPECT_EQ("first", node->lines[0].text);
  EXPECT_FALSE(node->lines[0].backlog);
}

TEST_F(OtherJails, ALogThatNobodyWantsIsLeftAndFoundAgainWhereItWas) {
  append(a, "1\n");
  const auto node = start({watch("one", a)});
  ASSERT_TRUE(node->until_lines(1));
  node->sources->set_jails({});
  append(a, "2\n");
  node->settle();
  EXPECT_THAT(node->texts(), ElementsAre("1"));
  EXPECT_EQ(0u, node->sources->stats().files);
  EXPECT_THAT(node->sources->take_gone(), ElementsAre());
  node->sources->set_jails({watch("one", a)});
  ASSERT_TRUE(node->until_lines(2));
  node->settle();
  EXPECT_THAT(node->texts(), ElementsAre("1", "2"));
  EXPECT_TRUE(node->lines[1].missed);
}

TEST_F(OtherJails, ContainersGoToTheJailsThatWantThemNow) {
  const std::string web = container_id('a'), mail = container_id('b');
  describe_container(web, "web");
  describe_container(mail, "mail");
  DockerLog web_log(dir.path(), web), mail_log(dir.path(), mail);
  const auto node = start({container_jail("web", "web")});
  web_log.line("w1");
  mail_log.line("m1");
  ASSERT_TRUE(node->until_lines(1));
  node->sources->set_jails({container_jail("mail", "mail"), container_jail("web", "web")});
  web_log.line("w2");
  ASSERT_TRUE(node->until_lines(3));
  node->settle();
  EXPECT_THAT(node->texts(), ::testing::UnorderedElementsAre("w1", "w2", "m1"));
  for (const testing::SeenLine& line : node->lines) {
    if (line.text == "w2") {
      EXPECT_THAT(line.jails, ElementsAre(1));
    }
    if (line.text == "m1") {
      EXPECT_THAT(line.jails, ElementsAre(0));
    }
    EXPECT_EQ(line.text == "m1", line.backlog) << line.text;
  }
  node->sources->set_jails({container_jail("mail", "mail")});
  web_log.line("w3");
  mail_log.line("m2");
  ASSERT_TRUE(node->until_lines(4));
  node->settle();
  EXPECT_EQ("m2", node->lines.back().text);
}

// Neither jail wants it by the rules of the other: followed once, and not let go in between.
TEST_F(OtherJails, AContainersLogMayPassFromAGlobToARule) {
  const std::string id = container_id('a');
  describe_container(id, "web");
  DockerLog log(dir.path(), id);
  const auto node = start({watch("path", dir / "containers/*/*-json.log")});
  log.line("1");
  ASSERT_TRUE(node->until_lines(1));
  node->sources->set_jails({container_jail("rule", "web")});
  log.line("2");
  ASSERT_TRUE(node->until_lines(2));
  node->sources->set_jails({watch("path", dir / "containers/*/*-json.log")});
  log.line("3");
  ASSERT_TRUE(node->until_lines(3));
  node->settle();
  EXPECT_THAT(node->texts(), ElementsAre("1", "2", "3"));
  EXPECT_FALSE(node->lines[1].missed || node->lines[2].missed);
}

TEST_F(OtherJails, EachLogGetsOneGateForTheJailsItHasInTheEnd) {
  append(a, "1\n");
  const auto node = start({});
  std::vector<std::vector<std::size_t>> asked;
  node->sources->gate_for([&](const std::vector<std::size_t>& jails, bool) {
    asked.push_back(jails);
    return std::shared_ptr<LineGate>();
  });
  node->sources->set_jails({watch("one", a), watch("two", a), watch("three", dir / "*.log")});
  EXPECT_THAT(asked, ElementsAre(ElementsAre(0, 1, 2)));
}

}  // namespace
}  // namespace breakwater
