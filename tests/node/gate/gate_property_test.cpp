// SPDX-License-Identifier: Apache-2.0
// Gate and engine together say what the engine alone says: random filters, random lines that are made to match them or
// nearly so, dates in the middle of literals, every way to write a record, every cut of the bytes.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "node/core/filter/subject_text.h"
#include "tests/node/framing/json_file.h"
#include "tests/node/gate/gate_fixture.h"

namespace breakwater {
namespace {

using testing::compile_filter;
using testing::FilterTexts;
using testing::framing_of;
using testing::json_record;

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound) {
  return static_cast<std::size_t>(random() % bound);
}
bool chance(Random& random, unsigned percent) {
  return below(random, 100) < percent;
}
template <class Container>
const auto& any_of(Random& random, const Container& all) {
  return *(std::begin(all) + static_cast<std::ptrdiff_t>(below(random, std::size(all))));
}

// With everything in them that is escaped, folded, cut or not ASCII.
constexpr std::string_view kWords[] = {"login",
                                       "failed",
                                       "wp-login.php",
                                       "\"POST /",
                                       "<b>",
                                       "a\\b",
                                       "user=\"x\"",
                                       "&amp;",
                                       "[error]",
                                       "sshd[1]:",
                                       "kisses",
                                       "\xc3\xa9t\xc3\xa9",
                                       "\xe6\x97\xa5\xe6\x9c\xac",
                                       "skip\xc5\xbf",
                                       "\xe2\x84\xaa"
                                       "ey",
                                       "\t",
                                       "::",
                                       "] [",
                                       "@4000",
                                       "\xc3\x9cnder",
                                       "task",
                                       "http/1.1",
                                       " from ",
                                       "\" 404",
                                       "stdout",
                                       "time",
                                       "/",
                                       "\\/",
                                       "u0041",
                                       "'; drop",
                                       "\x7f",
                                       "log",
                                       "a",
                                       "{\"log\":",
                                       "\xe2\x80\xa8line",
                                       "password for ",
                                       "xmlrpc",
                                       "1.2",
                                       "+0100",
                                       "disk",
                                       "\xef\xbf\xbd\xef\xbf\xbd",
                                       "authentication failure; "};

constexpr std::string_view kDates[] = {"2026-01-31 09:22:55",
                                       "2026-01-31T09:22:55.123Z",
                                       "31/Jan/2026:09:22:55 +0000",
                                       "Jan 31 09:22:55",
                                       "Jan  2 09:22:55.5",
                                       "@4000000052da1b2c0a1b2c3d",
                                       "+0100 Nov  2 03:04:05",
                                       "-0130 Mon Nov  2 03:04:05",
                                       " 2/11/2026 03:04:05",
                                       " 2-Nov-2026 03:04:05",
                                       "1793588645",
                                       "1793588645.123",
                                       "audit(1793588645.123:42)",
                                       "<11/02/26@03:04:05>",
                                       "03:04:05",
                                       "20261102T030405Z",
                                       "CET Nov  2 03:04:05",
                                       "Nov-02-26 03:04:05",
                                       "Nov 02, 2026 3:04:05 AM",
                                       "[2026-01-31 09:22:55]",
                                       "x2026-01-31 09:22:55y",
                                       "\"2026-01-31 09:22:55\"",
                                       "<2026-01-31 09:22:55>"};

constexpr std::string_view kDatePatterns[] = {"{^LN-BEG}",
                                              "%Y-%m-%d %H:%M:%S",
                                              "^\\[%d/%b/%Y:%H:%M:%S",
                                              "^[^\\[]*\\[({DATE})",
                                              "TAI64N",
                                              "EPOCH",
                                              "{UNB}%Y-%m-%d %H:%M:%S",
                                              "{^LN-BEG}EPOCH",
                                              "{NONE}",
                                              "**%Y-%m-%d %H:%M:%S**",
                                              "%d/%b/%Y",
                                              "at (%Y-%m-%d) %H:%M:%S",
                                              "<%m/%d/%Exy@%H:%M:%S>",
                                              "\\s*%H:%M:%S\\s*",
                                              "(?:%z )?%b %d %k:%M:%S",
                                              "^%Y-%m-%d %H:%M:%S$",
                                              "[\"x]%Y-%m-%d %H:%M:%S[\"y]",
                                              "{UNB}@[0-9a-f]{24}",
                                              "({EPOCH})",
                                              "{DATE}",
                                              "^(?:\\S+ )?%Y-%m-%d %H:%M:%S"};

std::string literally(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\.[](){}*+?^$|").find(c) != std::string_view::npos) out += '\\';
    out += c == '<' ? "[<]" : std::string(1, c);  // no tag of fail2ban's
  }
  return out;
}

std::string random_case(Random& random, std::string text) {
  for (char& c : text) {
    if (((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) && chance(random, 50)) c = static_cast<char>(c ^ 0x20);
  }
  const auto replace = [&](std::string_view what, std::string_view with) {
    const std::size_t at = text.find(what);
    if (at != std::string::npos && chance(random, 15)) text.replace(at, what.size(), with);
  };
  replace("s", "\xc5\xbf");
  replace("k", "\xe2\x84\xaa");
  replace("\xc3\xa9", "\xc3\x89");  // an e with an acute accent, and its capital
  return text;
}

// A part of a regex, and something that it matches.
struct Part {
  std::string regex;
  std::string sample;
};

Part word(Random& random) {
  const std::string text(any_of(random, kWords));
  return {literally(text), text};
}

Part any_part(Random& random) {
  const Part one = word(random);
  const Part other = word(random);
  switch (below(random, 13)) {
    case 0:
      return {"(?:" + one.regex + "|" + other.regex + ")", chance(random, 50) ? one.sample : other.sample};
    case 1:
      return {"(?:" + one.regex + ")?", chance(random, 50) ? one.sample : ""};
    case 2:
      return {"(?:" + one.regex + ")+", one.sample + one.sample};
    case 3:
      return {".*", other.sample};
    case 4:
      return {"\\S*", "x"};
    case 5:
      return {"[^\"]*", "y z"};
    case 6:
      return {"\\s+", chance(random, 50) ? " " : "\t"};
    case 7:
      return {"(?i:" + one.regex + ")", random_case(random, one.sample)};
    case 8:
      return {"[Ff]ailed \\d+", "Failed 17"};
    case 9:
      return {"l[o\xc3\xb6]gin", chance(random, 50) ? "l\xc3\xb6gin" : "login"};
    default:
      return one;
  }
}

struct MadeFilter {
  FilterTexts texts;
  std::vector<std::vector<std::string>> samples;  // one of each regex, in parts
};

MadeFilter make_filter(Random& random) {
  MadeFilter out;
  if (chance(random, 40)) {
    for (std::size_t i = 1 + below(random, 2); i > 0; --i)
      out.texts.datepattern.emplace_back(any_of(random, kDatePatterns));
  }
  std::string before_content;
  if (chance(random, 30)) {
    const Part head = any_part(random);
    before_content = head.sample;
    out.texts.prefregex = "^" + head.regex + "<F-CONTENT>.+</F-CONTENT>$";
  }
  for (std::size_t i = 1 + below(random, 3); i > 0; --i) {
    std::string regex = chance(random, 20) ? "(?i)" : chance(random, 30) ? "^" : "";
    std::vector<std::string> sample = {before_content};
    const std::size_t parts = 1 + below(random, 4);
    const std::size_t host = below(random, parts + 1);
    for (std::size_t part = 0; part <= parts; ++part) {
      const Part next =
          part == host ? Part{"<HOST>", "192.0.2." + std::to_string(below(random, 256))} : any_part(random);
      const std::string_view blank = part > 0 && chance(random, 50) ? " " : "";
      regex += std::string(blank) + next.regex;
      sample.push_back(std::string(blank) +
                       (regex.starts_with("(?i)") ? random_case(random, next.sample) : next.sample));
    }
    if (chance(random, 30)) regex += chance(random, 60) ? "$" : "\\n";
    out.texts.failregex.push_back(regex);
    out.samples.push_back(std::move(sample));
  }
  return out;
}

// Matches the filter, or would if it were not for what was done to it.
std::string make_line(Random& random, const MadeFilter& filter) {
  std::string line;
  const unsigned wrong = chance(random, 50) ? 0 : 60;
  for (const std::string& part : any_of(random, filter.samples))
    line += chance(random, wrong) ? std::string(any_of(random, kWords)) : part;
  if (chance(random, 60)) line.insert(chance(random, 40) ? 0 : below(random, line.size() + 1), any_of(random, kDates));
  if (chance(random, 10)) line[below(random, line.size())] = static_cast<char>(random());
  if (chance(random, 10)) line += any_of(random, kWords);
  if (chance(random, 5)) line += '\r';
  std::erase(line, '\n');
  while (line.starts_with('\0'))
    line.erase(0, 1);  // at the beginning of a line a NUL is what a truncation left
  return line;
}

// As Python's json.dumps would, and others that escape what need not be; `line` is valid UTF-8.
std::string escaped_by_others(Random& random, std::string_view line, bool python) {
  std::string out;
  char text[16];
  while (!line.empty()) {
    std::uint32_t character = 0;
    const std::size_t length = decode_utf8(line, character);
    const std::string_view plain = line.substr(0, length);
    line.remove_prefix(length);
    if (character == '\\' || character == '"') {
      out += '\\' + std::string(plain);
    } else if (character == '\t') {
      out += "\\t";
    } else if (character == '/' && !python && chance(random, 50)) {
      out += "\\/";
    } else if (character > 0xffff) {
      std::snprintf(text, sizeof text, "\\u%04x\\u%04x", 0xd800 + ((character - 0x10000) >> 10),
                    0xdc00 + (character & 0x3ff));
      out += text;
    } else if (character < 0x20 || character > 0x7e || (!python && chance(random, 5))) {
      std::snprintf(text, sizeof text, chance(random, 50) ? "\\u%04x" : "\\u%04X", character);
      out += text;
    } else {
      out += plain;
    }
  }
  return out;
}

std::string time_of(std::size_t number) {
  return "2026-01-31T09:22:55." + std::to_string(100'000 + number) + "Z";
}

// One line as one record or, now and then, in two pieces.
std::string records_of(Random& random, const std::string& line, std::size_t number) {
  const std::string time = time_of(number);
  const char* const stream = chance(random, 70) ? "stdout" : "stderr";
  const std::string_view attrs = chance(random, 20) ? R"({"tag":"failed {login","x":"y\n"})" : "";
  const std::string clean = is_utf8(line) ? line : replace_ill_formed(line);
  if (chance(random, 20)) {
    return "{\"log\":\"" + escaped_by_others(random, clean, chance(random, 50)) + "\\n\",\"stream\":\"" + stream +
           "\",\"time\":\"" + time + "\"}\n";
  }
  std::string docker = clean;
  if (chance(random, 10) && !clean.empty()) {
    const std::size_t at = below(random, docker.size());
    const std::string first = docker.substr(0, at);
    return json_record(first, time, stream, attrs) +
           (chance(random, 30) ? json_record("between\n", time_of(number + 500), stream[3] == 'o' ? "stderr" : "stdout")
                               : "") +
           (chance(random, 10) ? "" : json_record(docker.substr(at) + "\n", time, stream, attrs));
  }
  if (chance(random, 3)) return R"({"log":"remains of a cra)" + json_record(docker + "\n", time, stream, attrs);
  return json_record(docker + "\n", time, stream, attrs);
}

struct Verdict {
  std::string text;
  std::vector<FilterVerdict> by_filter;
  bool operator==(const Verdict&) const = default;
};

void PrintTo(const Verdict& verdict, std::ostream* out) {
  *out << '"' << verdict.text << "\" ->";
  for (const FilterVerdict each : verdict.by_filter)
    *out << ' ' << static_cast<int>(each);
}

struct Outcome {
  std::vector<Verdict> hits;  // lines that a filter took notice of
  StreamPosition end;
  std::uint64_t lines = 0;
  std::uint64_t gated = 0;
};

// The log, through a gate or not, cut at random places.
Outcome read_log(const std::vector<std::unique_ptr<LineFilter>>& filters, LogForm form, std::shared_ptr<LineGate> gate,
                 const std::string& bytes, Random random) {
  Outcome out;
  const auto framing = framing_of(form);
  framing->set_gate(std::move(gate));
  const LineSink sink = [&](const FramedLine& line) {
    Verdict verdict{std::string(line.text), std::vector<FilterVerdict>(filters.size(), FilterVerdict::no_match)};
    bool hit = false;
    for (std::size_t i = 0; i < filters.size(); ++i) {
      const bool asked = line.candidates == nullptr ||
                         std::find(line.candidates->begin(), line.candidates->end(), i) != line.candidates->end();
      if (!asked) continue;
      const std::string_view text = filters[i]->wants_raw_json() ? line.raw : line.text;
      verdict.by_filter[i] = filters[i]->match(text, {.now = from_unix_seconds(1793588645)}).verdict;
      hit = hit || verdict.by_filter[i] != FilterVerdict::no_match;
    }
    if (hit) out.hits.push_back(std::move(verdict));
  };
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t count = 1 + below(random, chance(random, 50) ? 40 : 5000);
    framing->feed(std::string_view(bytes).substr(at, count), sink);
    at += count;
  }
  framing->flush(sink);
  framing->end_of_file(sink);
  out.end = framing->position();
  out.lines = framing->counters().lines;
  out.gated = framing->counters().lines_gated;
  return out;
}

std::uint64_t rounds(std::uint64_t usual) {
  const char* const wished = std::getenv("BREAKWATER_PROPERTY_ROUNDS");
  return wished == nullptr ? usual : std::strtoull(wished, nullptr, 10);
}

struct Sums {
  std::uint64_t lines = 0, hits = 0, gated = 0, in_vain = 0;
};

void check(std::uint64_t seed, LogForm form, Sums& sums) {
  Random random(seed);
  std::vector<MadeFilter> made;
  std::vector<std::unique_ptr<LineFilter>> filters;
  std::vector<GateFilter> needs;
  for (std::size_t i = 1 + below(random, 2); i > 0; --i) {
    made.push_back(make_filter(random));
    filters.push_back(compile_filter(made.back().texts));
    ASSERT_NE(filters.back(), nullptr) << "seed " << seed;
    needs.push_back({filters.back()->requirement(), filters.back()->wants_raw_json()});
  }
  auto gate = LineGate::make(needs, form);
  ASSERT_TRUE(gate) << gate.error().message();
  if ((*gate)->in_vain()) {
    ++sums.in_vain;
    return;
  }
  std::string bytes;
  for (std::size_t i = 0; i < 200; ++i) {
    const std::string line = make_line(random, any_of(random, made));
    bytes += form == LogForm::plain ? line + "\n" : records_of(random, line, i);
  }
  const Outcome alone = read_log(filters, form, nullptr, bytes, random);
  const Outcome gated = read_log(filters, form, std::move(*gate), bytes, Random(seed + 1));
  std::string texts;
  for (const MadeFilter& filter : made) {
    for (const std::string& pattern : filter.texts.datepattern)
      texts += "datepattern " + pattern + "\n";
    texts += "prefregex " + filter.texts.prefregex + "\n";
    for (const std::string& regex : filter.texts.failregex)
      texts += "failregex " + regex + "\n";
  }
  const auto [first, second] =
      std::mismatch(gated.hits.begin(), gated.hits.end(), alone.hits.begin(), alone.hits.end());
  ASSERT_TRUE(first == gated.hits.end() && second == alone.hits.end())
      << "seed " << seed << "\n"
      << texts << "with the gate, then without:\n"
      << ::testing::PrintToString(std::vector(first, std::min(first + 1, gated.hits.end()))) << "\n"
      << ::testing::PrintToString(std::vector(second, std::min(second + 1, alone.hits.end())));
  ASSERT_EQ(gated.end, alone.end) << "seed " << seed;
  ASSERT_EQ(gated.lines, alone.lines) << "seed " << seed;
  sums.lines += alone.lines;
  sums.hits += alone.hits.size();
  sums.gated += gated.gated;
}

void check_all(LogForm form, std::uint64_t usual) {
  Sums sums;
  const std::uint64_t count = rounds(usual);
  const char* const from = std::getenv("BREAKWATER_PROPERTY_FROM");
  for (std::uint64_t seed = from == nullptr ? 1 : std::strtoull(from, nullptr, 10);
       seed <= count && !::testing::Test::HasFatalFailure(); ++seed)
    check(seed, form, sums);
  if (::testing::Test::HasFatalFailure()) return;
  std::printf("%llu filters without literals; of the others: %llu lines, %llu hits, %llu ended at the gate\n",
              static_cast<unsigned long long>(sums.in_vain), static_cast<unsigned long long>(sums.lines),
              static_cast<unsigned long long>(sums.hits), static_cast<unsigned long long>(sums.gated));
  // Neither lines that all match nor lines that all end at the gate would prove much.
  EXPECT_GT(sums.hits * 5, sums.lines);
  EXPECT_GT(sums.gated * 10, sums.lines);
}

TEST(GateProperty, LosesNoMatchInDockersLogs) {
  check_all(LogForm::docker_json, 80);
}

TEST(GateProperty, LosesNoMatchInPlainFiles) {
  check_all(LogForm::plain, 80);
}

TEST(GateProperty, DoesNotDependOnWhereTheBytesAreCut) {
  const auto filter = compile_filter({{R"(^<HOST> "POST /wp-login\.php)"}, ""});
  auto gate = LineGate::make(std::vector<GateFilter>{{filter->requirement(), false}}, LogForm::docker_json);
  ASSERT_TRUE(gate);
  const std::shared_ptr<LineGate> shared = std::move(*gate);
  const std::string bytes =
      json_record("192.0.2.1 \"GET /\n", time_of(1)) + json_record("192.0.2.1 \"POST /wp-login.php\n", time_of(2)) +
      json_record("192.0.2.2 \"POST /wp-", time_of(3)) + json_record("login.php\n", time_of(3)) +
      json_record("nothing\n", time_of(4)) + json_record("192.0.2.3 \"POST /wp-login.php\n", time_of(5));
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    for (std::size_t second = first; second <= bytes.size(); second += 7) {
      DockerJsonFraming framing;
      framing.set_gate(shared);
      std::vector<std::string> texts;
      const LineSink sink = [&](const FramedLine& line) { texts.emplace_back(line.text); };
      framing.feed(std::string_view(bytes).substr(0, first), sink);
      framing.feed(std::string_view(bytes).substr(first, second - first), sink);
      framing.feed(std::string_view(bytes).substr(second), sink);
      ASSERT_EQ(texts, (std::vector<std::string>{"192.0.2.1 \"POST /wp-login.php", "192.0.2.2 \"POST /wp-login.php",
                                                 "192.0.2.3 \"POST /wp-login.php"}))
          << first << " " << second;
      ASSERT_EQ(framing.counters().lines, 5u);
      ASSERT_EQ(framing.position(), (StreamPosition{bytes.size(), bytes.size()}));
    }
  }
}

}  // namespace
}  // namespace breakwater
