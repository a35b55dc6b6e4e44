// SPDX-License-Identifier: Apache-2.0
// The filters of the installed fail2ban, and ours, on lines that were made to keep us busy, or to hide in the time that
// they take.
#include <iostream>
#include <map>
#include <memory>
#include <random>

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "node/core/filter/filter_engine.h"
#include "node/core/filter/regex_line_filter.h"
#include "tests/node/filter/cpu_time.h"
#include "tests/node/filter/sampled_filters.h"

namespace breakwater {
namespace {

using testing::cpu_ms;
using testing::kSlowBuild;
using testing::SampledFilter;
using testing::shipped_filters;
using testing::stock_filter;
using testing::stock_filters;

constexpr LineContext kContext{.now = from_unix_seconds(1124013600)};

// One filter as it is after a busy day: what is made when it is worth it is made on the first occasion.
class WarmFilter {
 public:
  explicit WarmFilter(const SampledFilter& real) {
    auto filter = RegexLineFilter::compile(real.config, {}, *engine_);
    EXPECT_TRUE(filter) << filter.error().message();
    if (!filter) return;
    filter_ = std::move(*filter);
    for (int i = 0; i < 3; ++i) {
      for (const std::string& line : real.samples)
        match(line);
    }
    match("caf\xc3\xa9");
    for (const auto& regex : filter_->explain())
      needs_pcre2_ = needs_pcre2_ || regex.engine.find("PCRE2") != std::string::npos;
  }

  explicit operator bool() const { return filter_ != nullptr; }
  bool needs_pcre2() const { return needs_pcre2_; }

  FilterVerdict match(const std::string& line) {
    const auto memory = filter_->make_memory();
    return filter_->match(line, kContext, memory.get()).verdict;
  }

 private:
  std::unique_ptr<FilterEngine> engine_ = std::make_unique<FilterEngine>(1);
  std::unique_ptr<LineFilter> filter_;
  bool needs_pcre2_ = false;
};

std::string repeated(const std::string& unit, std::size_t bytes) {
  std::string out;
  while (out.size() < bytes)
    out += unit;
  return out;
}

// --- regexes that made fail2ban stand still ------------------------------------------------------------------------

struct Redos {
  const char* filter;
  std::string before, unit, after;
};

const std::vector<Redos> kRedos = {
    // GHSA-33wh-ccjc-p397: 7 to 12 seconds with two dozen words.
    {"domino-smtp", "03-07-2025 23:07:20   smtp: ", "A ", "[203.0.113.7] authentication failure using password"},
    {"domino-smtp", "03-07-2025 23:07:20   smtp: ", "A ", "!"},
    {"dovecot", "Jul  2 13:49:31 mx dovecot[7]: imap-login: Disconnected: a", " b", ": auth failed"},
    {"dovecot",
     "Jul  2 13:49:31 mx dovecot[7]: imap-login: Aborted login: ", "a(b) c: ", "x (auth failed, 1 attempts)"},
    {"dovecot", "Jul  2 13:49:31 mx dovecot[7]: imap-login: Aborted login", ": a(b) c",
     " (auth failed, 1 attempts): rip="},
    {"dovecot[mode=aggressive]", "Jul  2 13:49:31 mx dovecot[7]: imap-login: Disconnected", ": x",
     " (no auth attempts"},
    {"pam-generic", "Jul 19 18:11:26 mx ", "(", "pam_unix(a): authentication failure; tty= rhost=203.0.113.7 x"},
    {"asterisk", "[2025-11-11 14:33:38] WARNING[7][C-1] ", " ", "Ext. s: \"Rejecting unknown SIP connection"},
};

std::vector<SampledFilter> all_filters() {
  auto filters = shipped_filters();
  for (SampledFilter& filter : stock_filters())
    filters.push_back(std::move(filter));
  return filters;
}

// Each line in the filter that it was made for, and in all others.
TEST(HostileFilters, AnswerTheLinesThatStoppedFail2banWithinAMillisecond) {
  double slowest = 0;
  std::string which;
  for (const SampledFilter& real : all_filters()) {
    WarmFilter filter(real);
    ASSERT_TRUE(filter) << real.name;
    for (const Redos& one : kRedos) {
      for (const std::size_t bytes : {50u, 100u, 1000u, 10'000u}) {
        const std::string line = one.before + repeated(one.unit, bytes) + one.after;
        EXPECT_NE(filter.match(line), FilterVerdict::engine_failed) << real.name << " on " << one.filter;
        const double ms = cpu_ms(kSlowBuild, [&] { filter.match(line); });
        EXPECT_LT(ms, kSlowBuild) << real.name << " on " << one.filter << ": " << one.unit << " x" << bytes;
        if (ms > slowest) which = real.name + ", " + std::to_string(bytes) + " bytes for " + one.filter;
        slowest = std::max(slowest, ms);
      }
    }
  }
  std::cout << "slowest: " << slowest << " ms: " << which << "\n";
}

TEST(HostileFilters, DoNotTakeTheLinesThatStoppedFail2banForOffences) {
  if (stock_filters().empty()) GTEST_SKIP() << "fail2ban is not installed";
  for (const Redos& one : kRedos) {
    WarmFilter filter(stock_filter(one.filter));
    ASSERT_TRUE(filter) << one.filter;
    const std::string line = one.before + repeated(one.unit, 1000) + one.after;
    EXPECT_EQ(filter.match(line), FilterVerdict::no_match) << one.filter << " " << one.unit;
  }
}

// --- all of them, on lines made of their own samples -----------------------------------------------------------------

class LineMaker {
 public:
  explicit LineMaker(std::uint64_t seed) : random_(seed) {}

  // Repeats a part of the sample in its place, or something that regexes count, and often spoils the end, so that all
  // ways to match have to be tried.
  std::string make(const std::string& sample, std::size_t bytes) {
    const std::size_t from = edge(sample), to = edge(sample);
    const auto [begin, end] = std::minmax(from, to);
    std::string unit = sample.substr(begin, std::min<std::size_t>(end - begin, 60));
    std::size_t behind = begin + unit.size();
    if (unit.empty() || pick(3) != 0) {
      behind = begin;
      unit = kUnits[pick(kUnits.size())] + (pick(2) == 0 ? kUnits[pick(kUnits.size())] : "");
    }
    std::string line = sample.substr(0, behind) + repeated(unit, bytes) + sample.substr(behind);
    const std::size_t how = pick(4);
    if (how == 0) line += '!';
    if (how == 1) line.pop_back();
    if (how == 2) line.resize(std::min(line.size(), line.rfind(' ')));
    return line;
  }

 private:
  std::size_t pick(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_); }

  // Where a word begins or ends.
  std::size_t edge(const std::string& line) {
    const auto is_word = [&](std::size_t at) { return std::isalnum(static_cast<unsigned char>(line[at])) != 0; };
    for (std::size_t at = pick(line.size()); at > 0; --at) {
      if (is_word(at) != is_word(at - 1)) return at;
    }
    return 0;
  }

  const std::vector<std::string> kUnits = {" ",
                                           "a",
                                           "A ",
                                           "\"",
                                           "'",
                                           "[",
                                           "]",
                                           "(",
                                           ")",
                                           "<",
                                           ">",
                                           ": ",
                                           ":",
                                           "=",
                                           "a=b ",
                                           ", ",
                                           "1.",
                                           "::",
                                           "- ",
                                           "\t",
                                           "\\",
                                           "\"a",
                                           "{",
                                           "\xc3\xa9",
                                           "\xff",
                                           "\n",
                                           "1.1.1.1 ",
                                           " from 1.1.1.1 port 1",
                                           "Nov  2 03:04:05 ",
                                           "x2026-01-01 01:01:01"};
  std::mt19937_64 random_;
};

struct Tally {
  std::size_t lines = 0;
  double ms = 0, tens = 0;  // tens of kilobytes
  std::map<std::string, std::size_t> failed;

  double mean() const { return ms / tens; }
};

void try_line(WarmFilter& filter, const std::string& name, const std::string& line, Tally& tally) {
  // A thorough search of PCRE2 may cost some 50 ms, but not on every line: see the mean.
  const double tens = static_cast<double>(line.size()) / 10'000;
  const double bound = (filter.needs_pcre2() ? 500 : 10) * kSlowBuild * (tens + 0.1);
  FilterVerdict verdict{};
  const double ms = cpu_ms(bound, [&] { verdict = filter.match(line); });
  EXPECT_LT(ms, bound) << name << ": " << escaped(line, 200);
  if (verdict == FilterVerdict::engine_failed) ++tally.failed[name];
  ++tally.lines;
  tally.ms += ms;
  tally.tens += tens;
}

// Slow builds take fewer lines.
constexpr std::size_t kStep = kSlowBuild > 1 ? 7 : 1;

Tally try_all(const std::vector<SampledFilter>& filters, std::size_t bytes, int rounds) {
  Tally tally;
  LineMaker maker(bytes);
  for (const SampledFilter& real : filters) {
    WarmFilter filter(real);
    const std::size_t lines = static_cast<std::size_t>(rounds) * real.samples.size();
    for (std::size_t i = 0; filter && i < lines; i += kStep)
      try_line(filter, real.name, maker.make(real.samples[i % real.samples.size()], bytes), tally);
  }
  std::cout << tally.lines << " lines of " << bytes << " bytes, " << tally.mean() << " ms per 10 kB";
  for (const auto& [name, count] : tally.failed)
    std::cout << "; gave up " << count << " times: " << name;
  std::cout << "\n";
  return tally;
}

TEST(HostileFilters, JudgeEveryLineOfUpToTwoKilobytes) {
  const Tally tally = try_all(all_filters(), 1500, 2);
  EXPECT_GT(tally.lines, 100u);
  EXPECT_TRUE(tally.failed.empty());
  EXPECT_LT(tally.mean(), kSlowBuild);
}

TEST(HostileFilters, AnswerTheLongestLinesInAMillisecondPerTenKilobytes) {
  const Tally stock = try_all(stock_filters(), 60'000, 1);
  if (stock.lines > 0) {
    EXPECT_LT(stock.mean(), kSlowBuild);
  }
  std::size_t failed = 0;
  for (const auto& [name, count] : stock.failed)
    failed += count;
  EXPECT_LE(failed, stock.lines / 20);  // the node counts them as filter_errors, with an alarm

  const Tally ours = try_all(shipped_filters(), 60'000, 1);
  EXPECT_GT(ours.lines, 100u);
  EXPECT_LT(ours.mean(), kSlowBuild);
  EXPECT_TRUE(ours.failed.empty());
}

}  // namespace
}  // namespace breakwater
