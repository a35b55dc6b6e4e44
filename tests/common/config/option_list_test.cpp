// SPDX-License-Identifier: Apache-2.0
#include "common/config/option_list.h"

#include <gtest/gtest.h>

namespace breakwater {
namespace {

std::string shown(const NameWithOptions& parsed) {
  std::string out = parsed.name;
  for (const auto& [key, value] : parsed.options)
    out += ' ' + key + "=<" + value + '>';
  return out;
}

std::string parsed(const char* text) {
  const auto result = parse_name_with_options(text);
  return result ? shown(*result) : "error: " + result.error().message();
}

TEST(OptionList, ReadsNamesWithOptions) {
  EXPECT_EQ(parsed("sshd"), "sshd");
  EXPECT_EQ(parsed(" sshd \n"), "sshd");
  EXPECT_EQ(parsed("sshd[mode=aggressive]"), "sshd mode=<aggressive>");
  EXPECT_EQ(parsed("sshd[]"), "sshd");
  EXPECT_EQ(parsed("n[a=1, b=\"x,y\"][c='z']"), "n a=<1> b=<x,y> c=<z>");
  EXPECT_EQ(parsed("n[a=1,b=2,]"), "n a=<1> b=<2>");
  EXPECT_EQ(parsed("n[a=\"[x] ]\", b=']']"), "n a=<[x] ]> b=<]>");
  EXPECT_EQ(parsed("n[a=, b=\"\"]"), "n a=<> b=<>");
  EXPECT_EQ(parsed("n[a=x y]"), "n a=<x y>");
  EXPECT_EQ(parsed("n[a=1, a=2]"), "n a=<2>");
  EXPECT_EQ(parsed("n[a.b-c_d=1]"), "n a.b-c_d=<1>");
  EXPECT_EQ(parsed("n[a=1,\n   b=2]"), "n a=<1> b=<2>");
  EXPECT_EQ(parsed("n [a=1] [b=2]"), "n a=<1> b=<2>");
  EXPECT_EQ(parsed("n[a='<tag> %']"), "n a=<<tag> %>");
}

TEST(OptionList, NamesWhatItExpected) {
  EXPECT_EQ(parsed(""), "error: a name is missing");
  EXPECT_EQ(parsed("[a=1]"), "error: a name is missing");
  EXPECT_EQ(parsed("n[a=1"), "error: expected ',' or ']' before \"\"");
  EXPECT_EQ(parsed("n[a]"), "error: expected option=value before \"a]\"");
  EXPECT_EQ(parsed("n[a=\"1]"), "error: expected a closing quote before \"\\\"1]\"");
  EXPECT_EQ(parsed("n[a=1] x"), "error: expected '[' or the end before \"x\"");
  EXPECT_EQ(parsed("n[a=\"1\" x]"), "error: expected ',' or ']' before \"x]\"");
}

std::vector<std::string> texts(const std::vector<SourcedLine>& lines) {
  std::vector<std::string> out;
  for (const SourcedLine& line : lines)
    out.push_back(line.text);
  return out;
}
using Words = std::vector<std::string>;

TEST(OptionList, SplitsActions) {
  const Origin at{"jail.conf", 3};
  EXPECT_EQ(texts(split_names(SourcedText("a[x=\"1 2\"] b\nc[y=1,\n  z='] b']\n d [q=1]", at))),
            (Words{"a[x=\"1 2\"]", "b", "c[y=1,\n  z='] b']", "d[q=1]"}));
  EXPECT_EQ(texts(split_names(SourcedText("  \n", at))), Words{});
}

TEST(OptionList, SplitsWordsAndItems) {
  const Origin at{"jail.conf", 3};
  EXPECT_EQ(texts(split_words(SourcedText("a, b c,,\nd", at))), (Words{"a", "b", "c", "d"}));
  EXPECT_EQ(texts(split_items(SourcedText("a b, c\n d ", at))), (Words{"a b", "c", "d"}));
  EXPECT_EQ(split_words(SourcedText("a", at)).at(0).origin, at);
}

}  // namespace
}  // namespace breakwater
