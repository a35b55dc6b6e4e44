// SPDX-License-Identifier: Apache-2.0
#include "hub/query/timeline.h"

#include <algorithm>

#include <fmt/format.h>

#include "hub/query/table.h"

namespace breakwater {

namespace {

struct Event {
  Timestamp at;
  std::string what, where, detail;
};

void add_offence(const Row& row, const Console& console, std::vector<Event>& events) {
  const std::string node = console.safe(row.text("node"));
  if (const auto at = row.time("at")) {
    events.push_back({*at, "logged", node, console.safe(row.text("jail")) + " " + console.safe(row.text("container"))});
  }
  if (const auto at = row.time("received_at")) {
    events.push_back({*at, "received", "hub", "from " + node});
  }
}

void add_decision(const Row& row, const Console& console, std::vector<Event>& events) {
  const auto decided = row.time("decided_at");
  if (!decided) return;
  const std::string what = fmt::format("{} {}", console.safe(row.text("op")), row.number("seq"));
  events.push_back({*decided, "decided", "hub", what + " by " + console.safe(row.text("by"))});
  for (const Row& enforced : row.rows("enforced")) {
    const auto after = enforced.number_if("after_ms");
    if (!after) continue;
    const Timestamp at =
        saturating_add(*decided, Duration(static_cast<std::int64_t>(std::min<std::uint64_t>(*after, INT64_MAX))));
    events.push_back({at, "enforced", console.safe(enforced.text("node")), what});
  }
}

}  // namespace

std::string timeline_text(const std::vector<Row>& rows, const Console& console) {
  std::vector<Event> events;
  for (const Row& row : rows) {
    if (row.text("type") == "offence") add_offence(row, console, events);
    if (row.text("type") == "decision") add_decision(row, console, events);
  }
  if (events.empty()) return {};
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.at < b.at; });
  Table table({{"MS", Align::right}, {"WHAT"}, {"WHERE", Align::left, 12}, {"", Align::left, 12}});
  for (const Event& event : events) {
    table.add({fmt::format("+{}", (event.at - events.front().at).count()), event.what, event.where, event.detail});
  }
  return to_text(events.front().at) + " is +0\n" + table.text(console.width);
}

}  // namespace breakwater
