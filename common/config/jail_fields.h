// SPDX-License-Identifier: Apache-2.0
// All options of a jail but those of its filter.
#pragma once

#include "common/config/jail_builder.h"

namespace breakwater {

// What is wrong is reported through `values` (and then values.failed() holds).
void read_jail_fields(JailContext& context, OptionValues& values, const JailModes& modes, JailConfig& jail);

// The action line: which are the built-in firewall's, which are not run. A jail whose actions are all of the latter
// kind (it only sends mail) only observes, unless its mode says enforce.
void read_actions(JailContext& context, OptionValues& values, const JailModes& modes, JailConfig& jail);

// bantime.increment and its kin.
BanTimeIncrement read_increment(OptionValues& values);

// "UTC+0200" from Z, UTC, +02:00, GMT+02; nullopt for anything else: names of places have no fixed offset.
std::optional<std::string> parse_time_zone(std::string_view text);

}  // namespace breakwater
