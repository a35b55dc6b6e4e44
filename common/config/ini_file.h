// SPDX-License-Identifier: Apache-2.0
// fail2ban's INI dialect, one file at a time: Python's ConfigParser as fail2ban sets it up.
//
//   [section]                 a trailing "?family=inet6" makes it conditional (see config.h)
//   key = value  /  key : value    keys are case-insensitive and come out in lower case
//       continued by lines that are indented deeper than the key
//   # comment, ; comment      on lines of their own, also between continued lines
//   key = value  ; comment    only ';' with white space before it starts a comment behind a value
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/problem.h"
#include "common/config/sourced_text.h"

namespace breakwater {

// Bounds; whatever goes beyond is a problem with file:line, and what stands before it is kept.
inline constexpr std::size_t kMaxIniLine = 64 * 1024;
inline constexpr int kMaxIniLines = 100000;
inline constexpr std::size_t kMaxIniSections = 1000;
inline constexpr std::size_t kMaxIniOptions = 10000;

struct IniOption {
  std::string key;  // lower case
  SourcedText value;
  Origin origin;  // of the line with the key
};

struct IniSection {
  std::string name;
  Origin origin;
  std::vector<IniOption> options;  // in the order of the file; a key stands once (of doubles the last)
};

struct IniFile {
  std::string path;
  std::vector<IniSection> sections;  // a name stands once
};

// Never fails as a whole: bad lines are reported and left out, the rest is there. `file` is for the origins.
IniFile parse_ini(std::string_view bytes, const std::string& file, Problems& problems);

}  // namespace breakwater
