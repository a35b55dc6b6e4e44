// SPDX-License-Identifier: Apache-2.0
// <tag>: the second of fail2ban's two interpolations, done over the merged options of a filter or an action.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "common/config/sourced_text.h"

namespace breakwater {

inline constexpr int kMaxTagReplacements = 25;           // of one tag within one value, as in fail2ban
inline constexpr std::size_t kMaxTagSteps = 1000;        // replacements within one value
inline constexpr std::size_t kMaxTagBytes = 512 * 1024;  // of one value

// The value of <name>; neither value nor fault if there is no such tag.
using TagLookup = std::function<Expanded(const std::string& name)>;

// Replaces every <name> that `lookup` knows, and what comes of it again, inner ones first: <mdre-<mode>> becomes
// <mdre-normal>, then what that stands for. Unknown tags stay: <HOST> and <F-USER> are for the filter engine.
// `self`: the option's own name; meeting it is a loop and a fault, as is a tag replaced more than 25 times.
Expanded expand_tags(const SourcedText& value, const std::string& self, const TagLookup& lookup);

}  // namespace breakwater
