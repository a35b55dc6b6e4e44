// SPDX-License-Identifier: Apache-2.0
// Small text helpers that several parts share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace breakwater {

// Without ASCII white space at both ends.
std::string_view trimmed(std::string_view text);

// Pieces between separators; empty pieces are kept.
std::vector<std::string_view> split(std::string_view text, char separator);

// Bytes from outside made fit to print in one line: control characters (those of Unicode that end or turn a line
// included), invalid UTF-8, `"` and `\` become \xNN, \n, \" and so on; longer than `limit` bytes is cut and ends in
// "...". Nobody can forge a log line through it.
std::string escaped(std::string_view bytes, std::size_t limit = 512);

// Invalid UTF-8 replaced by U+FFFD and cut to at most `limit` bytes at a character boundary: fit for JSON.
std::string valid_utf8(std::string_view bytes, std::size_t limit);

// Shell-style pattern: * ? [a-z]. No special meaning for '/' or a leading dot; a zero byte matches nothing.
bool glob_matches(std::string_view pattern, std::string_view text);

// The candidate nearest to `word` by edit distance, if it is near enough to be a likely misspelling.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

// "00ff"; lower case.
std::string to_hex(std::span<const std::uint8_t> bytes);
std::string to_hex(std::string_view bytes);
// Exactly pairs of hex digits (either case); anything else is an error.
Result<std::string> from_hex(std::string_view hex);

// FNV-1a, 64 bits: stable across versions and machines; not for hostile keys in hash tables.
std::uint64_t fnv1a(std::string_view bytes, std::uint64_t seed = 0xcbf29ce484222325ull);

}  // namespace breakwater
