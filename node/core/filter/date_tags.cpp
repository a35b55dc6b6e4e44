// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/date_tags.h"

#include <array>
#include <utility>

#include "common/base/text.h"

namespace breakwater {

namespace {

// A zone by name: a military letter, or three to five letters.
#define BW_ZONE "[A-Z](?:[A-Z]{2,4})?"
#define BW_OFFSET R"([+-][01]\d(?::?\d{2})?)"

// Longest names first, so that %Exd is not taken for an unknown %E.
constexpr std::array<std::pair<std::string_view, std::string_view>, 32> kTags = {{
    {"ExY", R"((?P<Y>20\d\d))"},
    {"Exy", R"((?P<y>\d\d))"},
    {"Exm", R"((?P<m>0[1-9]|1[0-2]))"},
    {"Exd", R"((?P<d>[12]\d|0[1-9]|3[01]))"},
    {"ExH", R"((?P<H>[01]\d|2[0-3]))"},
    {"Exk", R"( ?(?P<H>[01]?\d|2[0-3]))"},
    {"Exl", R"( ?(?P<I>1[0-2]|\d))"},
    {"ExM", R"((?P<M>[0-5]\d))"},
    {"ExS", R"((?P<S>[0-5]\d|6[01]))"},
    {"ExZ", "(?P<Z>" BW_ZONE ")"},
    {"Exz", "(?P<z>(?:" BW_ZONE ")?" BW_OFFSET "|" BW_ZONE ")"},
    {"Y", R"((?P<Y>\d{4}))"},
    {"y", R"((?P<y>\d\d))"},
    {"m", R"((?P<m>0?[1-9]|1[0-2]))"},
    {"d", R"((?P<d>[12]\d|[0 ]?[1-9]|3[01]))"},
    {"H", R"((?P<H>[01]?\d|2[0-3]))"},
    {"k", R"( ?(?P<H>[0-2]?\d))"},
    {"I", R"((?P<I>1[0-2]|0[1-9]|[1-9]))"},
    {"l", R"( ?(?P<I>1?\d))"},
    {"M", R"((?P<M>[0-5]?\d))"},
    {"S", R"((?P<S>[0-5]?\d|6[01]))"},
    {"f", R"((?P<f>[0-9]{1,6}))"},
    {"j", R"((?P<j>36[0-6]|3[0-5]\d|[12]\d\d|0[1-9]\d|00[1-9]|[1-9]\d|0[1-9]|[1-9]))"},
    {"p", R"((?P<p>am|pm))"},
    {"b", R"((?P<b>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))"},
    {"B", R"((?P<B>september|february|november|december|january|october|august|march|april|june|july|may))"},
    {"a", R"((?P<a>mon|tue|wed|thu|fri|sat|sun))"},
    {"A", R"((?P<A>wednesday|thursday|saturday|tuesday|monday|friday|sunday))"},
    {"Z", R"((?P<Z>Z|[A-Z]{3,5}))"},
    {"z", "(?P<z>Z|UTC|GMT|" BW_OFFSET ")"},
    {"w", R"((?P<w>[0-6]))"},
    {"%", "%"},
}};

#undef BW_ZONE
#undef BW_OFFSET

}  // namespace

Result<ExpandedDate> expand_date_tags(std::string_view pattern) {
  ExpandedDate out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      out.regex += pattern[i];
      continue;
    }
    const std::string_view rest = pattern.substr(i + 1);
    bool known = false;
    for (const auto& [tag, regex] : kTags) {
      if (!rest.starts_with(tag)) continue;
      out.regex += regex;
      if (tag.size() == 1 && std::string_view("aAbBp").find(tag[0]) != std::string_view::npos) out.words = true;
      i += tag.size();
      known = true;
      break;
    }
    if (!known) {
      return Error("%" + escaped(rest.substr(0, 1)) + " in datepattern is not supported (write a percent sign as %%)");
    }
  }
  return out;
}

}  // namespace breakwater
