// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/line_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/core/filter/regex_line_filter.h"
#include "tests/node/filter/filter_fixture.h"

namespace breakwater {
namespace {

using namespace testing_filters;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(LineFilter, FindsTheAddressAnywhereInTheLine) {
  EXPECT_EQ(judged("login failed from <HOST>", "app: login failed from 203.0.113.7 today"), "203.0.113.7");
  EXPECT_EQ(judged("login failed from <HOST>", "app: login ok from 203.0.113.7"), "-");
}

TEST(LineFilter, TakesAllWaysToWriteAnAddress) {
  for (const std::string tag : {"<HOST>", "<ADDR>"}) {
    const auto filter = compiled("from " + tag + "(?: |$)");
    EXPECT_EQ(judged(*filter, "from 203.0.113.7"), "203.0.113.7");
    EXPECT_EQ(judged(*filter, "from ::ffff:203.0.113.7"), "203.0.113.7");
    EXPECT_EQ(judged(*filter, "from ::ffff:cb00:7107"), "203.0.113.7");
    EXPECT_EQ(judged(*filter, "from [203.0.113.7]"), "203.0.113.7");
    EXPECT_EQ(judged(*filter, "from 2001:db8::1"), "2001:db8::1");
    EXPECT_EQ(judged(*filter, "from 2001:DB8:0:0:0:0:0:1 "), "2001:db8::1");
    EXPECT_EQ(judged(*filter, "from [2001:db8::1]"), "2001:db8::1");
    EXPECT_EQ(judged(*filter, "from 2001:db8::"), "2001:db8::");
    EXPECT_EQ(judged(*filter, "from ::1"), "::1");
    EXPECT_EQ(judged(*filter, "from example.org"), "-");
  }
  EXPECT_EQ(judged("from <ADDR>:443", "from [2001:db8::1]:443"), "2001:db8::1");
  EXPECT_EQ(judged("from <HOST>:443", "from 203.0.113.7:443"), "203.0.113.7");
  EXPECT_EQ(judged("from <IP4>", "from 203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(judged("from <IP4>", "from 2001:db8::1"), "-");
  EXPECT_EQ(judged("from <IP6>", "from 2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(judged("<F-ID/> failed", "203.0.113.7 failed"), "203.0.113.7");
}

TEST(LineFilter, BansNothingThatIsNoAddress) {
  for (const std::string text : {"999.1.1.1", "203.0.113.256", "203.000.113.07", "1:2:3:4:5:6:7", "1::2::3"}) {
    EXPECT_EQ(judged("^from <ADDR>$", "from " + text), "no address") << text;
  }
  EXPECT_EQ(judged("<F-ID/> failed", "bob failed"), "no address");
}

TEST(LineFilter, KnowsNamesOnlyIfTheFilterUsesDns) {
  FilterConfig config = config_with({"^from <HOST>$"});
  EXPECT_EQ(judged(*compiled(config), "from example.org"), "-");
  config.use_dns = true;
  EXPECT_EQ(judged(*compiled(config), "from example.org"), "no address");
  EXPECT_EQ(judged(*compiled(config), "from 203.0.113.7.example.org"), "no address");
  EXPECT_EQ(judged(*compiled(config), "from 203.0.113.7"), "203.0.113.7");
}

TEST(LineFilter, FindsRanges) {
  const auto filter = compiled("^from <SUBNET>$");
  const FilterMatch found = match(*filter, "from 203.0.113.7/24");
  EXPECT_EQ(found.who.text(), "203.0.113.7");
  ASSERT_TRUE(found.range);
  EXPECT_EQ(found.range->text(), "203.0.113.0/24");
  EXPECT_FALSE(match(*filter, "from 203.0.113.7").range);
  EXPECT_EQ(judged(*filter, "from 203.0.113.7/33"), "no address");
}

TEST(LineFilter, TheFirstRegexThatMatchesWins) {
  const auto filter = compiled(config_with({"first <HOST>", "(?:first|second) .* <HOST>"}));
  EXPECT_EQ(match(*filter, "first 203.0.113.7 203.0.113.8").regex, 0);
  const FilterMatch second = match(*filter, "second 203.0.113.7 203.0.113.8");
  EXPECT_EQ(second.regex, 1);
  EXPECT_EQ(second.who.text(), "203.0.113.8");
}

TEST(LineFilter, GivesFields) {
  const auto filter = compiled("<F-USER>\\S+</F-USER> from <HOST>(?: port <F-PORT/>)?");
  const auto fields = match(*filter, "bob from 203.0.113.7 port 22").fields;
  EXPECT_EQ(fields, (std::map<std::string, std::string>{{"user", "bob"}, {"ip4", "203.0.113.7"}, {"fport", "22"}}));
  EXPECT_EQ(match(*filter, "bob from 203.0.113.7").fields.count("fport"), 0u);
}

TEST(LineFilter, AlternativesFillAnEmptyField) {
  const auto filter =
      compiled("<F-USER>\\w*</F-USER>/<F-ALT_USER>\\w*</F-ALT_USER>/<F-ALT_USER_1>\\w*</F-ALT_USER_1> <HOST>");
  EXPECT_EQ(match(*filter, "a/b/c 203.0.113.7").fields.at("user"), "a");
  EXPECT_EQ(match(*filter, "/b/c 203.0.113.7").fields.at("user"), "b");
  EXPECT_EQ(match(*filter, "//c 203.0.113.7").fields.at("user"), "c");
}

TEST(LineFilter, SearchesTheContentOfThePrefix) {
  FilterConfig config = config_with({"^failed$"});
  config.prefregex = RegexText{R"(^app\[<F-PID>\d+</F-PID>\] <HOST>: <F-CONTENT>.*</F-CONTENT>$)", {"x.conf", 3}};
  const auto filter = compiled(config);
  const FilterMatch found = match(*filter, "app[7] 203.0.113.7: failed");
  EXPECT_EQ(found.verdict, FilterVerdict::offence);
  EXPECT_EQ(found.who.text(), "203.0.113.7");
  EXPECT_EQ(found.fields.at("pid"), "7");
  EXPECT_EQ(found.fields.count("content"), 0u);
  EXPECT_EQ(judged(*filter, "app[7] 203.0.113.7: it failed"), "-");
  EXPECT_EQ(judged(*filter, "failed"), "-");
}

TEST(LineFilter, IgnoreregexTakesAMatchBack) {
  FilterConfig config = config_with({"failed <HOST>"});
  config.ignoreregex = {{"monitor", {"x.conf", 9}}};
  const auto filter = compiled(config);
  EXPECT_EQ(judged(*filter, "failed 203.0.113.7 bob"), "203.0.113.7");
  EXPECT_EQ(judged(*filter, "failed 203.0.113.7 monitor"), "ignored");
  EXPECT_EQ(judged(*filter, "ok 203.0.113.7 monitor"), "-");
}

TEST(LineFilter, IgnoreregexSeesTheContentAndWithManyRegexesTheWholeLine) {
  FilterConfig config = config_with({"failed <HOST>"});
  config.prefregex = RegexText{"^app-(?:test|live): <F-CONTENT>.*</F-CONTENT>$", {"x.conf", 3}};
  config.ignoreregex = {{"^app-test", {"x.conf", 9}}};
  EXPECT_EQ(judged(*compiled(config), "app-test: failed 203.0.113.7"), "203.0.113.7");
  // fail2ban asks about the whole line if there are more than two failregex beyond the ignoreregex.
  for (int i = 0; i < 3; ++i)
    config.failregex.push_back({"never " + std::to_string(i) + " <HOST>", {"x.conf", 4}});
  EXPECT_EQ(judged(*compiled(config), "app-test: failed 203.0.113.7"), "ignored");
}

TEST(LineFilter, CutsTheDateOut) {
  EXPECT_EQ(judged(R"(^<HOST> - - \[\] "GET)", R"(203.0.113.7 - - [02/Nov/2026:03:04:05 +0000] "GET / HTTP/1.1")"),
            "203.0.113.7");
  EXPECT_EQ(judged(R"(^ host app: <HOST>)", "Nov  2 03:04:05 host app: 203.0.113.7"), "203.0.113.7");
}

// With the flags a and i and in a line beyond ASCII, RE2 would take s and k for the capitals of U+017F and U+212A,
// which are no word characters by flag a.
TEST(LineFilter, ACategoryIsNotFolded) {
  EXPECT_EQ(judged(R"((?ai)^x\W<HOST> \S+$)", "xs203.0.113.7 \xc3\xa9"), "-");
  EXPECT_EQ(judged(R"((?ai)^x\W<HOST> \S+$)", "X.203.0.113.7 \xc3\xa9"), "203.0.113.7");
  // Nothing is cut: no date begins behind an s.
  EXPECT_EQ(judged(R"(^s\+0100 Nov  2 03:04:05skip <HOST> \S+$)", "s+0100 Nov  2 03:04:05skip 203.0.113.7 \xc3\xa9"),
            "203.0.113.7");
}

TEST(LineFilter, TakesTheTimeOfTheRecordBeforeTheLines) {
  const auto filter = compiled("from <HOST>");
  const std::string line = "2026-11-02 01:00:00 from 203.0.113.7";
  FilterMatch found = match(*filter, line);
  EXPECT_TRUE(found.dated);
  EXPECT_EQ(to_text(found.at), "2026-11-02T01:00:00.000Z");
  const Timestamp record = kNow - std::chrono::minutes(3);
  found = filter->match(line, {.now = kNow, .record_time = record});
  EXPECT_FALSE(found.dated);
  EXPECT_EQ(found.at, record);
  found = match(*filter, "from 203.0.113.7");
  EXPECT_FALSE(found.dated);
  EXPECT_EQ(found.at, kNow);
}

TEST(LineFilter, ReadsDatesInTheZoneOfTheLog) {
  const FilterConfig config = config_with({"from <HOST>"});
  const std::string line = "2026-11-02 03:04:05 from 203.0.113.7";
  const auto at = [&](std::optional<std::string> zone, LocalOffset host) {
    auto filter = LineFilter::compile(config, std::move(zone), std::move(host));
    return to_text(match(**filter, line).at);
  };
  const auto berlin = [](std::chrono::local_seconds) { return std::chrono::seconds(3600); };
  EXPECT_EQ(at(std::nullopt, {}), "2026-11-02T03:04:05.000Z");
  EXPECT_EQ(at(std::nullopt, berlin), "2026-11-02T02:04:05.000Z");
  EXPECT_EQ(at("UTC+0200", berlin), "2026-11-02T01:04:05.000Z");
  const auto bad = LineFilter::compile(config, "Europe/Berlin");
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message(), StartsWith("logtimezone: \"Europe/Berlin\" is not a time zone"));
}

TEST(LineFilter, KnowsFiltersOfRawRecords) {
  for (const std::string regex :
       {R"(^{"log":"<HOST> )", R"({"log":"<HOST> )", R"(^\{"log":"<HOST>)", R"(^\{\"log\"\:\"<HOST>)"}) {
    const auto filter = compiled(regex);
    EXPECT_TRUE(filter->wants_raw_json()) << regex;
    EXPECT_THAT(filter->warnings(),
                ElementsAre(AllOf(StartsWith("filter.d/test.conf:7: filter \"test\": "), HasSubstr("forged"))));
  }
  const auto filter = compiled("^<HOST> .*POST");
  EXPECT_FALSE(filter->wants_raw_json());
  EXPECT_THAT(filter->warnings(), IsEmpty());
}

TEST(LineFilter, WarnsOfWhatIsDangerous) {
  const auto one = [](const std::string& regex) { return compiled(regex)->warnings(); };
  EXPECT_THAT(one("failed .* from <HOST>"), ElementsAre(HasSubstr("can choose who is banned")));
  EXPECT_THAT(one("^failed .+ from <HOST> now"), ElementsAre(HasSubstr("can choose who is banned")));
  EXPECT_THAT(one("^failed .* from <HOST>$"), IsEmpty());
  EXPECT_THAT(one(R"(^failed \.* from <HOST>)"), IsEmpty());
  EXPECT_THAT(one("^from <HOST> .*"), IsEmpty());
  EXPECT_THAT(one("a{,3} <HOST>"), ElementsAre(HasSubstr("{,n} at column 2 is read as {0,n}")));
  EXPECT_THAT(one("from <HOST>(?i)x"), ElementsAre(HasSubstr("counts for the whole expression")));
}

// How the first failregex is run.
std::string engine_of(const std::string& regex) {
  const auto filter = compiled(regex);
  return filter ? filter->explain().front().engine : "refused";
}

TEST(LineFilter, LeavesToPcre2WhatRe2CannotDoAndSaysSo) {
  EXPECT_EQ(engine_of("from <HOST>"), "RE2");
  EXPECT_EQ(engine_of("from (?!10\\.)<HOST>"), "RE2 as a gate, then PCRE2: negative lookahead (?!...) at column 6");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"(?=x)y<HOST>", "lookahead (?=...) before the end at column"},
      {"<HOST>(?:(?=x)y)", "lookahead (?=...) at column 10"},
      {"(?<=x)<HOST>", "lookbehind (?<=...) at column 1"},
      {"(?<!x)<HOST>", "negative lookbehind (?<!...) at column 1"},
      {"(?P<a>x)<HOST>(?P=a)", "backreference at column 15"},
      {"(x)<HOST>\\1", "backreference at column 10"},
      {"(?P<a>x)?<HOST>(?(a)y|z)", "conditional (?(...)...) at column 16"},
      {"(?>x)<HOST>", "atomic group (?>...) at column 1"},
      {"x*+<HOST>", "possessive quantifier *+ at column 2"},
      {"x{2,3}+<HOST>", "possessive quantifier {...}+ at column 2"},
      {"x{1001}<HOST>", "repetition of more than 1000 at column 2"},
      {"\\b<HOST>", "RE2 as a gate, then PCRE2 in lines beyond ASCII: word boundary \\b beyond ASCII at column 1"},
  };
  for (const auto& [regex, words] : cases)
    EXPECT_THAT(engine_of(regex), HasSubstr(words)) << regex;
}

TEST(LineFilter, ALookaheadIsNeverDropped) {
  const auto filter = compiled("^user=(?:(?!from )\\S+ )*from <HOST>$");
  EXPECT_EQ(judged(*filter, "user=bob from 203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(judged(*filter, "user=bob from 198.51.100.1 from 203.0.113.7"), "-");
}

TEST(LineFilter, ALineThatMakesPcre2GiveUpIsNoQuietMiss) {
  const auto filter = compiled("^(?:a+)+(?<!a)c <HOST>$");
  EXPECT_EQ(judged(*filter, std::string(60, 'a') + "! 203.0.113.7"), "-") << "RE2 knows that it cannot match";
  EXPECT_EQ(judged(*filter, std::string(60, 'a') + "c 203.0.113.7"), "engine failed");
}

// One log's lines, judged in order.
std::vector<std::string> judged_in_order(const FilterConfig& config, const std::vector<std::string>& lines) {
  const auto filter = compiled(config);
  EXPECT_TRUE(filter->needs_memory());
  const auto memory = filter->make_memory();
  std::vector<std::string> out;
  for (const std::string& line : lines)
    out.push_back(judged(*filter, line, memory.get()));
  return out;
}

FilterConfig connections() {
  FilterConfig config = config_with({
      "^bad user <F-USER>\\S+</F-USER> from <HOST>$",
      "^bad password for <F-USER>\\S+</F-USER>$",
      "^<F-NOFAIL>hello</F-NOFAIL> from <HOST>$",
      "^<F-MLFFORGET>bye</F-MLFFORGET>(?: from <HOST>)?$",
      "^<F-MLFFORGET><F-MLFGAINED>welcome</F-MLFGAINED></F-MLFFORGET> <F-USER>\\S+</F-USER>$",
  });
  config.prefregex = RegexText{"^c<F-MLFID>\\d+</F-MLFID>: <F-CONTENT>.+</F-CONTENT>$", {"filter.d/test.conf", 7}};
  config.datepattern = {{"{NONE}", {"filter.d/test.conf", 6}}};
  return config;
}

TEST(Connections, TheAddressMayComeBeforeOrAfterTheFailure) {
  EXPECT_THAT(judged_in_order(connections(), {"c1: hello from 203.0.113.7", "c1: bad password for bob"}),
              ElementsAre("pending", "203.0.113.7"));
  EXPECT_THAT(judged_in_order(connections(), {"c1: bad password for bob", "c1: bye from 203.0.113.7"}),
              ElementsAre("pending", "203.0.113.7"));
}

TEST(Connections, AreKeptApart) {
  EXPECT_THAT(judged_in_order(connections(), {"c1: hello from 203.0.113.7", "c2: bad password for bob"}),
              ElementsAre("pending", "pending"));
}

TEST(Connections, ALoginThatWorksClearsWhatWaits) {
  EXPECT_THAT(
      judged_in_order(connections(), {"c1: bad password for bob", "c1: welcome bob", "c1: bye from 203.0.113.7"}),
      ElementsAre("pending", "pending", "203.0.113.7"));
  EXPECT_THAT(judged_in_order(connections(), {"c1: hello from 203.0.113.7", "c1: welcome bob"}),
              ElementsAre("pending", "pending"));
}

TEST(Connections, SeveralUsersAreAFailureEvenIfTheLastOneMayCome) {
  EXPECT_THAT(judged_in_order(connections(), {"c1: hello from 203.0.113.7", "c1: bad password for bob",
                                              "c1: bad password for eve", "c1: welcome eve"}),
              ElementsAre("pending", "203.0.113.7", "203.0.113.7", "203.0.113.7"));
}

TEST(Connections, OnlyTheNewestHundredAreRemembered) {
  std::vector<std::string> lines = {"c0: hello from 203.0.113.7"};
  for (int i = 1; i <= 100; ++i)
    lines.push_back("c" + std::to_string(i) + ": hello from 198.51.100.1");
  lines.push_back("c0: bad password for bob");
  lines.push_back("c100: bad password for bob");
  const auto out = judged_in_order(connections(), lines);
  EXPECT_EQ(out[101], "pending");
  EXPECT_EQ(out[102], "198.51.100.1");
}

TEST(Connections, AreForgottenAfterFiveMinutes) {
  const auto filter = compiled(connections());
  const auto memory = filter->make_memory();
  EXPECT_EQ(filter->match("c1: hello from 203.0.113.7", {.now = kNow}, memory.get()).verdict, FilterVerdict::pending);
  const LineContext later{.now = kNow + std::chrono::minutes(5)};
  EXPECT_EQ(filter->match("c1: bad password for bob", later, memory.get()).verdict, FilterVerdict::pending);
}

FilterConfig two_lines() {
  FilterConfig config = config_with({"^connected <HOST>$<SKIPLINES>^failed$"});
  config.maxlines = 4;
  config.datepattern = {{"{NONE}", {"filter.d/test.conf", 6}}};
  return config;
}

TEST(SeveralLines, AreSearchedAsOneText) {
  EXPECT_THAT(judged_in_order(two_lines(), {"connected 203.0.113.7", "other", "failed", "failed"}),
              ElementsAre("-", "-", "203.0.113.7", "-"));
}

TEST(SeveralLines, NoMoreThanMaxlines) {
  EXPECT_THAT(judged_in_order(two_lines(), {"connected 203.0.113.7", "a", "b", "c", "failed"}),
              ElementsAre("-", "-", "-", "-", "-"));
}

TEST(SeveralLines, WhatSkiplinesPassedOverStays) {
  EXPECT_THAT(judged_in_order(two_lines(), {"connected 203.0.113.7", "connected 203.0.113.9", "failed", "failed"}),
              ElementsAre("-", "-", "203.0.113.7", "203.0.113.9"));
}

// As in fail2ban, for which such a line is two.
TEST(SeveralLines, WithALineEndInsideAreDealtWith) {
  EXPECT_THAT(judged_in_order(two_lines(), {"connected 203.0.113.7", "connected 203.0.113.9", "failed", "failed"}),
              ElementsAre("-", "-", "203.0.113.7", "203.0.113.9"));
  EXPECT_THAT(judged_in_order(two_lines(), {"connected 203.0.113.7", "connected 203.0.113.9\rx", "failed", "failed"}),
              ElementsAre("-", "-", "203.0.113.7", "-"));
}

TEST(SeveralLines, OneWithoutADateTakesTheLastOne) {
  FilterConfig config = config_with({"^failed from <HOST>$"});
  config.maxlines = 2;
  const auto filter = compiled(config);
  const auto memory = filter->make_memory();
  const auto time_of = [&](std::string_view line, Timestamp now) {
    return filter->match(line, {.now = now}, memory.get()).at;
  };
  EXPECT_EQ(time_of("failed from 203.0.113.7", kNow), kNow);
  filter->match("2026-11-02T03:03:45Z something", {.now = kNow}, memory.get());
  EXPECT_EQ(time_of("failed from 203.0.113.7", kNow), kNow - std::chrono::seconds(20));
  EXPECT_EQ(time_of("failed from 203.0.113.7", kNow + std::chrono::minutes(1)), kNow + std::chrono::minutes(1));
}

TEST(LineFilter, RefusesWhatPythonRefuses) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"no address", "the regex names no address"},
      {"<HOST> <HOST>", "a second group named \"ip4\" at column 8"},
      {"<HOST>(", "missing ), group at column 7"},
      {"<HOST>)", "unbalanced parenthesis at column 7"},
      {"*<HOST>", "nothing to repeat at column 1"},
      {"^*<HOST>", "nothing to repeat at column 2"},
      {"a**<HOST>", "multiple repeat at column 3"},
      {"<HOST>[a", "an unfinished class [ at column 7"},
      {"\\q<HOST>", "an escape that Python does not know, \\q at column 1"},
      {"x{3,2}<HOST>", "minimum is above its maximum"},
      {"  ", "an empty regex"},
  };
  for (const auto& [regex, message] : cases)
    EXPECT_THAT(refusal(regex), HasSubstr(message)) << regex;
  EXPECT_THAT(refusal(config_with({})), HasSubstr("it has no failregex"));
}

// An engine whose every search gives up.
class TiredEngine final : public RegexEngine {
 public:
  class Tired final : public Regex {
   public:
    SearchOutcome search(const SubjectText&, Groups*, std::string_view*, bool) override {
      return SearchOutcome::engine_failed;
    }
    const std::vector<std::string>& group_names() const override { return names_; }
    const std::vector<std::string>& warnings() const override { return warnings_; }
    const RequiredRegex& required() const override { return required_; }
    std::string engine() const override { return "tired"; }

   private:
    RequiredRegex required_;
    std::vector<std::string> names_{"ip4"};
    std::vector<std::string> warnings_;
  };
  Result<std::unique_ptr<Regex>> compile(const ExpandedPattern&, const RegexFlags&) override {
    return std::unique_ptr<Regex>(std::make_unique<Tired>());
  }
};

TEST(LineFilter, SaysSoWhenTheEngineGivesUp) {
  TiredEngine engine;
  auto filter = RegexLineFilter::compile(config_with({"<HOST>"}), {}, engine);
  ASSERT_TRUE(filter);
  EXPECT_EQ(judged(**filter, "203.0.113.7"), "engine failed");
}

}  // namespace
}  // namespace breakwater
