// SPDX-License-Identifier: Apache-2.0
#include "common/config/config_reader.h"

#include <gtest/gtest.h>

#include "common/config/interpolation.h"
#include "tests/common/config/temp_tree.h"

namespace breakwater {
namespace {

std::string value(const std::optional<Config>& config, const char* key) {
  if (!config) return "(no config)";
  const Expanded found = Interpolator(*config).get("s", key);
  return found.value ? found.value->text() : "(not set)";
}

TEST(ConfigReader, ReadsInFail2bansOrder) {
  const TempTree tree;
  tree.write("jail.conf", "[s]\nx = 1\nk = a\n");
  tree.write("jail.d/10.conf", "[s]\nx = %(known/x)s 3\n");
  tree.write("jail.d/05.conf", "[s]\nx = %(known/x)s 2\n");
  tree.write("jail.local", "[s]\nx = %(known/x)s 4\n");
  tree.write("jail.d/05.local", "[s]\nx = %(known/x)s 5\n");
  tree.write("jail.d/.hidden.conf", "[s]\nx = hidden\n");
  tree.write("jail.d/other.txt", "[s]\nx = other\n");
  Problems problems;
  ConfigReader reader({tree.root() + "/"}, problems);
  const auto config = reader.read_all("jail");
  EXPECT_EQ(value(config, "x"), "1 2 3 4 5");
  EXPECT_EQ(value(config, "k"), "a");
  EXPECT_EQ(problems.text(), "");
}

TEST(ConfigReader, IncludesBeforeAndAfterEachWithItsLocal) {
  const TempTree tree;
  tree.write("f.conf",
             "[INCLUDES]\nbefore = b1.conf\n   sub/b2.conf\nafter = a.local\n        a.conf\n[s]\nx = %(known/x)s f\n");
  tree.write("b1.conf", "[INCLUDES]\nbefore = b0.conf\n[s]\nx = %(known/x)s b1\n");
  tree.write("b0.conf", "[s]\nx = b0\n");
  tree.write("b1.local", "[s]\nx = %(known/x)s b1l\n");
  tree.write("sub/b2.conf", "[s]\nx = %(known/x)s b2\n");
  tree.write("a.conf", "[s]\nx = %(known/x)s a\n");
  Problems problems;
  ConfigReader reader({tree.root()}, problems);
  EXPECT_EQ(value(reader.read_all("f"), "x"), "b0 b1 b1l b2 f a");
  EXPECT_EQ(problems.text(), "");
}

TEST(ConfigReader, TheFirstDirectoryWins) {
  const TempTree tree;
  tree.write("own/jail.conf", "[s]\nx = own\n");
  tree.write("stock/jail.conf", "[s]\nx = stock\ny = stock\n");
  tree.write("own/filter.d/a.conf", "[INCLUDES]\nbefore = common.conf\n[s]\nx = own\n");
  tree.write("stock/filter.d/a.conf", "[s]\nx = stock\ny = stock\n");
  tree.write("stock/filter.d/b.conf", "[s]\nx = stock\ny = stock\n");
  tree.write("own/filter.d/b.local", "[s]\nx = own\n");
  tree.write("stock/filter.d/common.conf", "[s]\nz = common\n");
  Problems problems;
  ConfigReader reader({tree.path("own"), tree.path("stock")}, problems);
  EXPECT_EQ(value(reader.read_all("jail"), "x"), "own");
  EXPECT_EQ(value(reader.read_all("jail"), "y"), "stock");
  const auto a = reader.read_first("filter.d/a");
  EXPECT_EQ(value(a, "x"), "own");
  EXPECT_EQ(value(a, "y"), "(not set)");
  EXPECT_EQ(value(a, "z"), "common");
  EXPECT_EQ(value(reader.read_first("filter.d/b"), "x"), "own");
  EXPECT_EQ(value(reader.read_first("filter.d/b"), "y"), "stock");
  EXPECT_FALSE(reader.read_first("filter.d/none"));
  EXPECT_FALSE(reader.read_all("none"));
  EXPECT_EQ(problems.text(), "");
}

TEST(ConfigReader, IncludeLoopsEnd) {
  const TempTree tree;
  tree.write("a.conf", "[INCLUDES]\nbefore = b.conf\n[s]\nx = a\n");
  tree.write("b.conf", "[INCLUDES]\nafter = a.conf\n[s]\ny = b\n");
  tree.write("me.conf", "[INCLUDES]\nbefore = me.conf\n[s]\nx = me\n");
  Problems problems;
  ConfigReader reader({tree.root()}, problems);
  const auto config = reader.read_all("a");
  EXPECT_EQ(value(config, "x") + value(config, "y"), "ab");
  EXPECT_TRUE(mentions(problems, "b.conf:2: includes \"a.conf\", which includes this file: left out"))
      << problems.text();
  EXPECT_EQ(value(reader.read_all("me"), "x"), "me");
  EXPECT_TRUE(mentions(problems, "me.conf:2: includes \"me.conf\"")) << problems.text();
}

TEST(ConfigReader, DepthAndNumberOfFilesAreBounded) {
  const TempTree tree;
  std::string fan = "[INCLUDES]\nbefore =";
  for (int i = 0; i < 15; ++i) {
    const std::string next = "d" + std::to_string(i + 1) + ".conf";
    tree.write("d" + std::to_string(i) + ".conf",
               "[INCLUDES]\nbefore = " + next + "\n[s]\nx = " + std::to_string(i) + "\n");
    // Each level includes the next one ten times: 10^15 in all.
    std::string ten = "[INCLUDES]\nbefore =";
    for (int k = 0; k < 10; ++k)
      ten += " w" + std::to_string(i + 1) + ".conf\n  ";
    tree.write("w" + std::to_string(i) + ".conf", ten + "\n[s]\nx = 1\n");
  }
  Problems problems;
  ConfigReader reader({tree.root()}, problems);
  EXPECT_EQ(value(reader.read_all("d0"), "x"), "0");
  EXPECT_TRUE(mentions(problems, "nested more than 10 deep")) << problems.text();
  EXPECT_TRUE(reader.read_all("w0"));
  EXPECT_TRUE(mentions(problems, "more than 5000 files")) << problems.text();
}

TEST(ConfigReader, NothingInAFileWritesOnTheTerminal) {
  const TempTree tree;
  tree.write("a.conf", "[INCLUDES]\nbefore = x\x1b[2J.conf\n[s]\nx = a\n");
  Problems problems;
  ConfigReader reader({tree.root()}, problems);
  EXPECT_EQ(value(reader.read_all("a"), "x"), "a");
  EXPECT_TRUE(mentions(problems, "looked for " + tree.root() + "/x\\x1b[2J.conf)")) << problems.text();
}

TEST(ConfigReader, MissingAndUnreadableFilesAreNamed) {
  const TempTree tree;
  tree.write("a.conf", "[INCLUDES]\nbefore = none.conf\nafter = none.local\n[s]\nx = a\n");
  tree.write("b.conf/x", "");
  Problems problems;
  ConfigReader reader({tree.root()}, problems);
  EXPECT_EQ(value(reader.read_all("a"), "x"), "a");
  EXPECT_TRUE(mentions(problems, "a.conf:2: warning: includes \"none.conf\", which does not exist")) << problems.text();
  EXPECT_FALSE(mentions(problems, "none.local"));
  EXPECT_TRUE(reader.read_all("b"));
  EXPECT_TRUE(mentions(problems, "b.conf is not a regular file")) << problems.text();
}

TEST(ConfigReader, ProblemsOfASharedFileAreSaidOnce) {
  const TempTree tree;
  tree.write("filter.d/common.conf", "nonsense\n[s]\nx = 1\n");
  tree.write("filter.d/a.conf", "[INCLUDES]\nbefore = common.conf\n");
  tree.write("filter.d/b.conf", "[INCLUDES]\nbefore = common.conf\n");
  Problems problems;
  ConfigReader reader({tree.root()}, problems);
  EXPECT_EQ(value(reader.read_first("filter.d/a"), "x"), "1");
  EXPECT_EQ(value(reader.read_first("filter.d/b"), "x"), "1");
  EXPECT_EQ(problems.errors(), 1u) << problems.text();
}

}  // namespace
}  // namespace breakwater
