// SPDX-License-Identifier: Apache-2.0
// From the groups of a match to fields and an address.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/address.h"
#include "node/core/filter/regex_engine.h"

namespace breakwater {

// A named group that took no part in the match is here too, without a value: it hides one of the prefregex.
using MatchFields = std::map<std::string, std::optional<std::string_view>>;

// The named groups; then alt_user, alt_user_1, ... fill `user` where that is empty.
MatchFields fields_of(const std::vector<std::string>& names, const Groups& groups);

// Those of the failregex over those of the prefregex.
MatchFields merged(MatchFields prefix, const MatchFields& own);

struct FoundAddress {
  Address who;
  std::optional<Prefix> range;  // with a length in group cidr
};

// The address that the match is about; nullopt: what was found is no address.
std::optional<FoundAddress> address_of(const MatchFields& fields);

// True if a regex with these groups can name an address.
bool names_an_address(const std::vector<std::string>& groups);

}  // namespace breakwater
