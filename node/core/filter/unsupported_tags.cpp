// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/unsupported_tags.h"

#include <array>
#include <utility>

namespace breakwater {

std::optional<std::string> unsupported_tag(std::string_view pattern) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kTags = {{
      {"<SKIPLINES>", "it needs several lines at once"},
      {"<F-MLFID", "it joins the lines of one connection"},
      {"<F-MLFFORGET", "it joins the lines of one connection"},
      {"<F-MLFGAINED", "it joins the lines of one connection"},
      {"<F-NOFAIL", "it marks lines of a connection that are no failure"},
      {"<F-TUPLE_", "it makes one value of several"},
  }};
  for (const auto& [tag, why] : kTags) {
    const std::size_t at = pattern.find(tag);
    if (at == std::string_view::npos) continue;
    std::string name(pattern.substr(at, pattern.find('>', at) - at));
    if (!name.ends_with('>')) name += '>';
    return name + " at column " + std::to_string(at + 1) + " is not supported yet (" + std::string(why) + ")";
  }
  return std::nullopt;
}

}  // namespace breakwater
