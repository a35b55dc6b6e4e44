// SPDX-License-Identifier: Apache-2.0
// %(x)s and <tag>, over files of one test.
#include "common/config/interpolation.h"

#include <gtest/gtest.h>

#include "common/config/definition.h"
#include "common/config/tags.h"
#include "tests/common/config/temp_tree.h"

namespace breakwater {
namespace {

Config config_of(std::initializer_list<const char*> files) {
  Config config;
  Problems problems;
  int number = 0;
  for (const char* text : files)
    config.merge(parse_ini(text, "f" + std::to_string(++number), problems));
  EXPECT_EQ(problems.text(), "");
  return config;
}

std::string shown(const Expanded& value) {
  if (value.fault) return value.fault->origin.text() + ": " + value.fault->what;
  return value.value ? value.value->text() : "(not set)";
}

std::string got(const Config& config, const char* key, const char* section = "s") {
  return shown(Interpolator(config).get(section, key));
}

TEST(Interpolation, FindsOptionsWhereFail2banDoes) {
  const Config config = config_of(
      {"[DEFAULT]\nd = dd\no = from default\n[s]\no = own\na = <%(d)s %(o)s>\nb = %(t/x)s\nc = %(default/o)s\n"
       "n = %(__name__)s\np = 100%%\nU = %(D)s\nf = %(t/d)s\nm = %(a)s%(a)s\n[t]\nx = %(o)s\n"});
  EXPECT_EQ(got(config, "a"), "<dd own>");
  EXPECT_EQ(got(config, "b"), "own");  // expanded where it is asked for, not where it stands
  EXPECT_EQ(got(config, "c"), "from default");
  EXPECT_EQ(got(config, "n"), "s");
  EXPECT_EQ(got(config, "p"), "100%");
  EXPECT_EQ(got(config, "u"), "dd");
  EXPECT_EQ(got(config, "f"), "dd");
  EXPECT_EQ(got(config, "m"), "<dd own><dd own>");
  EXPECT_EQ(got(config, "d"), "dd");
  EXPECT_EQ(got(config, "none"), "(not set)");
  EXPECT_EQ(got(config, "o", "unknown"), "from default");
}

TEST(Interpolation, KnownIsWhatAnEarlierFileSaid) {
  const Config config = config_of({"[DEFAULT]\nx = 0\ny = a\n[s]\nx = 1\nz = %(known/x)s\n", "[s]\nx = %(known/x)s 2\n",
                                   "[DEFAULT]\ny = %(known/y)s b\n[s]\nx = %(known/x)s 3\n"});
  EXPECT_EQ(got(config, "x"), "1 2 3");
  EXPECT_EQ(got(config, "y"), "a b");
  EXPECT_EQ(got(config, "z"), "1 2");
  const Config plain = config_of({"[DEFAULT]\nx = d\n[s]\nx = %(known/x)s s\n"});
  EXPECT_EQ(got(plain, "x"), "d s");
}

TEST(Interpolation, VariablesWinAndAreLiteral) {
  const Config config = config_of({"[s]\nx = file\na = %(x)s\nb = %(known/q)s\n"});
  const Interpolator with(config, {{"x", SourcedText("100% %(y)s", {})}, {"known/q", SourcedText("k", {})}});
  EXPECT_EQ(shown(with.get("s", "a")), "100% %(y)s");
  EXPECT_EQ(shown(with.get("s", "b")), "k");
}

TEST(Interpolation, SaysWhatIsWrongAndWhere) {
  const Config config =
      config_of({"[s]\na = %(none)s\nb = 50%\nc = %(x\nd = %()s\ne =\n  fine\n  %(a)s\nf = %(none/x)s\n"
                 "g = %(x)\nh = %x\n"});
  EXPECT_EQ(got(config, "a"), "f1:2: %(none)s refers to an option that is not set");
  EXPECT_EQ(got(config, "b"), "f1:3: '%' followed by \"\"");
  EXPECT_EQ(got(config, "c"), "f1:4: '%' followed by \"(x\"");
  EXPECT_EQ(got(config, "d"), "f1:5: '%' followed by \"()s\"");
  EXPECT_EQ(got(config, "e"), "f1:2: %(none)s refers to an option that is not set");
  EXPECT_EQ(got(config, "f"), "f1:9: %(none/x)s refers to an option that is not set");
  EXPECT_EQ(got(config, "g"), "f1:10: '%' followed by \"(x)\"");
  EXPECT_EQ(got(config, "h"), "f1:11: '%' followed by \"x\"");
}

TEST(Interpolation, LoopsAndGrowthEnd) {
  EXPECT_EQ(got(config_of({"[s]\na = %(a)s\n"}), "a"), "f1:2: an option refers to itself: a -> a");
  EXPECT_EQ(got(config_of({"[s]\na = %(b)s\nb = %(c)s\nc = %(a)s\n"}), "a"),
            "f1:4: an option refers to itself: a -> b -> c -> a");
  std::string deep = "[s]\n", wide = "[s]\n", empty = "[s]\n";
  for (int i = 0; i < 20; ++i) {
    const std::string next = "%(o" + std::to_string(i + 1) + ")s";
    const std::string key = "o" + std::to_string(i) + " = ";
    deep += key + next + "\n";
    wide +=
        key + "0123456789" + (i < 9 ? next + next + next + next + next + next + next + next + next + next : "") + "\n";
    empty += key + (i < 9 ? next + next + next + next + next + next + next + next + next + next : "") + "\n";
  }
  EXPECT_NE(got(config_of({deep.c_str()}), "o0").find("nested more than 10 deep"), std::string::npos);
  EXPECT_NE(got(config_of({wide.c_str()}), "o0").find("more than 5000"), std::string::npos);
  EXPECT_NE(got(config_of({empty.c_str()}), "o0").find("more than 5000"), std::string::npos);
  const std::string big =
      "[s]\nx = " + std::string(60000, 'x') + "\na = %(x)s%(x)s%(x)s%(x)s%(x)s%(x)s%(x)s%(x)s%(x)s%(x)s\n";
  EXPECT_NE(got(config_of({big.c_str()}), "a").find("grows beyond"), std::string::npos);
}

TEST(Interpolation, LinesKeepTheirOrigin) {
  const Config config = config_of({"[DEFAULT]\nc = one\n    two\n[s]\na = %(c)s\n    pre %(c)s\n    three\n"});
  const auto value = Interpolator(config).get("s", "a").value;
  ASSERT_TRUE(value);
  EXPECT_EQ(value->text(), "one\ntwo\npre one\ntwo\nthree");
  std::string lines;
  for (const SourcedLine& line : value->lines())
    lines += std::to_string(line.origin.line) + ' ';
  EXPECT_EQ(lines, "2 3 6 3 7 ");
}

TEST(Config, ConditionalSectionsAndIncludesAreNotOrdinary) {
  const Config config = config_of({"[INCLUDES]\nbefore = x\n[Init]\na = 4\n[Init?family=inet6]\na = 6\n[t]\n"});
  EXPECT_EQ(config.sections(), (std::vector<std::string>{"Init", "t"}));
  EXPECT_EQ(config.find("Init", "a?family=inet6")->value.text(), "6");
  EXPECT_EQ(config.section_origin("t").text(), "f1:7");
}

Expanded tags(const char* value, const std::map<std::string, std::string>& known) {
  return expand_tags(SourcedText(value, {"x", 1}), "self", [&](const std::string& name) {
    const auto it = known.find(name);
    return it == known.end() ? Expanded{} : Expanded{SourcedText(it->second, {"y", 2}), {}};
  });
}

TEST(Tags, AreReplacedFromTheInside) {
  const std::map<std::string, std::string> known{
      {"mode", "normal"}, {"mdre-normal", "N1\nN2"}, {"a", "<b>"},       {"b", "B"},
      {"empty", ""},      {"lt_file/p", "P"},        {"logtype", "file"}};
  EXPECT_EQ(shown(tags("<a> <b>", known)), "B B");
  EXPECT_EQ(shown(tags("x <mdre-<mode>> y", known)), "x N1\nN2 y");
  EXPECT_EQ(shown(tags("<lt_<logtype>/p>", known)), "P");
  EXPECT_EQ(shown(tags("^<HOST> <F-USER>.*</F-USER> (?P<x>a) <empty>$", known)),
            "^<HOST> <F-USER>.*</F-USER> (?P<x>a) $");
  EXPECT_EQ(shown(tags("a < b > c <b>", known)), "a < b > c B");
  EXPECT_EQ(shown(tags("<<b>> <> <<", known)), "<B> <> <<");
  EXPECT_EQ(tags("<mdre-<mode>>", known).value->lines().at(1).origin.text(), "y:2");
}

TEST(Tags, LoopsAndGrowthEnd) {
  EXPECT_EQ(shown(tags("<self>", {{"self", "x"}})), "x:1: <self> refers to itself");
  EXPECT_NE(shown(tags("<a>", {{"a", "<b>"}, {"b", "<a>"}})).find("refers to itself, or is replaced too often"),
            std::string::npos);
  EXPECT_NE(shown(tags("<a>", {{"a", "<a>"}})).find("refers to itself"), std::string::npos);
  EXPECT_NE(shown(tags("<a>", {{"a", "<a><a>"}})).find("grows beyond"), std::string::npos);
  std::map<std::string, std::string> wide;
  for (int i = 0; i < 20; ++i) {
    const std::string next = "<t" + std::to_string(i + 1) + ">";
    wide["t" + std::to_string(i)] = "0123456789" + next + next + next + next;
  }
  EXPECT_NE(shown(tags("<t0>", wide)).find("grows beyond"), std::string::npos);
}

TEST(Tags, AreFineTwentyFiveTimes) {
  EXPECT_EQ(
      shown(tags("<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>", {{"a", "x"}})),
      std::string(28, 'x'));  // one replacement: all of them at once
}

const char kDefinition[] =
    "[DEFAULT]\ndflt = from default\n[Definition]\nx = def\nfailregex = <x> <p> <q> <dflt> <known/q> %(p)s <HOST>\np = "
    "pdef\n"
    "c = <w>\n[Init]\nq = init\np = pinit\nw = four\n[Init?family=inet6]\nw = six\n";

TEST(Definition, ParametersThenInitThenDefinition) {
  const Definition plain(config_of({kDefinition}), {"f", {}}, {"jail.conf", 9});
  EXPECT_EQ(shown(plain.get("failregex")), "def pinit init from default init pdef <HOST>");
  const Definition with(config_of({kDefinition}), {"f", {{"p", "param"}, {"q", "[<known/q>]"}, {"new", "1"}}},
                        {"jail.conf", 9});
  EXPECT_EQ(shown(with.get("failregex")), "def param [init] from default init param <HOST>");
  EXPECT_EQ(with.get("new").value->origin().text(), "jail.conf:9");
  EXPECT_EQ(with.keys(), (std::vector<std::string>{"c", "failregex", "new", "p", "q", "w", "x"}));
}

TEST(Definition, ConditionsPreferTheirOptions) {
  EXPECT_EQ(shown(Definition(config_of({kDefinition}), {"f", {}}, {}).get("c")), "four");
  EXPECT_EQ(shown(Definition(config_of({kDefinition}), {"f", {}}, {}, "family=inet6").get("c")), "six");
}

TEST(Definition, EngineTagsAreNotOptions) {
  const Definition definition(config_of({"[Definition]\nhost = oops\naddr = oops\nfailregex = <HOST> <ADDR> <host>\n"}),
                              {"f", {}}, {});
  EXPECT_EQ(shown(definition.get("failregex")), "<HOST> <ADDR> oops");
}

}  // namespace
}  // namespace breakwater
