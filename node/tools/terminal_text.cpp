// SPDX-License-Identifier: Apache-2.0
#include "node/tools/terminal_text.h"

#include "common/base/text.h"

namespace breakwater {

std::string terminal_text(std::string_view bytes, std::size_t limit) {
  std::string out;
  while (!bytes.empty()) {
    if (out.size() >= limit) return out + "...";
    if (bytes.front() == '"' || bytes.front() == '\\') {
      out += bytes.front();
      bytes.remove_prefix(1);
      continue;
    }
    const std::string_view run = bytes.substr(0, bytes.find_first_of("\"\\"));
    out += escaped(run, limit - out.size());
    bytes.remove_prefix(run.size());
  }
  return out;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3)
    digits.insert(at - 3, 1, ' ');
  return digits;
}

}  // namespace breakwater
