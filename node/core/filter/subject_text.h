// SPDX-License-Identifier: Apache-2.0
// A log line, as the regexes see it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace breakwater {

// What a regex is searched in. ascii: no byte is above 127; otherwise the text is valid UTF-8.
struct SubjectText {
  std::string_view text;
  bool ascii = true;
};

bool is_ascii(std::string_view bytes);

// The first character and its length in bytes; 0 if it is not well-formed UTF-8 (RFC 3629) or `bytes` is empty.
std::size_t decode_utf8(std::string_view bytes, std::uint32_t& character);

bool is_utf8(std::string_view bytes);

// What Python's bytes.decode("utf-8", "replace") gives: each maximal ill-formed part becomes one U+FFFD. So a stray
// byte in a line never hides the rest of it from a regex.
std::string replace_ill_formed(std::string_view bytes);

}  // namespace breakwater
