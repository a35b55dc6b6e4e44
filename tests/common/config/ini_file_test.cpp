// SPDX-License-Identifier: Apache-2.0
#include "common/config/ini_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/config/small_file.h"
#include "tests/common/config/temp_tree.h"

namespace breakwater {
namespace {

// "section.key=value" a line, line ends in values as '|'.
std::string flat(const IniFile& file) {
  std::string out;
  for (const IniSection& section : file.sections) {
    for (const IniOption& option : section.options) {
      std::string value = option.value.text();
      for (char& c : value)
        c = c == '\n' ? '|' : c;
      out += section.name + '.' + option.key + '=' + value + '\n';
    }
  }
  return out;
}

struct Case {
  const char* name;
  std::string text;
  std::string options;
  std::string problem;  // part of the report; empty: there must be none
};

class Ini : public testing::TestWithParam<Case> {};

TEST_P(Ini, IsReadAsFail2banReadsIt) {
  Problems problems;
  EXPECT_EQ(flat(parse_ini(GetParam().text, "x.conf", problems)), GetParam().options);
  if (GetParam().problem.empty()) {
    EXPECT_EQ(problems.text(), "");
  } else {
    EXPECT_TRUE(mentions(problems, GetParam().problem)) << problems.text();
  }
}

using namespace std::string_literals;
INSTANTIATE_TEST_SUITE_P(
    Dialect, Ini,
    testing::Values(Case{"Plain", "[a]\nx = 1\ny: 2\nz=3\n", "a.x=1\na.y=2\na.z=3\n", ""},
                    Case{"NoNewlineAtTheEnd", "[a]\nx = 1", "a.x=1\n", ""}, Case{"Empty", "", "", ""},
                    Case{"FirstDelimiterSplits", "[a]\nx = b:c=d\ny : e=f\n", "a.x=b:c=d\na.y=e=f\n", ""},
                    Case{"KeysIgnoreCase", "[A]\nMaxRetry = 5\n", "A.maxretry=5\n", ""},
                    Case{"Continued", "[a]\nx = 1\n  2\n\t3\ny = 4\n", "a.x=1|2|3\na.y=4\n", ""},
                    Case{"ContinuedFromNothing", "[a]\nx =\n    1\n    2\n", "a.x=|1|2\n", ""},
                    Case{"ContinuedAcrossBlanksAndComments", "[a]\nx = 1\n\n# c\n  ; c\n  # c\n  2\n", "a.x=1|2\n", ""},
                    Case{"ContinuationMayLookLikeAnything", "[a]\nx = 1\n  [b]\n  y = 2\n", "a.x=1|[b]|y = 2\n", ""},
                    Case{"IndentedOptionsOnOneLevel", "[a]\n  x = 1\n  y = 2\n    3\n", "a.x=1\na.y=2|3\n", ""},
                    Case{"InlineComment", "[a]\nx = 1 ; c\ny = 2;3\nz = 4 # 5\nw = ;\n",
                         "a.x=1\na.y=2;3\na.z=4 # 5\na.w=\n", ""},
                    Case{"FullLineComments", "# c\n; c\n[a]\n#x = 1\n;y = 2\n", "", ""},
                    Case{"DosLineEnds", "[a]\r\nx = 1\r\n  2\r\n", "a.x=1|2\n", ""},
                    Case{"ByteOrderMark", "\xef\xbb\xbf[a]\nx = 1\n", "a.x=1\n", ""},
                    Case{"ConditionalOption", "[a]\nx?family=inet6 = y=1\n", "a.x?family=inet6=y=1\n", ""},
                    Case{"SectionWithBrackets", "[a[1]]\nx = 1\n", "a[1].x=1\n", ""},
                    Case{"Utf8", "[a]\nx = gr\xc3\xbc\xc3\x9f\n", "a.x=gr\xc3\xbc\xc3\x9f\n", ""}),
    [](const auto& one) { return one.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Mistakes, Ini,
    testing::Values(Case{"BeforeAnySection", "x = 1\n[a]\ny = 2\n", "a.y=2\n",
                         "x.conf:1: option \"x\" stands before the first [section]"},
                    Case{"NoDelimiter", "[a]\nnonsense\ny = 2\n", "a.y=2\n",
                         "x.conf:2: neither [section] nor option: \"nonsense\""},
                    Case{"NoKey", "[a]\n = 1\ny = 2\n", "a.y=2\n", "x.conf:2: option without a name"},
                    Case{"EmptySectionName", "[]\n[a]\ny = 2\n", "a.y=2\n", "x.conf:1: neither"},
                    Case{"OptionTwice", "[a]\nx = 1\nx = 2\n", "a.x=2\n",
                         "x.conf:3: option \"x\" stands a second time in [a] (first on line 2"},
                    Case{"SectionTwice", "[a]\nx = 1\n[b]\n[a]\ny = 2\n", "a.x=1\na.y=2\n",
                         "x.conf:4: section [a] stands a second time (first on line 1"},
                    Case{"TextBehindSection", "[a] b\nx = 1\n", "a.x=1\n", "x.conf:1: text behind section [a]"},
                    Case{"NulByte", "[a]\nx = 1\0\ny = 2\n"s, "a.y=2\n", "x.conf:2: line with a NUL byte"},
                    Case{"NotUtf8", "[a]\nx = \xff\xfe\ny = 2\n", "a.y=2\n",
                         "x.conf:2: line that is not UTF-8: \"x = \\xff\\xfe\""},
                    Case{"NotUtf8InComment", "# \xff\n[a]\ny = 2\n", "a.y=2\n", ""},
                    Case{"LongLine", "[a]\nx = " + std::string(kMaxIniLine, 'x') + "\ny = 2\n", "a.y=2\n",
                         "x.conf:2: line of "},
                    Case{"ControlCharactersAreEscaped", "[a]\n\x1b[31m\ny = 2\n", "a.y=2\n", "\\x1b[31m"}),
    [](const auto& one) { return one.param.name; });

TEST(IniFile, EveryLineOfAValueKnowsItsPlace) {
  Problems problems;
  const IniFile file = parse_ini("[a]\nx =\n# c\n  one\n\n  two\n", "d/x.conf", problems);
  const auto& lines = file.sections.at(0).options.at(0).value.lines();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[1].origin.text(), "d/x.conf:4");
  EXPECT_EQ(lines[2].origin.text(), "d/x.conf:6");
}

TEST(IniFile, AMegabyteOfAnythingIsBounded) {
  for (const std::string& unit :
       {std::string(1, '\0'), std::string("["), std::string("[a]\n"), std::string("x=1\n"), std::string("\n"),
        std::string(" a\n"), std::string("=\n"), std::string("%(\n"), std::string("\xc0"), std::string("a")}) {
    std::string text = "[a]\nk =\n";
    while (text.size() + unit.size() <= kMaxConfigFile)
      text += unit;
    Problems problems;
    const IniFile file = parse_ini(text, "x.conf", problems);
    EXPECT_LE(file.sections.size(), kMaxIniSections);
    EXPECT_LE(problems.all().size(), Problems::kMax);
  }
}

TEST(IniFile, TooManySectionsOrOptionsAreCutWithAWord) {
  std::string sections, options = "[a]\n";
  for (std::size_t i = 0; i <= kMaxIniSections; ++i)
    sections += "[s" + std::to_string(i) + "]\n";
  for (std::size_t i = 0; i <= kMaxIniOptions; ++i)
    options += "o" + std::to_string(i) + "=\n";
  Problems problems;
  EXPECT_EQ(parse_ini(sections, "s.conf", problems).sections.size(), kMaxIniSections);
  EXPECT_TRUE(mentions(problems, "s.conf:1001: more than 1000 sections"));
  EXPECT_EQ(parse_ini(options, "o.conf", problems).sections.at(0).options.size(), kMaxIniOptions);
  EXPECT_TRUE(mentions(problems, "o.conf:10002: more than 10000 options"));
}

TEST(IniFile, AFileThatIsTooLargeIsNotRead) {
  Problems problems;
  EXPECT_TRUE(parse_ini(std::string(kMaxConfigFile + 1, '\n'), "x.conf", problems).sections.empty());
  EXPECT_TRUE(mentions(problems, "x.conf: larger than 1048576 bytes"));
}

TEST(SmallFile, RefusesWhatIsNoFile) {
  const TempTree tree;
  EXPECT_EQ(*read_small_file(tree.write("a", "x\n")), "x\n");
  EXPECT_FALSE(read_small_file(tree.root()));
  EXPECT_FALSE(read_small_file(tree.path("none")));
  EXPECT_FALSE(read_small_file("/dev/zero"));
  ASSERT_EQ(::mkfifo(tree.path("fifo").c_str(), 0600), 0);
  EXPECT_FALSE(read_small_file(tree.path("fifo")));  // and does not block
  EXPECT_FALSE(read_small_file(tree.write("b", "12345"), 4));
}

TEST(Problems, AreBoundedAndCounted) {
  Problems problems;
  for (int i = 0; i < 1005; ++i)
    problems.error({"x", i + 1}, {}, "wrong");
  EXPECT_EQ(problems.all().size(), Problems::kMax);
  EXPECT_EQ(problems.errors(), 1005u);
  EXPECT_TRUE(problems.text().ends_with("and 5 more\n"));
}

TEST(Problem, SaysWhereWhatAndWhatWouldBeRight) {
  const Problem problem{
      Severity::error, {"node.conf", 14}, {"jail", "sshd"}, "findtime \"10x\" is not a duration", "try 10m"};
  EXPECT_EQ(problem.text(), "node.conf:14: jail \"sshd\": findtime \"10x\" is not a duration (try 10m)");
  EXPECT_EQ((Problem{Severity::warning, {"x", 0}, {}, "odd", ""}.text()), "x: warning: odd");
  EXPECT_EQ((Problem{Severity::info, {}, {"jail", "a\n\"b"}, "odd", ""}.text()), "note: jail \"a\\n\\\"b\": odd");
}

}  // namespace
}  // namespace breakwater
