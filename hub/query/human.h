// SPDX-License-Identifier: Apache-2.0
// Values as a person reads them in a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace breakwater {

// "0.3s", "42s", "9m 58s", "3h 5m", "12d 3h": the two largest units. Negative lengths count as zero.
std::string length_text(Duration length);

// "3s ago"; "now" for less than a second; "in 3s" when the clock that wrote `then` is ahead.
std::string ago_text(Timestamp then, Timestamp now);

// When a ban ends: "in 9m 58s", "never" for kForever, "ended 3s ago".
std::string end_text(Timestamp until, Timestamp now);

// "1 node", "3 nodes".
std::string count_text(std::uint64_t count, std::string_view noun);

// Bytes from outside made fit for a terminal: like escaped(), but a quotation mark stays one, because no line here is
// read back by a program. `ascii`: everything else than ASCII becomes \xNN, for a terminal that is not set to UTF-8
// (there, byte 0x9b inside of a letter would start an escape sequence).
std::string shown(std::string_view bytes, bool ascii = false, std::size_t limit = 2048);

// Columns that valid UTF-8 takes in a terminal: two for East Asian wide characters and emoji, none for combining marks.
std::size_t display_width(std::string_view utf8);

// `utf8` in at most `columns`: cut at a character, the last three columns then being "...".
std::string fitted(std::string_view utf8, std::size_t columns);

}  // namespace breakwater
