// SPDX-License-Identifier: Apache-2.0
// Tags whose meaning spans several lines.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace breakwater {

// "<F-MLFID> at column 3 is not supported yet (...)" for the first such tag, nullopt if there is none. To count a
// line while leaving out what its tag says would ban the wrong ones: <F-NOFAIL> marks a line that is no failure.
std::optional<std::string> unsupported_tag(std::string_view pattern);

}  // namespace breakwater
