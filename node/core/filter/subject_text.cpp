// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/subject_text.h"

#include <cstring>

namespace breakwater {

namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// One sequence at the start of non-empty `bytes`: how many bytes belong together (well-formed or, maximally,
// ill-formed: Unicode 15, section 3.9, table 3-7), and whether they make a character.
struct Sequence {
  std::size_t length = 1;
  bool good = false;
  std::uint32_t character = 0;
};

Sequence read_sequence(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return {1, true, first};
  const std::size_t tail = first >= 0xc2 && first <= 0xdf   ? 1u
                           : (first & 0xf0) == 0xe0         ? 2u
                           : first >= 0xf0 && first <= 0xf4 ? 3u
                                                            : 0u;
  if (tail == 0) return {};
  unsigned char low = 0x80, high = 0xbf;  // of the second byte: no overlong form, no surrogate, nothing above U+10FFFF
  if (first == 0xe0) low = 0xa0;
  if (first == 0xed) high = 0x9f;
  if (first == 0xf0) low = 0x90;
  if (first == 0xf4) high = 0x8f;
  std::uint32_t character = first & (0x3fu >> tail);
  for (std::size_t i = 1; i <= tail; ++i) {
    if (i >= bytes.size() || at(i) < low || at(i) > high) return {i, false, 0};
    character = character << 6 | (at(i) & 0x3fu);
    low = 0x80;
    high = 0xbf;
  }
  return {tail + 1, true, character};
}

}  // namespace

bool is_ascii(std::string_view bytes) {
  std::uint64_t all = 0;
  std::size_t i = 0;
  for (; i + sizeof all <= bytes.size(); i += sizeof all) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    all |= word;
  }
  for (; i < bytes.size(); ++i)
    all |= static_cast<unsigned char>(bytes[i]);
  return (all & 0x8080808080808080u) == 0;
}

std::size_t decode_utf8(std::string_view bytes, std::uint32_t& character) {
  if (bytes.empty()) return 0;
  const Sequence sequence = read_sequence(bytes);
  if (!sequence.good) return 0;
  character = sequence.character;
  return sequence.length;
}

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const Sequence sequence = read_sequence(bytes);
    if (!sequence.good) return false;
    bytes.remove_prefix(sequence.length);
  }
  return true;
}

std::string replace_ill_formed(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + 8);
  while (!bytes.empty()) {
    const Sequence sequence = read_sequence(bytes);
    out += sequence.good ? bytes.substr(0, sequence.length) : kReplacement;
    bytes.remove_prefix(sequence.length);
  }
  return out;
}

}  // namespace breakwater
