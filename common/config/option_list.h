// SPDX-License-Identifier: Apache-2.0
// `name[a=1, b="x,y"][c='z']`: how jails name a filter or an action.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/config/sourced_text.h"

namespace breakwater {

struct NameWithOptions {
  std::string name;
  std::vector<std::pair<std::string, std::string>> options;  // as written, a name once (of doubles the last)
  bool operator==(const NameWithOptions&) const = default;
};

// One name. Values stand bare (then without ',' and ']'), in "..." or in '...'; keys hold letters, digits, - _ and '.'.
// An error says what was expected where.
Result<NameWithOptions> parse_name_with_options(std::string_view text);

// Several of them, separated by white space outside of brackets: the value of `action`. Each piece keeps its line.
std::vector<SourcedLine> split_names(const SourcedText& text);

// Words separated by spaces, commas and line ends; empty ones left out. Each keeps its line.
std::vector<SourcedLine> split_words(const SourcedText& text);

// Pieces separated by commas and line ends (not spaces), trimmed; empty ones left out.
std::vector<SourcedLine> split_items(const SourcedText& text);

}  // namespace breakwater
