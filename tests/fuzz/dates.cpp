// SPDX-License-Identifier: Apache-2.0
// Any datepattern on any line. The input is a pattern a line, an empty line (at once: fail2ban's defaults), and lines.
#include "common/base/text.h"
#include "node/core/filter/date_detector.h"
#include "tests/fuzz/fuzz_input.h"

namespace breakwater::fuzz {
namespace {

constexpr Timestamp kNow = from_unix_seconds(1793588645);
constexpr Timestamp kLatest = from_unix_seconds(253402300800);    // the year 10000
constexpr Timestamp kEarliest = from_unix_seconds(-62167219200);  // the year 0

std::string_view without_end(std::string_view line) {
  while (line.ends_with('\r'))
    line.remove_suffix(1);
  return line;
}

void look(DateDetector& detector, const SubjectText& line) {
  const auto found = detector.find(line);
  if (!found) return;
  expect(found->begin <= found->end && found->end <= line.text.size(), "a date outside of its line");
  expect(found->pattern < detector.patterns().size(), "a date of no pattern");
  const auto when = detector.value(line, *found, kNow, {});
  expect(!when || (*when > kEarliest - std::chrono::hours(48) && *when < kLatest + std::chrono::hours(48)),
         "a date beyond all calendars");
  const auto again = detector.find(line);
  expect(again && again->begin == found->begin && again->end == found->end, "another date at the second look");
}

}  // namespace
}  // namespace breakwater::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace breakwater;
  fuzz::Input input(data, size);
  std::vector<RegexText> patterns;
  for (std::string_view line = input.line(); !line.empty(); line = input.line())
    patterns.push_back({std::string(line), {"input", 1}});
  const auto made = DateDetector::make(patterns);
  if (!made) {
    fuzz::expect(!made.error().message().empty(), "refused without a reason");
    return 0;
  }
  for (int i = 0; i < 100 && !input.empty(); ++i) {
    const std::string_view line = fuzz::without_end(input.line());
    const std::string clean = replace_ill_formed(line);
    fuzz::look(**made, {clean, is_ascii(clean)});
  }
  return 0;
}
