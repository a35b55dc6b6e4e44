// SPDX-License-Identifier: Apache-2.0
// From what a decoded line must hold to what its raw bytes must hold.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "node/core/gate/date_seams.h"

namespace breakwater {

enum class LogForm : std::uint8_t {
  plain,        // a line of the file is the text
  docker_json,  // dockerd's json-file record, the text escaped in it
};

// `atom`: lower case, as FilteredRE2 gives it; it must stand in the text that a regex is searched in, in either case.
// The pieces of it that then stand in the raw bytes, as they are but for the case of ASCII letters; the rarest first,
// those not worth looking for left out. What may lie between the two cuts the atom in pieces:
//   - escapes: dockerd never writes `"` `\` `<` `>` `&` or a control character as it is
//   - characters beyond ASCII: they have cases that Hyperscan does not fold, stand for invalid bytes, may be escaped
//   - "\n", which no line holds: the regexes see one that is not in the file
//   - the date that was cut out, and brought together what stood around it
// Not covered: U+017F and U+212A, which (?i) takes for s and k, and escapes for printable ASCII. LineGate lets lines
// with them pass.
std::vector<std::string> raw_literals(std::string_view atom, const DateSeams& seams, LogForm form);

// How often a literal is to be expected in a line; 1: in each. A rule of thumb: rare letters and long texts are rare.
double commonness(std::string_view literal);

}  // namespace breakwater
