// SPDX-License-Identifier: Apache-2.0
// Our translation of Python's regexes against the installed fail2ban's own search: the same verdict and the same
// groups.
#include <iostream>

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "node/core/filter/filter_engine.h"
#include "tests/node/filter/fail2ban_oracle.h"

namespace breakwater {
namespace {

using nlohmann::json;

const std::vector<std::string> kRegexes = {
    "<HOST>",
    "^<HOST>$",
    "^<ADDR>(?::\\d+)?$",
    "<IP4>",
    "<IP6>",
    "^<SUBNET>",
    "<DNS>",
    "<F-ID/>",
    "user=<F-USER>[^\"]*</F-USER>",
    "user=<F-USER>.*</F-USER> from",
    "user=<F-USER>.*?</F-USER> from",
    "^{\"log\":\"<HOST> .*POST .*xmlrpc\\.php.*",
    "a{,2}b",
    "a{2}b",
    "a{1,}b",
    "a{,}b",
    "a{b",
    "a{}b",
    "a{1,b",
    "x{,2}$",
    "\\s$",
    "\\s+\\Z",
    "b\\Z",
    "b$",
    "^$",
    "[]a]+",
    "[^]a]+",
    "[a-c\\-x]+",
    "[[:alpha:]]+",
    "[\\w.-]+@",
    "[\\W]",
    "[\\W\\d]+x",
    "[^\\s\"]+",
    "[^\\w]+",
    "[^\\d\\s]+",
    "\\bfoo\\b",
    "\\Bo",
    "(?i)FOO",
    "((?i)FOO)bar",
    "(?:(?i)foo)BAR",
    "(?i:foo)BAR",
    "(?s)foo.bar",
    "(?m)^bar$",
    "(?a)\\w+$",
    "foo(?#comment)bar",
    "\\x66\\u006fo",
    "\\146oo",
    "\\0",
    "(foo|bar)+?x",
    "(?:foo|foobar)x?(?P<rest>.*)",
    "(?P<a>a+)(?P<b>a*)",
    "(?P<a>a+?)(?P<b>a*)",
    "(?P<a>.*) (?P<b>\\S+)$",
    "(?P<a>\\S+)(?: .*)? (?P<b>\\d+)",
    "(?P<a>x)|(?P<b>o)",
    "(?:(?P<a>f)|(?P<b>b))+",
    "(?P<a>f.*)?o.*r.*",
    "foo(?= bar)",
    "foo(?=$|\\s)",
    "<F-X>foo</F-X></F-Y>",
    "</?b>",
    "é+",
    "[é-ü]",
    "(?i)É",
    "^.{3}$",
    "\\d+$",
    "\\D+$",
    "\\S+$",
    "\\.\\-\\/\\ \\_\\\"",
    "\\",
    "(",
    "[z-a]",
    "a**",
    "*a",
    "x{3,2}",
    "(?P<a>x)(?P<a>y)",
    "(?P<1>x)",
    "foo|",
    "|foo",
    "(?:)",
    "()",
    ".",
    ".*",
    // What RE2 lacks.
    R"re((?!foo)(?P<a>\w+) (?P<b>.*))re",
    R"re(^(?P<a>(?:(?!from )\S+ )*)from (?P<ip>\S+))re",
    R"re((?P<a>\w)(?P=a))re",
    R"re((\w)\1(?P<a>.*))re",
    R"re((?P<q>")?(?P<a>[^"\s]+)(?(q)"| ))re",
    R"re((?P<q>b)?(?P<a>o+)(?(q)x))re",
    R"re((")?(?P<a>\w+)(?(1)"))re",
    R"re((?<=user=)(?P<a>\w+))re",
    R"re((?<!user=)\b(?P<a>\w+))re",
    R"re((?=.*from)(?P<a>\S+)(?= from))re",
    R"re((?>a+)(?P<a>b?))re",
    R"re(a++(?P<a>b))re",
    R"re((?P<a>\S*+) )re",
    R"re((?:a|b){1200}?(?P<a>x?)|(?P<b>x))re",
    R"re(\b(?P<a>\w+)\b)re",
    R"re(\B(?P<a>\w))re",
    R"re((?a:\b(?P<a>\w+)\b))re",
    R"re((?i)(?!FOO)(?P<a>\w+))re",
    R"re((?P<a>[^\W\d_]+))re",
    R"re((?x) (?P<a> foo )  # a comment
       [ ] )re",
    R"re((?P<a>(?:(?!b).)*)b)re",
    R"re(^(?P<a>\S+)(?: (?!x)\w+)*$)re",
    R"re((?=x)?(?P<a>b))re",
    R"re((?P=a)(?P<a>x))re",
    R"re((?(a)x|y)(?P<a>x))re",
    R"re((?<=a+)b(?P<a>.))re",
    R"re((?!a)re",
};

const std::vector<std::string> kTexts = {
    "",
    "foo",
    "foo bar",
    "foobar baz",
    "FOObar",
    "FOOBAR fooBAR",
    "a",
    "aab",
    "aaab",
    "b",
    "a{b a{}b a{1,b a{,2}b",
    "x",
    "b ",
    "b\t",
    "203.0.113.7",
    "::ffff:203.0.113.7",
    "[203.0.113.7]:22",
    "2001:db8::1",
    "[2001:db8::1]:443",
    "2001:db8::",
    "fe80::1%eth0 ::1 :: 1::",
    "203.0.113.7/24",
    "1.2.3.4.5.6",
    "999.999.999.999",
    "host.example.org",
    "user=bob from 203.0.113.7",
    "user=a from b from c\" x",
    "{\"log\":\"203.0.113.7 - - [] \\\"POST /xmlrpc.php HTTP/1.1\\\" 200\\n\"}",
    "]a-[x:alpha:]",
    "user.name-x@example.org",
    "one two 3 four 55",
    "caf\xc3\xa9",
    "\xc3\x89\xc3\xbc J\xc3\xb6rg \xe2\x80\x9cquoted\xe2\x80\x9d",
    "\xc2\xa0x\xe3\x80\x80y\x1cz\x0b",
    "\xd9\xa1\xd9\xa2\xd9\xa3 \xf0\x9f\x92\xa9",
    "<b>x</b>",
    "foo</F-Y>",
    ".-/ _\"",
    std::string("nul\0x", 5),
    "ffb fbx oor",
};

json ours(Regex& regex, const std::string& text) {
  const std::string line = text + "\n";
  Groups groups;
  if (regex.search({line, is_ascii(line)}, &groups) != SearchOutcome::match) return json::object();
  json fields = json::object();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::string& name = regex.group_names()[i];
    if (!name.empty()) fields[name] = groups[i] ? json(std::string(*groups[i])) : json(nullptr);
  }
  return {{"groups", fields}};
}

TEST(RegexesOfFail2ban, GiveTheSameGroups) {
  std::vector<json> questions;
  for (const auto& regex : kRegexes) {
    for (const auto& text : kTexts) {
      for (const bool dns : {false, true})
        questions.push_back({{"regex", regex}, {"text", text}, {"dns", dns}});
    }
  }
  const auto answers = testing_oracle::ask_fail2ban("regexes", questions);
  if (!answers) GTEST_SKIP() << "fail2ban is not installed";
  ASSERT_EQ(answers->size(), questions.size());
  FilterEngine engine(1);  // the second search takes its groups by machine code
  std::size_t compared = 0, refused = 0;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const std::string pattern = questions[i]["regex"], text = questions[i]["text"];
    auto regex = engine.compile(expand_tags(pattern, questions[i]["dns"]), {});
    const json& theirs = (*answers)[i];
    if (theirs.contains("error")) {
      EXPECT_FALSE(regex) << "fail2ban refuses " << pattern << ": " << theirs["error"];
      ++refused;
      continue;
    }
    ASSERT_TRUE(regex) << pattern << ": " << regex.error().message();
    EXPECT_EQ(ours(**regex, text), theirs) << pattern << "  on  " << escaped(text);
    EXPECT_EQ(ours(**regex, text), theirs) << "again: " << pattern << "  on  " << escaped(text);
    ++compared;
  }
  std::cout << "compared " << compared << " searches; both refuse " << refused << '\n';
  EXPECT_GT(compared, 4000u);
}

}  // namespace
}  // namespace breakwater
