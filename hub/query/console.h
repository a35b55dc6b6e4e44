// SPDX-License-Identifier: Apache-2.0
// Where the tool's words go.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "hub/query/human.h"

namespace breakwater {

// The terminal, or the file or pipe in its place. `out` and `err` outlive it.
struct Console {
  std::ostream& out;
  std::ostream& err;
  std::size_t width = 0;  // columns; 0 = not a terminal: nothing is cut
  bool colour = false;
  bool ascii = false;  // the terminal is not set to UTF-8

  // Text from outside, fit to print here.
  std::string safe(std::string_view bytes) const { return shown(bytes, ascii); }

  std::string good(const std::string& text) const { return painted("32", text); }
  std::string bad(const std::string& text) const { return painted("1;31", text); }
  std::string strong(const std::string& text) const { return painted("1", text); }

 private:
  // ECMA-48 SGR. Only around whole lines or at their end: a table aligns text without colours.
  std::string painted(const char* code, const std::string& text) const {
    return colour ? std::string("\x1b[") + code + "m" + text + "\x1b[0m" : text;
  }
};

}  // namespace breakwater
