// SPDX-License-Identifier: Apache-2.0
#include "common/config/jail_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/action_check.h"
#include "common/config/filter_reader.h"
#include "common/config/jail_fields.h"
#include "tests/common/config/temp_tree.h"

namespace breakwater {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;

const char kFilter[] = "[Definition]\nfailregex = ^bad <HOST>$\nignoreregex =\n";

// One jail "j" with filter "f" on one file; `options` come on top.
JailReading read_one(const TempTree& tree, const std::string& options, const std::string& defaults = "") {
  tree.write("jail.conf", "[DEFAULT]\n" + defaults + "\n[j]\nenabled = true\nfilter = f\n" + options + "\n");
  tree.write("filter.d/f.conf", kFilter);
  return read_jails({.config_dirs = {tree.root()}, .filter_dirs = {}, .with_filters = true});
}

JailConfig good_jail(const std::string& options, const std::string& defaults = "") {
  const TempTree tree;
  const JailReading reading = read_one(tree, "logpath = /var/log/x\n" + options, defaults);
  EXPECT_FALSE(reading.problems.has_errors()) << reading.problems.text();
  EXPECT_EQ(reading.jails.size(), 1u) << reading.problems.text();
  return reading.jails.empty() ? JailConfig{} : reading.jails[0];
}

TEST(JailReader, DefaultsAreFail2bans) {
  const JailConfig jail = good_jail("");
  EXPECT_EQ(jail.name, "j");
  EXPECT_TRUE(jail.enabled);
  EXPECT_EQ(jail.maxretry, 5);
  EXPECT_EQ(jail.findtime, minutes(10));
  EXPECT_EQ(jail.bantime, std::optional<Duration>(minutes(10)));
  EXPECT_FALSE(jail.increment.enabled);
  EXPECT_TRUE(jail.ignoreself);
  EXPECT_EQ(jail.fleet_maxretry, 5);
  EXPECT_EQ(jail.fleet_quorum, 1);
  EXPECT_EQ(jail.fleet_scope, FleetScope::fleet);
  EXPECT_EQ(jail.mode, JailMode::enforce);
  EXPECT_EQ(jail.backend, LogBackend::automatic);
  EXPECT_FALSE(jail.logtimezone);
  EXPECT_FALSE(jail.filter.use_dns);
}

TEST(JailReader, ReadsThePolicy) {
  const JailConfig jail = good_jail(
      "maxretry = 3\nfindtime = 1d\nbantime = -1\nfleet.maxretry = 9\nfleet.quorum = 2\nfleet.scope = node\n"
      "ignoreself = no\nlogtimezone = UTC+02\nusedns = warn\n"
      "bantime.increment = yes\nbantime.factor = 1.5\nbantime.multipliers = 1 2 4,8\nbantime.maxtime = 5w\n"
      "bantime.rndtime = 8m\nbantime.overalljails = true\n"
      "bantime.formula = ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor\n");
  EXPECT_EQ(jail.maxretry, 3);
  EXPECT_EQ(jail.findtime, hours(24));
  EXPECT_EQ(jail.bantime, std::nullopt);
  EXPECT_EQ(jail.fleet_maxretry, 9);
  EXPECT_EQ(jail.fleet_quorum, 2);
  EXPECT_EQ(jail.fleet_scope, FleetScope::node);
  EXPECT_FALSE(jail.ignoreself);
  EXPECT_EQ(jail.logtimezone, std::optional<std::string>("UTC+0200"));
  EXPECT_TRUE(jail.filter.use_dns);
  EXPECT_EQ(jail.increment, (BanTimeIncrement{true, 1.5, {1, 2, 4, 8}, hours(24 * 35), minutes(8), true}));
  EXPECT_EQ(good_jail("maxretry = 3\n").fleet_maxretry, 3);
}

TEST(JailReader, ReadsLogPaths) {
  const TempTree tree;
  const JailConfig jail = read_one(tree, "logpath = /a/*.log\n    /b c.log tail\n    /d head\n").jails.at(0);
  ASSERT_EQ(jail.logpaths.size(), 3u);
  EXPECT_EQ(jail.logpaths[0].glob, "/a/*.log");
  EXPECT_FALSE(jail.logpaths[0].from_tail);
  EXPECT_EQ(jail.logpaths[1].glob, "/b c.log");
  EXPECT_TRUE(jail.logpaths[1].from_tail);
  EXPECT_EQ(jail.logpaths[1].origin.line, 7);
  EXPECT_EQ(jail.logpaths[2].glob, "/d");
}

TEST(JailReader, ReadsContainers) {
  const TempTree tree;
  const JailConfig jail =
      read_one(tree, "container = web*, shop\n  blog\nimage = nginx:*\nlabel = role=web, a.b=*, plain\n").jails.at(0);
  EXPECT_THAT(jail.container_globs, ElementsAre("web*", "shop", "blog"));
  EXPECT_THAT(jail.image_globs, ElementsAre("nginx:*"));
  EXPECT_THAT(jail.labels, ElementsAre(std::pair<std::string, std::string>("role", "web"),
                                       std::pair<std::string, std::string>("a.b", "*"),
                                       std::pair<std::string, std::string>("plain", "*")));
  EXPECT_EQ(read_one(tree, "backend = docker\n").jails.at(0).backend, LogBackend::docker);
}

TEST(JailReader, ModeIsTheJailsOrTheFilters) {
  const auto modes = [](const std::string& options, const std::string& defaults) {
    const TempTree tree;
    tree.write("filter.d/f.conf", "[Definition]\nmode = normal\nfailregex = ^<mode> <HOST>$\n");
    tree.write("jail.conf", "[DEFAULT]\n" + defaults + "\n[f]\nenabled = true\nlogpath = /x\n" + options + "\n");
    const auto reading = read_jails({.config_dirs = {tree.root()}, .filter_dirs = {}, .with_filters = true});
    EXPECT_EQ(reading.problems.text(), "");
    if (reading.jails.empty()) return std::string("refused");
    const JailConfig& jail = reading.jails[0];
    return std::string(jail.mode == JailMode::observe ? "observe " : "enforce ") + jail.filter.failregex.at(0).pattern;
  };
  const std::string stock = "mode = normal\nfilter = %(__name__)s[mode=%(mode)s]";
  EXPECT_EQ(modes("", ""), "enforce ^normal <HOST>$");
  EXPECT_EQ(modes("mode = observe", ""), "observe ^normal <HOST>$");
  EXPECT_EQ(modes("mode = aggressive", ""), "enforce ^aggressive <HOST>$");
  EXPECT_EQ(modes("", stock), "enforce ^normal <HOST>$");
  EXPECT_EQ(modes("mode = ddos", stock), "enforce ^ddos <HOST>$");
  EXPECT_EQ(modes("mode = observe", stock), "observe ^normal <HOST>$");
  EXPECT_EQ(modes("mode = extra", "mode = observe"), "observe ^extra <HOST>$");
  EXPECT_EQ(modes("mode = extra\nbreakwater.mode = observe", stock), "observe ^extra <HOST>$");
  EXPECT_EQ(modes("breakwater.mode = enforce", "mode = observe"), "enforce ^normal <HOST>$");
  EXPECT_EQ(modes("filter = f\nmode = extra", stock), "enforce ^extra <HOST>$");
  EXPECT_EQ(modes("filter = f[mode=a]\nmode = extra", stock), "enforce ^a <HOST>$");
  EXPECT_EQ(modes("filter = f", stock), "enforce ^normal <HOST>$");
}

TEST(JailReader, AJailExtendsItsFilter) {
  const JailConfig jail = good_jail(
      "failregex = %(known/failregex)s\n   ^worse <HOST>$\nignoreregex = ^never\nmaxlines = 3\n"
      "datepattern = %%Y-%%m\n    {NONE}\nprefregex = ^x<F-CONTENT>.+</F-CONTENT>$\n");
  ASSERT_EQ(jail.filter.failregex.size(), 2u);
  EXPECT_EQ(jail.filter.failregex[0].pattern, "^bad <HOST>$");
  EXPECT_TRUE(jail.filter.failregex[0].origin.text().ends_with("filter.d/f.conf:2"))
      << jail.filter.failregex[0].origin.text();
  EXPECT_TRUE(jail.filter.failregex[1].origin.text().ends_with("jail.conf:8"))
      << jail.filter.failregex[1].origin.text();
  EXPECT_EQ(jail.filter.ignoreregex.at(0).pattern, "^never");
  EXPECT_EQ(jail.filter.maxlines, 3);
  EXPECT_EQ(jail.filter.datepattern.size(), 2u);
  EXPECT_EQ(jail.filter.datepattern.at(0).pattern, "%Y-%m");
  EXPECT_EQ(jail.filter.prefregex->pattern, "^x<F-CONTENT>.+</F-CONTENT>$");
}

TEST(JailReader, ReadsWhomToSpare) {
  const TempTree tree;
  const std::string list = tree.write("spared", "192.0.2.1 # office\n; nobody\n\n2001:db8::/32\nHome.example.org\n");
  const JailConfig jail =
      read_one(tree, "logpath = /x\nignoreip = 198.51.100.7, 198.51.100.0/24 203.0.113.0/255.255.255.0\n  file:" +
                         list + "\n  office.example.org 198.51.100.7")
          .jails.at(0);
  std::vector<std::string> prefixes;
  for (const Prefix& prefix : jail.ignoreip)
    prefixes.push_back(prefix.text());
  EXPECT_THAT(prefixes, ElementsAre("198.51.100.7", "198.51.100.0/24", "203.0.113.0/24", "192.0.2.1", "2001:db8::/32"));
  EXPECT_THAT(jail.ignoreip_names, ElementsAre("home.example.org", "office.example.org"));
}

struct Wrong {
  const char* options;
  const char* problem;
};

class WrongValue : public testing::TestWithParam<Wrong> {};

TEST_P(WrongValue, RefusesTheJailAndSaysWhy) {
  const TempTree tree;
  tree.write("jail.d/ok.conf", "[ok]\nenabled = true\nfilter = f\nlogpath = /x\n");
  const JailReading reading = read_one(tree, std::string("logpath = /x\n") + GetParam().options);
  EXPECT_TRUE(mentions(reading.problems, GetParam().problem)) << reading.problems.text();
  EXPECT_THAT(reading.refused, ElementsAre("j"));
  ASSERT_EQ(reading.jails.size(), 1u);  // the others load
  EXPECT_EQ(reading.jails[0].name, "ok");
}

INSTANTIATE_TEST_SUITE_P(
    JailReader, WrongValue,
    testing::Values(
        Wrong{"findtime = 10x", "jail.conf:7: jail \"j\": findtime \"10x\" is not a duration (try 10m)"},
        Wrong{"findtime = 0", "jail.conf:7: jail \"j\": findtime is zero"},
        Wrong{"findtime = -1", "findtime \"-1\" is not a duration (negative"},
        Wrong{"bantime = 60*60", "bantime \"60*60\" is not a duration (arithmetic is not evaluated; try 10m)"},
        Wrong{"bantime = 0", "bantime is zero (-1 for no end)"},
        Wrong{"maxretry = 0", "maxretry \"0\" is not a whole number from 1 to"},
        Wrong{"maxretry = 3x", "maxretry \"3x\" is not a whole number"},
        Wrong{"maxretry = 99999999999999999999", "maxretry \"99999999999999999999\" is not a whole number"},
        Wrong{"enabled = perhaps", "stands a second time"},
        Wrong{"fleet.quorum = none", "fleet.quorum \"none\" is not a whole number"},
        Wrong{"fleet.scope = world", "fleet.scope \"world\" is neither fleet nor node"},
        Wrong{"breakwater.mode = watch", "breakwater.mode \"watch\" is neither enforce nor observe"},
        Wrong{"backend = dokcer", "backend \"dokcer\" is unknown (did you mean docker?)"},
        Wrong{"backend = file\ncontainer = web", "backend file reads no containers"},
        Wrong{"label = =x", "label \"=x\" has no key"},
        Wrong{"ignoreip = 192.0.2.300", "ignoreip \"192.0.2.300\" is neither address, range nor name"},
        Wrong{"ignoreip = 192.0.2.0/33", "ignoreip \"192.0.2.0/33\" is neither"},
        Wrong{"ignoreip = 192.0.2.0/255.0.255.0", "is neither address"},
        Wrong{"ignoreip = file:/none", "ignoreip: opening /none: No such file"},
        Wrong{"ignoreip = file:none", "ignoreip: file:none is not an absolute path"},
        Wrong{"logtimezone = Europe/Berlin", "logtimezone \"Europe/Berlin\" is no fixed offset (try UTC+0200)"},
        Wrong{"bantime.formula = ban.Time * 2", "bantime.formula is a Python expression, and Python is not run"},
        Wrong{"bantime.evalexpr = x", "bantime.evalexpr is a Python expression"},
        Wrong{"bantime.factor = 2**3", "bantime.factor \"2**3\" is not a positive number"},
        Wrong{"bantime.multipliers = 1 two 4", "bantime.multipliers \"two\" is not a positive number"},
        Wrong{"bantime.increment = maybe", "bantime.increment \"maybe\" is neither true nor false"},
        Wrong{"usedns = sometimes", "usedns \"sometimes\" is none of yes, warn, no, raw"},
        Wrong{"maxlines = 0", "maxlines \"0\" is not a whole number"},
        Wrong{"action = x[a", "action: expected option=value"},
        Wrong{"maxretry = %(nothing)s",
              "jail.conf:7: jail \"j\": maxretry: %(nothing)s refers to an option that is not set"},
        Wrong{"bantime = %(findtime)s\nfindtime = %(bantime)s",
              "an option refers to itself: bantime -> findtime -> bantime"},
        Wrong{"failregex = 100%", "failregex: '%' followed by \"\""}));

TEST(JailReader, EveryProblemIsSaidNotJustTheFirst) {
  const TempTree tree;
  const JailReading reading =
      read_one(tree, "filter = none\nfindtime = 10x\nmaxretry = many\nignoreip = 300.1.1.1\nlogpath = var/log/x\n");
  for (const char* part :
       {"filter \"none\" does not exist (looked in", "findtime \"10x\"", "maxretry \"many\"", "ignoreip \"300.1.1.1\"",
        "logpath \"var/log/x\" is not absolute", "option \"filter\" stands a second time"}) {
    EXPECT_TRUE(mentions(reading.problems, part)) << part << " in\n" << reading.problems.text();
  }
}

TEST(JailReader, BrokenFiltersRefuseTheirJailOnly) {
  const TempTree tree;
  const std::string jails[] = {"none", "empty", "typo", "loop", "taglol", "percent", "noinclude", "good"};
  std::string text;
  for (const std::string& jail : jails)
    text += '[' + jail + "]\nenabled = true\nlogpath = /x\n";
  tree.write("jail.conf", text);
  tree.write("filter.d/empty.conf", "");
  tree.write("filter.d/typo.conf", "[Definition]\nfailregexp = ^<HOST>\n");
  tree.write("filter.d/loop.conf", "[Definition]\nfailregex = <a>\na = <b>\nb = <a>\n");
  tree.write("filter.d/taglol.conf", "[Definition]\nfailregex = <failregex>\n");
  tree.write("filter.d/percent.conf", "[Definition]\nfailregex = ^100% <HOST>\n");
  tree.write("filter.d/noinclude.conf",
             "[INCLUDES]\nbefore = common.conf\n[Definition]\nfailregex = %(__prefix_line)s<HOST>\n");
  tree.write("filter.d/good.conf", kFilter);
  const JailReading reading = read_jails({.config_dirs = {tree.root()}, .filter_dirs = {}, .with_filters = true});
  ASSERT_EQ(reading.jails.size(), 1u) << reading.problems.text();
  EXPECT_EQ(reading.jails[0].name, "good");
  EXPECT_EQ(reading.refused.size(), 7u);
  for (const char* part :
       {"jail \"none\": filter \"none\" does not exist",
        "jail \"empty\": filter \"empty\": has no section [Definition]",
        "typo.conf:2: jail \"typo\": filter \"typo\": has no failregex, but \"failregexp\" (did you mean failregex?)",
        "jail \"loop\": filter \"loop\": a: <a> refers to itself",
        "taglol.conf:2: jail \"taglol\": filter \"taglol\": failregex: <failregex> refers to itself",
        "percent.conf:2: jail \"percent\": filter \"percent\": failregex: '%' followed by \" <HOST>\" (%(option)s, or "
        "%% for a percent sign)",
        "noinclude.conf:4: jail \"noinclude\": filter \"noinclude\": failregex: %(__prefix_line)s refers to an option "
        "that is not set"}) {
    EXPECT_TRUE(mentions(reading.problems, part)) << part << " in\n" << reading.problems.text();
  }
}

TEST(JailReader, NoNameInAFilterWritesOnTheTerminal) {
  const TempTree tree;
  tree.write("jail.conf", "[j]\nenabled = true\nlogpath = /x\nfilter = f\n");
  tree.write("filter.d/f.conf", "[Definition]\nfailregex = ^<HOST>\nodd\x1b[2Jname = 100%\n");
  const JailReading reading = read_jails({.config_dirs = {tree.root()}, .filter_dirs = {}, .with_filters = true});
  EXPECT_TRUE(mentions(reading.problems, "filter \"f\": odd\\x1b[2jname: '%' followed by")) << reading.problems.text();
}

TEST(JailReader, UnknownOptionsAreNamedWithTheNearest) {
  const TempTree tree;
  const JailReading reading = read_one(tree, "logpath = /x\nmaxretri = 3\nwidth = 4\n[off]\nenabeld = true\n",
                                       "findtme = 3\nmy_thing = 4\nmy_var = 5\naction_x = %(my_var)s\n");
  EXPECT_TRUE(
      mentions(reading.problems, "jail.conf:11: jail \"j\": unknown option \"maxretri\" (did you mean maxretry?)"))
      << reading.problems.text();
  EXPECT_TRUE(mentions(reading.problems, "jail \"j\": unknown option \"width\"\n")) << reading.problems.text();
  EXPECT_TRUE(mentions(reading.problems, "jail \"off\": unknown option \"enabeld\" (did you mean enabled?)"));
  EXPECT_TRUE(mentions(reading.problems, "section \"DEFAULT\": unknown option \"findtme\" (did you mean findtime?)"));
  EXPECT_TRUE(mentions(reading.problems,
                       "warning: section \"DEFAULT\": unknown option \"my_thing\", and nothing refers to it"));
  EXPECT_FALSE(mentions(reading.problems, "my_var"));
  EXPECT_EQ(reading.jails.size(), 1u);  // that alone refuses nothing
  EXPECT_THAT(reading.disabled, ElementsAre("off"));
}

TEST(JailReader, OptionsWithoutEffectAreSaidOnce) {
  const TempTree tree;
  const JailReading reading =
      read_one(tree,
               "logpath = /x\nport = ssh\nmaxmatches = 3\nprotocol = tcp\n[k]\nenabled = true\nfilter = f\n"
               "logpath = /y\nport = http\nignorecommand = /bin/true <ip>\n");
  EXPECT_FALSE(reading.problems.has_errors()) << reading.problems.text();
  EXPECT_TRUE(
      mentions(reading.problems, "warning: option \"port\": has no effect: a ban covers all ports; set in j, k\n"))
      << reading.problems.text();
  EXPECT_TRUE(mentions(reading.problems, "warning: option \"ignorecommand\": has no effect: commands are not run"));
  EXPECT_FALSE(mentions(reading.problems, "maxmatches"));
  EXPECT_FALSE(mentions(reading.problems, "protocol"));
}

TEST(JailReader, AJailNeedsSomethingToRead) {
  const TempTree tree;
  EXPECT_TRUE(
      mentions(read_one(tree, "").problems, "jail \"j\": has nothing to read (set logpath, or backend = docker)"));
  EXPECT_TRUE(mentions(read_one(tree, "logpath = /a /b").problems, "holds several paths (one path a line)"));
  EXPECT_TRUE(mentions(read_one(tree, "backend = systemd").problems, "the journal is not read (give a logpath"));
  const JailReading both = read_one(tree, "backend = docker\nlogpath = /x");
  EXPECT_TRUE(mentions(both.problems, "warning: jail \"j\": logpath is not read: this jail reads containers"));
  EXPECT_THAT(both.jails.at(0).logpaths, IsEmpty());
  const JailReading journal = read_one(tree, "backend = systemd[journalflags=1]\nlogpath = /x");
  EXPECT_EQ(journal.jails.size(), 1u) << journal.problems.text();
}

TEST(JailReader, NamesOfJailsAreChecked) {
  const TempTree tree;
  tree.write("jail.conf", "[a b]\nenabled = true\nfilter = f\nlogpath = /x\n[" + std::string(100, 'x') +
                              "]\nenabled = true\nfilter = f\nlogpath = /x\n");
  tree.write("filter.d/f.conf", kFilter);
  const JailReading reading = read_jails({.config_dirs = {tree.root()}, .filter_dirs = {}, .with_filters = true});
  EXPECT_EQ(reading.refused.size(), 2u);
  EXPECT_TRUE(mentions(reading.problems, "jail \"a b\": is not a name for a jail"));
}

TEST(JailReader, NothingThereIsSaid) {
  const TempTree tree;
  EXPECT_TRUE(
      mentions(read_jails({.config_dirs = {tree.root()}}).problems, "no jail.conf, jail.local or jail.d/ there"));
  EXPECT_TRUE(mentions(read_jails({.config_dirs = {tree.path("none")}}).problems, "no jail.conf"));
  EXPECT_TRUE(mentions(read_jails({.config_dirs = {}}).problems, "no jail.conf"));
  tree.write("jail.conf", "[x]\n");
  EXPECT_TRUE(mentions(read_jails({.config_dirs = {tree.root()}}).problems, "warning: no jail is enabled"));
}

TEST(JailReader, TheHubNeedsNoFilters) {
  const TempTree tree;
  tree.write("jail.conf", "[j]\nenabled = true\nfilter = none[mode=x]\nlogpath = /x\nmaxretry = 7\n");
  const JailReading reading = read_jails({.config_dirs = {tree.root()}, .filter_dirs = {}, .with_filters = false});
  EXPECT_EQ(reading.problems.text(), "");
  EXPECT_EQ(reading.jails.at(0).maxretry, 7);
  EXPECT_EQ(reading.jails.at(0).filter.name, "none");
}

TEST(Actions, AreDoneByTheFirewallOrNotAtAll) {
  const TempTree tree;
  tree.write(
      "action.d/own.conf",
      "[Definition]\nactionban = <ipt> -I DOCKER 1 -s <ip> -j <what>\n[Init]\nipt = /sbin/iptables -w\nwhat = DROP\n");
  tree.write("action.d/tell.conf", "[Definition]\nactionban = echo <ip> >> /tmp/iptables\n");
  tree.write("action.d/odd.conf", "[Definition]\nactionban = <actionban>\n");
  Problems problems;
  ConfigReader reader({tree.root()}, problems);
  const auto kind = [&](const char* text) { return classify_action(reader, *parse_name_with_options(text), {}); };
  for (const char* text : {"iptables-multiport[port=1]", "nftables", "firewallcmd-ipset", "ufw", "route", "own",
                           "hostsdeny", "own[what=REJECT]"}) {
    EXPECT_EQ(kind(text), ActionKind::drops_packets) << text;
  }
  for (const char* text :
       {"sendmail-whois[name=x]", "smtp.py", "abuseipdb", "tell", "own[what=LOG]", "iptables[blocktype=RETURN]"}) {
    EXPECT_EQ(kind(text), ActionKind::other) << text;
  }
  EXPECT_EQ(kind("none"), ActionKind::unknown);
  EXPECT_EQ(kind("odd"), ActionKind::unknown);
}

TEST(Actions, CommandsThatDropPackets) {
  for (const char* command :
       {"iptables -I DOCKER 1 -s <ip> -j DROP", "ip6tables  -I f2b 1\n -s <ip>   -j REJECT --reject-with x",
        "/usr/sbin/nft add element inet t s { <ip> }", "ipset add f2b <ip> timeout 60 -exist",
        "if x; then ufw insert 1 deny from <ip>; fi", "ip route add blackhole <ip>"}) {
    EXPECT_TRUE(command_drops_packets(command)) << command;
  }
  for (const char* command : {"", "iptables -I x -s <ip> -j LOG", "myiptables -j DROP", "echo -j DROP; iptables -L",
                              "mail -s drop", "ship add"}) {
    EXPECT_FALSE(command_drops_packets(command)) << command;
  }
}

TEST(Actions, AJailThatOnlySendsMailOnlyObserves) {
  const TempTree tree;
  const JailReading mail = read_one(tree, "logpath = /x\naction = sendmail[name=x]\n");
  EXPECT_EQ(mail.jails.at(0).mode, JailMode::observe);
  EXPECT_TRUE(mentions(
      mail.problems, "none of its actions drops packets: this jail observes only (mode = enforce bans all the same)"));
  EXPECT_TRUE(
      mentions(mail.problems, "warning: action \"sendmail\": does not drop packets on this host, and is not run"));
  EXPECT_EQ(read_one(tree, "logpath = /x\naction = sendmail\nmode = enforce\n").jails.at(0).mode, JailMode::enforce);
  EXPECT_EQ(read_one(tree, "logpath = /x\naction = sendmail\n  ufw\n").jails.at(0).mode, JailMode::enforce);
  const JailReading unknown = read_one(tree, "logpath = /x\naction = my-own\n");
  EXPECT_EQ(unknown.jails.at(0).mode, JailMode::enforce);
  EXPECT_TRUE(
      mentions(unknown.problems, "warning: action \"my-own\": not found: the built-in firewall bans in its place"));
}

TEST(TimeZone, FixedOffsetsOnly) {
  for (const auto& [text, zone] :
       std::initializer_list<std::pair<const char*, const char*>>{{"UTC", "UTC+0000"},
                                                                  {"Z", "UTC+0000"},
                                                                  {"UTC+0200", "UTC+0200"},
                                                                  {"UTC-02:30", "UTC-0230"},
                                                                  {"+01", "UTC+0100"},
                                                                  {"GMT+1000", "UTC+1000"}}) {
    EXPECT_EQ(parse_time_zone(text), std::optional<std::string>(zone)) << text;
  }
  for (const char* text : {"", "CET", "UTC+2", "UTC+9999", "+0a00", "UTC+0275", "UTC+02000"})
    EXPECT_FALSE(parse_time_zone(text)) << text;
}

TEST(FilterReader, ReadsByNameByPathAndWithParameters) {
  const TempTree tree;
  tree.write("filter.d/common.conf", "[DEFAULT]\n_p = pre\nlogtype = file\n[lt_file]\nx = F\n[lt_journal]\nx = J\n");
  const std::string path = tree.write(
      "filter.d/f.conf",
      "[INCLUDES]\nbefore = common.conf\n[Definition]\nfailregex = ^%(_p)s <lt_<logtype>/x> <mdre-<mode>> <HOST>$\n"
      "    <mdre-<mode>>\nmdre-a = A\nmdre-b =\nmode = a\nusedns = no\n[Init]\nq = 1\n");
  Problems problems;
  const auto byname = read_filter({tree.root()}, "f", problems);
  ASSERT_TRUE(byname) << problems.text();
  EXPECT_EQ(byname->name, "f");
  ASSERT_EQ(byname->failregex.size(), 2u);
  EXPECT_EQ(byname->failregex[0].pattern, "^pre F A <HOST>$");
  EXPECT_EQ(byname->failregex[1].origin.text(), path + ":6");
  EXPECT_THAT(byname->parameters, testing::Contains(std::pair<std::string, std::string>("q", "1")));
  EXPECT_THAT(byname->parameters, testing::Contains(std::pair<std::string, std::string>("logtype", "file")));
  EXPECT_EQ(read_filter({tree.root()}, "f[mode=b, _p=\"x, y\"]", problems)->failregex.at(0).pattern,
            "^x, y F  <HOST>$");
  EXPECT_EQ(read_filter({}, path, problems)->failregex.size(), 2u);
  EXPECT_EQ(problems.text(), "");
  EXPECT_FALSE(read_filter({tree.root()}, "none", problems));
  EXPECT_FALSE(read_filter({tree.root()}, "f[", problems));
  EXPECT_FALSE(read_filter({tree.root()}, tree.path("none.conf"), problems));
  EXPECT_EQ(problems.errors(), 3u) << problems.text();
}

// As fail2ban's asterisk does for its journal.
TEST(FilterReader, TagOfASectionSeesThatSection) {
  const TempTree tree;
  tree.write("filter.d/common.conf",
             "[DEFAULT]\n__prefix = <lt_<logtype>/__prefix>\nlogtype = file\n[lt_file]\n__prefix = F\n"
             "[lt_journal]\n__prefix = J\n");
  tree.write("filter.d/f.conf",
             "[INCLUDES]\nbefore = common.conf\n[Definition]\n__more = D\nfailregex = ^%(__prefix)s <HOST>$\n"
             "[lt_journal]\n__more = +\n__prefix = %(known/__prefix)s%(__more)s\n");
  Problems problems;
  const auto journal = read_filter({tree.root()}, "f[logtype=journal]", problems);
  ASSERT_TRUE(journal) << problems.text();
  EXPECT_EQ(journal->failregex.at(0).pattern, "^J+ <HOST>$");
  EXPECT_EQ(read_filter({tree.root()}, "f", problems)->failregex.at(0).pattern, "^F <HOST>$");
}

}  // namespace
}  // namespace breakwater
