// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/filter_lint.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace breakwater {

namespace {

std::string warning(const FilterConfig& config, const RegexText& regex, std::string_view what) {
  return regex.origin.text() + ": filter \"" + config.name + "\": " + std::string(what);
}

std::size_t first_address(std::string_view pattern) {
  constexpr std::array<std::string_view, 7> kAddresses = {"<HOST>", "<ADDR>",   "<IP4>", "<IP6>",
                                                          "<DNS>",  "<SUBNET>", "<F-ID"};
  std::size_t first = std::string_view::npos;
  for (const std::string_view tag : kAddresses)
    first = std::min(first, pattern.find(tag));
  return first;
}

// ".*" or ".+" that is not quoted, greedy or not.
bool has_catch_all(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '.' && (text[i + 1] == '*' || text[i + 1] == '+')) {
      return true;
    }
  }
  return false;
}

bool ends_anchored(std::string_view pattern) {
  while (pattern.ends_with(')'))
    pattern.remove_suffix(1);
  return pattern.ends_with('$') || pattern.ends_with("\\Z");
}

// With "anything" before the address and no fixed end, what a stranger writes into the line (a user name, a request)
// can be taken for the address.
bool catch_all_before_address(std::string_view pattern) {
  const std::size_t address = first_address(pattern);
  if (address == std::string_view::npos || ends_anchored(pattern)) return false;
  return has_catch_all(pattern.substr(0, address));
}

}  // namespace

bool addresses_raw_json(const RegexText& regex) {
  constexpr std::string_view kRecord = "{\"log\":\"";
  std::string_view rest = regex.pattern;
  if (rest.starts_with('^')) rest.remove_prefix(1);
  for (const char sign : kRecord) {
    if (rest.starts_with('\\') && sign != 'l' && sign != 'o' && sign != 'g') rest.remove_prefix(1);
    if (!rest.starts_with(sign)) return false;
    rest.remove_prefix(1);
  }
  return true;
}

std::vector<std::string> lint_filter(const FilterConfig& config) {
  std::vector<std::string> out;
  std::vector<RegexText> all = config.failregex;
  if (config.prefregex) all.push_back(*config.prefregex);
  for (const RegexText& regex : all) {
    if (catch_all_before_address(regex.pattern)) {
      out.push_back(
          warning(config, regex,
                  "\".*\" stands before the address and the end is not bound by $: whoever can write into the "
                  "log can choose who is banned"));
    }
  }
  const auto raw = std::find_if(all.begin(), all.end(), addresses_raw_json);
  if (raw != all.end()) {
    out.push_back(warning(config, *raw,
                          "addresses dockerd's raw JSON record: whatever the container prints can be taken for the "
                          "client, so such lines can be forged; prefer a filter for the decoded line"));
  }
  return out;
}

}  // namespace breakwater
