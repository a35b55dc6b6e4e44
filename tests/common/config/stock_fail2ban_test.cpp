// SPDX-License-Identifier: Apache-2.0
// The real fail2ban's configuration, read by it and by us: option by option the same.
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/config/config_reader.h"
#include "common/config/duration_text.h"
#include "common/config/jail_reader.h"
#include "tests/common/config/temp_tree.h"

namespace breakwater {
namespace {

constexpr char kStock[] = "/etc/fail2ban";

bool installed() {
  return std::filesystem::exists(std::string(kStock) + "/jail.conf");
}

std::string output_of(const std::string& command) {
  std::string out;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  if (!pipe) return out;
  char buffer[65536];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe.get()))
    out.append(buffer, got);
  return out;
}

// jail -> command -> values, of `fail2ban-client -d`, which prints a Python list a line.
using Dump = std::map<std::string, std::map<std::string, std::vector<std::string>>>;

Dump fail2ban_dump(const std::string& directory) {
  const std::string to_json =
      "python3 -c 'import sys, ast, json\n"
      "for line in sys.stdin:\n"
      "  line = line.strip()\n"
      "  if line.startswith(\"[\"): print(json.dumps(ast.literal_eval(line)))'";
  const std::string text = output_of("fail2ban-client -c " + directory + " -d 2>/dev/null | " + to_json);
  Dump dump;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = text.find('\n', at);
    const auto row = nlohmann::json::parse(text.substr(at, end - at), nullptr, false);
    at = end == std::string::npos ? text.size() : end + 1;
    if (!row.is_array() || row.size() != 4 || !row[1].is_string() || !row[2].is_string()) continue;
    auto& values = dump[row[1]][row[2]];
    for (const auto& value : row[3].is_array() ? row[3] : nlohmann::json::array({row[3]})) {
      values.push_back(value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  return dump;
}

std::vector<std::string> patterns(const std::vector<RegexText>& regexes) {
  std::vector<std::string> out;
  for (const RegexText& regex : regexes)
    out.push_back(regex.pattern);
  return out;
}

// A copy of the stock files in which every jail is enabled and reads a file that exists.
void enable_all(const TempTree& tree, std::vector<std::string>& jails) {
  std::filesystem::copy(kStock, tree.root(),
                        std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  Problems problems;
  ConfigReader reader({kStock}, problems);
  const auto config = reader.read_all("jail");
  ASSERT_TRUE(config);
  EXPECT_EQ(problems.text(), "");
  std::string local;
  for (const std::string& section : config->sections()) {
    local += '[' + section + "]\nenabled = true\nbackend = polling\nlogpath = /etc/hostname\n";
    jails.push_back(section);
  }
  tree.write("jail.local", local);
}

TEST(StockFail2ban, ItsOwnFilesAreReadAsTheyAre) {
  if (!installed()) GTEST_SKIP() << "package fail2ban is not installed";
  const JailReading reading = read_jails({.config_dirs = {kStock}, .filter_dirs = {}, .with_filters = true});
  EXPECT_FALSE(reading.problems.has_errors()) << reading.problems.text();
  EXPECT_GT(reading.jails.size() + reading.disabled.size(), 80u);
  EXPECT_TRUE(reading.refused.empty());
}

void expect_same(const JailReading& ours, const Dump& theirs) {
  for (const JailConfig& jail : ours.jails) {
    SCOPED_TRACE(jail.name);
    ASSERT_TRUE(theirs.count(jail.name));
    auto dump = theirs.at(jail.name);
    EXPECT_EQ(patterns(jail.filter.failregex), dump["addfailregex"]);
    EXPECT_EQ(patterns(jail.filter.ignoreregex), dump["addignoreregex"]);
    EXPECT_EQ(jail.filter.prefregex ? jail.filter.prefregex->pattern : "",
              dump["prefregex"].empty() ? "" : dump["prefregex"][0]);
    std::string dates;
    for (const RegexText& date : jail.filter.datepattern)
      dates += (dates.empty() ? "" : "\n") + date.pattern;
    EXPECT_EQ(dates, dump["datepattern"].empty() ? "" : dump["datepattern"][0]);
    EXPECT_EQ(std::to_string(jail.filter.maxlines), dump["maxlines"].empty() ? "1" : dump["maxlines"][0]);
    EXPECT_EQ(std::to_string(jail.maxretry), dump["maxretry"][0]);
    EXPECT_EQ(jail.findtime, *parse_duration(dump["findtime"][0]));
    EXPECT_EQ(jail.bantime, *parse_ban_duration(dump["bantime"][0]));
    EXPECT_EQ(jail.filter.use_dns, dump["usedns"][0] == "warn");
    for (const RegexText& regex : jail.filter.failregex) {
      EXPECT_GT(regex.origin.line, 0);
      EXPECT_FALSE(regex.origin.file.empty());
    }
  }
}

// Skips the test where fail2ban cannot be asked.
#define NEED_FAIL2BAN()                                                                                           \
  if (!installed()) GTEST_SKIP() << "package fail2ban is not installed";                                          \
  if (output_of("fail2ban-client --version 2>/dev/null").empty()) GTEST_SKIP() << "fail2ban-client does not run"; \
  if (output_of("python3 -c 'print(1)' 2>/dev/null").empty()) GTEST_SKIP() << "python3 does not run"

TEST(StockFail2ban, EveryJailMeansTheSameToBoth) {
  NEED_FAIL2BAN();
  const TempTree tree;
  std::vector<std::string> names;
  enable_all(tree, names);
  if (HasFatalFailure()) return;
  const JailReading ours = read_jails({.config_dirs = {tree.root()}, .filter_dirs = {}, .with_filters = true});
  EXPECT_FALSE(ours.problems.has_errors()) << ours.problems.text();
  EXPECT_EQ(ours.jails.size(), names.size()) << ours.problems.text();
  expect_same(ours, fail2ban_dump(tree.root()));
}

// What people do to those files: parameters, .local files, %(known/...)s, own filters on top of stock ones.
TEST(StockFail2ban, OverridesMeanTheSameToBoth) {
  NEED_FAIL2BAN();
  const TempTree tree;
  std::vector<std::string> names;
  enable_all(tree, names);
  if (HasFatalFailure()) return;
  std::string jails = "[DEFAULT]\nbantime = 1d12h\nbase = 10\n[sshd]\nenabled = false\n";
  const auto jail = [&](const std::string& name, const std::string& options) {
    jails += '[' + name + "]\nenabled = true\nbackend = polling\nlogpath = /etc/hostname\n" + options + '\n';
  };
  for (const char* mode : {"normal", "ddos", "extra", "aggressive"}) {
    jail(std::string("ssh-") + mode, std::string("filter = sshd[mode=") + mode + "]");
    jail(std::string("post-") + mode, std::string("filter = postfix[mode=") + mode + "]");
    jail(std::string("ssh2-") + mode,
         std::string("mode = ") + mode + "\nfilter = sshd[mode=%(mode)s, publickey=any, logtype=journal]");
  }
  jail("ssh-params", "filter = sshd[__pam_auth='pam_[a-z]+x', publickey=\"ignore\"][mode=ddos]");
  jail("dovecot-agg", "filter = dovecot[mode=aggressive]");
  jail("domino-x", "filter = apache-auth[mode=aggressive]\nmaxretry = %(base)s\nfindtime = %(default/bantime)s");
  jail("more",
       "filter = sshd\nfailregex = %(known/failregex)s\n   ^more <HOST>$\nignoreregex = ^less\nmaxlines = 7\nusedns = "
       "no");
  jail("own", "filter = own[x=\"from <jail>\", y='a,b]']\nport = 1");
  jail("journal", "filter = own[logtype=journal]");
  jail("asterisk-journal", "filter = asterisk[logtype=journal]");
  tree.write("filter.d/base.conf",
             "[INCLUDES]\nbefore = common.conf\n[Definition]\n_daemon = base\nz = base %(_daemon)s\n");
  tree.write(
      "filter.d/own.conf",
      "[INCLUDES]\nbefore = base.conf\nafter = own-extra.conf\n[Definition]\n_daemon = own(?:x|y)?\n"
      "prefregex = ^%(__prefix_line)s<F-CONTENT>.+</F-CONTENT>$\n"
      "failregex = ^<x> %(z)s 100%% <HOST>$ ; comment\n            # comment\n\n            <re-<kind>>\n   <re-none>\n"
      "            ^<y> <known/y> <lt_<logtype>/datepattern> <Unknown> <unknown>$\n"
      "kind = %(known/kind)s one\nre-one = ^one <HOST>\n   ^two <x> <HOST>\nre-none =\nignoreregex =\n"
      "[DEFAULT]\nkind =\n[Init]\nx = init\ny = <x> y\nmaxlines = 3\n");
  tree.write("filter.d/own-extra.conf", "[Definition]\nz = %(known/z)s extra\nkind = one\n");
  tree.write("filter.d/own.local", "[Definition]\nmaxlines = 4\n");
  tree.write("jail.local", jails);
  const JailReading ours = read_jails({.config_dirs = {tree.root()}, .filter_dirs = {}, .with_filters = true});
  EXPECT_EQ(ours.jails.size(), 19u) << ours.problems.text();
  expect_same(ours, fail2ban_dump(tree.root()));
}

}  // namespace
}  // namespace breakwater
