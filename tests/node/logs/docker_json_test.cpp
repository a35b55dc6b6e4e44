// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/logs/docker_json.h"

#include <gtest/gtest.h>

namespace breakwater {
namespace {

const std::string kId(64, 'c');

TEST(DockerJson, NegotiatesTheNewestCommonVersion) {
  EXPECT_EQ(negotiate({1, 12}, {1, 41})->text(), "1.41");
  EXPECT_EQ(negotiate({1, 44}, {1, 52})->text(), "1.52");
  EXPECT_EQ(negotiate({1, 40}, {1, 55})->text(), "1.52");
  EXPECT_FALSE(negotiate({1, 60}, {1, 70}));
  EXPECT_FALSE(negotiate({1, 1}, {1, 5}));
}

TEST(DockerJson, VersionsAreStrict) {
  EXPECT_EQ(ApiVersion::parse("1.41"), (ApiVersion{1, 41}));
  for (const char* text : {"", "1", "1.", ".4", "1.4x", "a.b", "1.-4"})
    EXPECT_FALSE(ApiVersion::parse(text)) << text;
}

TEST(DockerJson, EventsByActionAndActor) {
  const auto event = parse_event(R"({"Type":"container","Action":"start","Actor":{"ID":"x","Attributes":{}}})");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->action, "start");
  EXPECT_FALSE(parse_event(R"({"status":"start","id":"x","from":"nginx"})"));
  EXPECT_FALSE(parse_event("garbage"));
  EXPECT_FALSE(parse_event(R"({"Action":1,"Actor":[]})"));
}

TEST(DockerJson, WrongTypesAreEmptyNotFatal) {
  const auto info = parse_inspect("{\"Id\":\"" + kId + R"(","Name":7,"Config":{"Labels":{"a":1,"b":"c"},"Tty":"x"}})");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->name, "");
  EXPECT_EQ(info->labels, (std::map<std::string, std::string>{{"b", "c"}}));
  EXPECT_FALSE(parse_inspect(R"({"Id":"../../etc"})"));
  EXPECT_FALSE(parse_inspect("[]"));
  EXPECT_FALSE(parse_container_ids("{}"));
}

TEST(DockerJson, TheLogsPathNamesTheContainer) {
  EXPECT_EQ(container_id_of_log("/var/lib/docker/containers/" + kId + "/" + kId + "-json.log"), kId);
  EXPECT_EQ(container_id_of_log("/var/lib/docker/containers/x/" + kId + "-json.log"), "");
  EXPECT_EQ(container_id_of_log("/var/log/some-json.log"), "");
  EXPECT_EQ(container_id_of_log("-json.log"), "");
}

}  // namespace
}  // namespace breakwater
