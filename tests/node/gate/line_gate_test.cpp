// SPDX-License-Identifier: Apache-2.0
#include "node/core/gate/line_gate.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "node/core/gate/gate_set.h"
#include "tests/node/framing/json_file.h"
#include "tests/node/gate/gate_fixture.h"

namespace breakwater {
namespace {

using testing::FilterTexts;
using testing::framing_of;
using testing::gate_of;
using testing::json_record;

constexpr std::string_view kTime = "2026-01-31T09:22:55.123456789Z";

// The numbers of the filters that get each line; lines that end at the gate are left out.
struct Passed {
  std::string text;
  std::vector<std::uint16_t> filters;
  bool operator==(const Passed&) const = default;
};

struct GatedRun {
  explicit GatedRun(const std::vector<FilterTexts>& filters, LogForm form = LogForm::docker_json)
      : framing(framing_of(form)), gate(gate_of(filters, form)) {
    framing->set_gate(gate);
  }

  std::vector<Passed> feed(std::string_view bytes) {
    std::vector<Passed> out;
    framing->feed(bytes, [&](const FramedLine& line) {
      out.push_back({std::string(line.text), line.candidates == nullptr ? gate->all() : *line.candidates});
    });
    return out;
  }

  std::unique_ptr<Framing> framing;
  std::shared_ptr<LineGate> gate;
};

const FilterTexts kWordpress{{R"(^<HOST> .*"POST /wp-login\.php)"}, ""};
const FilterTexts kXmlrpc{{R"(^<HOST> .*"POST .*xmlrpc\.php)"}, ""};

TEST(LineGate, LetsALinePassToTheFiltersWhoseLiteralsItHolds) {
  GatedRun run({kWordpress, kXmlrpc});
  const std::string lines = json_record("192.0.2.1 - \"GET / HTTP/1.1\" 200\n", kTime) +
                            json_record("192.0.2.1 - \"POST /wp-login.php HTTP/1.1\" 200\n", kTime) +
                            json_record("192.0.2.1 - \"POST /xmlrpc.php HTTP/1.1\" 200\n", kTime) +
                            json_record("192.0.2.1 - \"GET /about HTTP/1.1\" 200\n", kTime);
  EXPECT_EQ(run.feed(lines), (std::vector<Passed>{{"192.0.2.1 - \"POST /wp-login.php HTTP/1.1\" 200", {0}},
                                                  {"192.0.2.1 - \"POST /xmlrpc.php HTTP/1.1\" 200", {1}}}));
  EXPECT_EQ(run.framing->counters().lines, 4u);
  EXPECT_EQ(run.framing->counters().lines_gated, 2u);
}

TEST(LineGate, CountsAPassedOverLineAsDelivered) {
  GatedRun run({kWordpress});
  const std::string line = json_record("nothing to see\n", kTime);
  EXPECT_TRUE(run.feed(line + line.substr(0, 20)).empty());
  EXPECT_EQ(run.framing->position(), (StreamPosition{line.size(), line.size()}));
  EXPECT_TRUE(run.feed(line.substr(20)).empty());
  EXPECT_EQ(run.framing->position(), (StreamPosition{2 * line.size(), 2 * line.size()}));
}

TEST(LineGate, SeesThroughDockersEscapes) {
  GatedRun run({FilterTexts{{R"(user="<F-USER>[^"]*</F-USER>" failed <<HOST>>)"}, ""}});
  EXPECT_EQ(run.feed(json_record("user=\"bob\" failed <192.0.2.1>\n", kTime)).size(), 1u);
  EXPECT_TRUE(run.feed(json_record("user=\"bob\" came from <192.0.2.1>\n", kTime)).empty());
}

TEST(LineGate, LetsUnusualEscapesPass) {
  GatedRun run({kWordpress});
  const auto record = [](const std::string& log) {
    return "{\"log\":\"" + log + "\\n\",\"stream\":\"stdout\",\"time\":\"" + std::string(kTime) + "\"}\n";
  };
  EXPECT_EQ(run.feed(record(R"(192.0.2.1 - \"POST \/wp-login.php)")).size(), 1u);
  EXPECT_EQ(run.feed(record(R"(192.0.2.1 - \"POST /wp\u002Dlogin.php)")).size(), 1u);
  // Text that looks like one, and what dockerd does write.
  EXPECT_TRUE(run.feed(record(R"({\"url\":\"\\/index.php\"} \\u002d)")).empty());
  EXPECT_TRUE(run.feed(record(R"(a=1\u0026b=2 \u003cb\u003e \u001b[0m \u2028)")).empty());
}

TEST(LineGate, KnowsThatACutDateBringsTextTogether) {
  GatedRun run({FilterTexts{{R"(^\[\] login failed: <HOST>$)"}, "", {}}});
  EXPECT_EQ(run.feed(json_record("[2026-01-31 09:22:55] login failed: 192.0.2.1\n", kTime)).size(), 1u);
  EXPECT_TRUE(run.feed(json_record("[2026-01-31 09:22:55] welcome 192.0.2.1\n", kTime)).empty());
}

TEST(LineGate, KnowsDatesThatBeginBehindAWord) {
  GatedRun run({FilterTexts{{R"(login failed: <HOST>)"}, ""}});
  for (const char* const date : {"@4000000052da1b2c0a1b2c3d", "+0100 Nov  2 03:04:05", " 2/11/2026 03:04:05"})
    EXPECT_EQ(run.feed(json_record("login" + std::string(date) + " failed: 192.0.2.1\n", kTime)).size(), 1u) << date;
  EXPECT_TRUE(run.feed(json_record("login at Nov  2 03:04:05 ok: 192.0.2.1\n", kTime)).empty());
}

TEST(LineGate, LetsLettersPassThatFoldToAscii) {
  GatedRun run({FilterTexts{{R"((?i)^unknown user <HOST>$)"}, ""}});
  EXPECT_EQ(run.feed(json_record("UN\xe2\x84\xaaNOWN U\xc5\xbf"
                                 "ER 192.0.2.1\n",
                                 kTime))
                .size(),
            1u);
  EXPECT_EQ(run.feed(json_record("UNKNOWN USER 192.0.2.1\n", kTime)).size(), 1u);
  EXPECT_TRUE(run.feed(json_record("known user 192.0.2.1\n", kTime)).empty());
}

TEST(LineGate, LetsThePiecesOfALongLinePassToAll) {
  GatedRun run({kWordpress, kXmlrpc});
  const std::string first = json_record("192.0.2.1 \"POST /wp-lo", kTime);
  const std::string last = json_record("gin.php\n", kTime);
  EXPECT_TRUE(run.feed(first).empty());
  // The other stream goes on meanwhile.
  EXPECT_TRUE(run.feed(json_record("nothing\n", kTime, "stderr")).empty());
  EXPECT_EQ(run.framing->counters().lines_gated, 1u);
  EXPECT_EQ(run.feed(last), (std::vector<Passed>{{"192.0.2.1 \"POST /wp-login.php", {0, 1}}}));
}

TEST(LineGate, DoesNotTakeDockersFrameForText) {
  GatedRun run({FilterTexts{{R"(stdout time <HOST>)"}, ""}});
  EXPECT_TRUE(run.feed(json_record("nothing\n", kTime, "stdout", R"({"stdout time ":"stdout time "})")).empty());
  EXPECT_EQ(run.feed(json_record("stdout time 192.0.2.1\n", kTime)).size(), 1u);
}

TEST(LineGate, LooksAtWholeRecordsForAFilterOnRawRecords) {
  GatedRun run({FilterTexts{{R"(^{"log":"<HOST> .*"attrs":{"tag":"web"})"}, ""}});
  EXPECT_EQ(run.feed(json_record("192.0.2.1 x\n", kTime, "stdout", R"({"tag":"web"})")).size(), 1u);
  EXPECT_TRUE(run.feed(json_record("192.0.2.1 x\n", kTime)).empty());
}

TEST(LineGate, WorksOnPlainFiles) {
  GatedRun run({kWordpress}, LogForm::plain);
  EXPECT_EQ(run.feed("192.0.2.1 - \"GET / HTTP/1.1\" 200\n\n192.0.2.1 - \"POST /wp-login.php HTTP/1.1\" 200\r\n"),
            (std::vector<Passed>{{"192.0.2.1 - \"POST /wp-login.php HTTP/1.1\" 200", {0}}}));
  EXPECT_EQ(run.framing->counters().lines, 3u);
  EXPECT_EQ(run.framing->counters().lines_gated, 2u);
}

TEST(LineGate, IsInVainForAFilterWithoutLiterals) {
  GatedRun run({FilterTexts{{R"(^<HOST> \d+$)"}, ""}});
  EXPECT_TRUE(run.gate->in_vain());
  EXPECT_EQ(run.feed(json_record("nothing\n", kTime)).size(), 1u);
}

TEST(LineGate, GivesSuchAFilterEveryLineAndTheOthersTheirs) {
  GatedRun run({kWordpress, {{R"(^<HOST> \d+$)"}, ""}});
  EXPECT_FALSE(run.gate->in_vain());
  EXPECT_EQ(run.feed(json_record("192.0.2.1 17\n", kTime)), (std::vector<Passed>{{"192.0.2.1 17", {1}}}));
  EXPECT_EQ(run.feed(json_record("\"POST /wp-login.php\n", kTime)),
            (std::vector<Passed>{{"\"POST /wp-login.php", {0, 1}}}));
}

TEST(LineGate, AsksForPrefregexAndOneFailregex) {
  GatedRun run({FilterTexts{{R"(^login of <HOST> refused$)", R"(^<HOST> gave up$)"},
                            R"(^myapp\[\d+\]: <F-CONTENT>.+</F-CONTENT>$)"}});
  EXPECT_TRUE(run.feed(json_record("myapp[1]: hello\n", kTime)).empty());
  EXPECT_TRUE(run.feed(json_record("other: 192.0.2.1 gave up\n", kTime)).empty());
  EXPECT_EQ(run.feed(json_record("myapp[1]: 192.0.2.1 gave up\n", kTime)).size(), 1u);
}

// Nine filters, and a chunk that is full of the literals of each.
std::vector<FilterTexts> rotations_of_a_word() {
  std::vector<FilterTexts> filters;
  std::string word = "wp-login ";
  for (int i = 0; i < 9; ++i) {
    filters.push_back({{word + "<HOST>"}, ""});
    word = word.substr(1) + word[0];
  }
  return filters;
}

std::string too_many_hits() {
  std::string text;
  while (text.size() < 9000)
    text += "wp-login ";
  std::string lines;
  for (int i = 0; i < 10; ++i)
    lines += json_record(text + "\n", kTime);
  return lines + json_record("nothing\n", kTime);
}

TEST(LineGate, LetsPassWhatItCannotRemember) {
  GatedRun run(rotations_of_a_word());
  EXPECT_EQ(run.feed(too_many_hits()).size(), 11u);
  EXPECT_EQ(run.gate->counters().scans_cut_short, 1u);
}

TEST(GateSet, CountsForAllGatesThoseThatAreGoneIncluded) {
  std::vector<GateFilter> filters;
  for (const FilterTexts& texts : rotations_of_a_word())
    filters.push_back({testing::compile_filter(texts)->requirement(), false});
  GateSet gates(std::move(filters));
  for (const std::vector<std::size_t>& wanted :
       {std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7, 8}, {0, 1, 2, 3, 4, 5, 6, 7}}) {
    const auto framing = framing_of(LogForm::docker_json);
    framing->set_gate(gates.gate_for(wanted, LogForm::docker_json));
    framing->feed(too_many_hits(), [](const FramedLine&) {});
  }
  EXPECT_EQ(gates.counters().scans_cut_short, 2u);
  EXPECT_EQ(gates.problem(), "");
}

}  // namespace
}  // namespace breakwater
