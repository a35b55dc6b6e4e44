// SPDX-License-Identifier: Apache-2.0
// dockerd's json-file logs, and plain ones: cut into any pieces, or read on from any position, the same bytes give the
// same lines. The first line of the input says how long the pieces are, a byte each.
#include <memory>
#include <vector>

#include "node/core/framing/docker_json_framing.h"
#include "node/core/framing/line_framing.h"
#include "tests/fuzz/fuzz_input.h"

namespace breakwater::fuzz {
namespace {

constexpr FramingLimits kLimits{.line = 300, .record = 2000};  // so that they bite

struct Line {
  std::string text, raw;
  std::optional<Timestamp> time;
  StreamPosition after;
  std::uint64_t last = 0;
  bool operator==(const Line&) const = default;
};
using Lines = std::vector<Line>;

std::unique_ptr<Framing> make(bool docker, FramingStart start = {}) {
  if (docker) return std::make_unique<DockerJsonFraming>(start, kLimits);
  return std::make_unique<LineFraming>(start, kLimits);
}

LineSink into(Lines& lines) {
  return [&lines](const FramedLine& line) {
    lines.push_back({std::string(line.text), std::string(line.raw), line.record_time, line.after, line.last});
  };
}

void finish(Framing& framing, Lines& lines) {
  framing.end_of_file(into(lines));
  framing.flush(into(lines));
}

void check(const Line& line, const Framing& framing) {
  expect(line.text.size() <= kLimits.line, "a line beyond the limit");
  expect(line.after.resume <= line.after.delivered, "reading goes on behind what was delivered");
  expect(line.last <= framing.fed(), "a line from bytes that were not read");
}

void compare_pieces(bool docker, std::string_view cuts, std::string_view bytes) {
  const auto whole = make(docker), pieces = make(docker);
  Lines all, some;
  whole->feed(bytes, into(all));
  std::size_t cut = 0;
  for (std::string_view rest = bytes; !rest.empty(); ++cut) {
    const std::size_t length = cuts.empty() ? 1 : static_cast<unsigned char>(cuts[cut % cuts.size()]) % 64u + 1;
    pieces->feed(rest.substr(0, length), into(some));
    rest.remove_prefix(std::min(length, rest.size()));
  }
  expect(whole->position() == pieces->position() && whole->consumed() == pieces->consumed(), "other positions");
  finish(*whole, all);
  finish(*pieces, some);
  expect(all == some, "other lines");
  const FramingCounters &a = whole->counters(), &b = pieces->counters();
  expect(a.lines == b.lines && a.lines_cut == b.lines_cut && a.records_too_long == b.records_too_long &&
             a.parse_errors == b.parse_errors && a.resyncs == b.resyncs && a.nul_bytes == b.nul_bytes,
         "other counts");
  for (const Line& line : all)
    check(line, *whole);
}

// Stopped behind some line and begun again where it said: what follows, each line once.
void compare_restarts(bool docker, std::string_view cuts, std::string_view bytes) {
  Lines all;
  const auto whole = make(docker);
  whole->feed(bytes, into(all));
  for (std::size_t i = 0; i < all.size(); i += 1 + (cuts.empty() ? 0 : static_cast<unsigned char>(cuts[0]) % 8u)) {
    Lines rest;
    const auto again = make(docker, {.at = all[i].after});
    again->feed(bytes.substr(static_cast<std::size_t>(all[i].after.resume)), into(rest));
    expect(rest == Lines(all.begin() + static_cast<std::ptrdiff_t>(i) + 1, all.end()), "other lines after a restart");
  }
}

}  // namespace
}  // namespace breakwater::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace breakwater::fuzz;
  Input input(data, std::min<std::size_t>(size, 20'000));
  const std::string_view cuts = input.line();
  for (const bool docker : {true, false}) {
    compare_pieces(docker, cuts, input.rest());
    compare_restarts(docker, cuts, input.rest());
  }
  return 0;
}
