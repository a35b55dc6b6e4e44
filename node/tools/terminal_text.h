// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace breakwater {

// Bytes from a log or a filter, fit to print on a terminal in one line: what it would obey instead of showing, and
// what is no UTF-8, becomes \xNN. Quotes and backslashes stay, so that a regex can be read. Longer than `limit` bytes
// is cut and ends in "...".
std::string terminal_text(std::string_view bytes, std::size_t limit);

// 1234567 -> "1 234 567".
std::string grouped(std::uint64_t number);

}  // namespace breakwater
