// SPDX-License-Identifier: Apache-2.0
#include "hub/query/human.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "common/base/text.h"

namespace breakwater {

namespace {

using namespace std::chrono_literals;

struct Range {
  char32_t first, last;
};

// East Asian Wide and Fullwidth, and the emoji blocks (Unicode 15, EastAsianWidth.txt), in blocks.
constexpr Range kWide[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},
                           {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
                           {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
                           {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

// Combining marks, joiners and variation selectors (Unicode 15, general category Mn, and Cf that has no width).
constexpr Range kNoWidth[] = {{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd},  {0x0610, 0x061a}, {0x064b, 0x065f},
                              {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200d},  {0x20d0, 0x20ff}, {0xfe00, 0xfe0f},
                              {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0000, 0xe01ef}};

template <std::size_t N>
bool within(const Range (&ranges)[N], char32_t c) {
  return std::any_of(std::begin(ranges), std::end(ranges), [c](Range r) { return c >= r.first && c <= r.last; });
}

// The character at the start of valid UTF-8, taken off it.
char32_t next_character(std::string_view& utf8) {
  const auto first = static_cast<unsigned char>(utf8[0]);
  const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  char32_t c = length == 1 ? first : first & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < std::min(length, utf8.size()); ++i) {
    c = c << 6 | (static_cast<unsigned char>(utf8[i]) & 0x3fu);
  }
  utf8.remove_prefix(std::min(length, utf8.size()));
  return c;
}

std::size_t width_of(char32_t c) {
  if (c < 0x300) return 1;
  if (within(kNoWidth, c)) return 0;
  return within(kWide, c) ? 2 : 1;
}

std::string two_units(std::int64_t large, char large_unit, std::int64_t small, char small_unit) {
  if (small == 0) return fmt::format("{}{}", large, large_unit);
  return fmt::format("{}{} {}{}", large, large_unit, small, small_unit);
}

}  // namespace

std::string length_text(Duration length) {
  if (length < 0ms) length = 0ms;
  if (length < 1s) return fmt::format("0.{}s", length.count() / 100);
  const std::int64_t seconds = length / 1s;
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return two_units(seconds / 60, 'm', seconds % 60, 's');
  if (seconds < 86400) return two_units(seconds / 3600, 'h', seconds % 3600 / 60, 'm');
  return two_units(seconds / 86400, 'd', seconds % 86400 / 3600, 'h');
}

std::string ago_text(Timestamp then, Timestamp now) {
  const Duration age = now - then;
  if (age > -1s && age < 1s) return "now";
  return age > 0s ? length_text(age) + " ago" : "in " + length_text(-age);
}

std::string end_text(Timestamp until, Timestamp now) {
  if (until == kForever) return "never";
  if (until <= now) return "ended " + (now - until < 1s ? "now" : length_text(now - until) + " ago");
  return "in " + length_text(until - now);
}

std::string count_text(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string shown(std::string_view bytes, bool ascii, std::size_t limit) {
  const std::string safe = escaped(bytes, limit);
  std::string out;
  out.reserve(safe.size());
  for (std::size_t i = 0; i < safe.size(); ++i) {
    const auto c = static_cast<unsigned char>(safe[i]);
    if (c == '\\' && i + 1 < safe.size()) {
      ++i;
      if (safe[i] != '"') out += '\\';
      out += safe[i];
    } else if (ascii && c >= 0x80) {
      out += fmt::format("\\x{:02x}", c);
    } else {
      out += safe[i];
    }
  }
  return out;
}

std::size_t display_width(std::string_view utf8) {
  std::size_t width = 0;
  while (!utf8.empty())
    width += width_of(next_character(utf8));
  return width;
}

std::string fitted(std::string_view utf8, std::size_t columns) {
  if (display_width(utf8) <= columns) return std::string(utf8);
  const std::size_t dots = std::min<std::size_t>(columns, 3);
  std::size_t room = columns - dots;
  std::string out;
  for (;;) {
    const std::string_view before = utf8;
    const std::size_t width = width_of(next_character(utf8));
    if (width > room) break;
    room -= width;
    out += before.substr(0, before.size() - utf8.size());
  }
  return out + std::string(dots, '.');
}

}  // namespace breakwater
