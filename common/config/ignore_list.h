// SPDX-License-Identifier: Apache-2.0
// ignoreip: who is never banned.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/base/address.h"
#include "common/config/option_values.h"

namespace breakwater {

inline constexpr std::size_t kMaxIgnoreEntries = 100000;  // of one option, files included

struct IgnoreList {
  std::vector<Prefix> prefixes;    // each once, in the order written
  std::vector<std::string> names;  // DNS names, in lower case; the caller resolves them
};

// Reads the words of `ignoreip`: addresses, ranges (192.0.2.0/24, 192.0.2.0/255.255.255.0), DNS names, and
// file:/PATH, whose lines hold the same (but no file:), with # and ; comments. The file is read now. Every wrong word
// is an error where it stands; the others are taken.
IgnoreList read_ignore_list(OptionValues& values, const std::string& key = "ignoreip");

}  // namespace breakwater
