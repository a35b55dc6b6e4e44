// SPDX-License-Identifier: Apache-2.0
// One rule per address: what it looks like, and which edits make the kernel's rules those that are wanted. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "node/adapters/firewall/rule_table.h"

namespace breakwater {

// Until when; whole seconds; nullopt = no end.
using BanEnds = std::map<Prefix, std::optional<Timestamp>>;

// "-s 203.0.113.7/32 -m comment --comment breakwater-ban-1767225600 -j DROP"
std::string ban_rule(const Prefix& who, std::optional<Timestamp> until);

// What a rule of that form says; nullopt for any other rule.
std::optional<BanEnds::value_type> read_ban_rule(const TableRule& rule);

// DOCKER, or FORWARD where Docker made no such chain; and INPUT.
std::vector<std::string> ban_chains(const RuleTable& table);

// The bans that stand in any chain.
BanEnds bans_in(const RuleTable& table);

struct BanPlan {
  std::vector<std::string> edits;  // for iptables-restore
  std::size_t missing = 0;         // rules to add
  std::string shadow;              // a foreign rule above one of ours may accept: "DOCKER: -d ... -j ACCEPT"
};

// may_move: rules below a foreign rule that may accept go to the top now. Every other rule of ours (duplicates, an
// older end, another backend's) goes out.
BanPlan plan_bans(const RuleTable& table, const BanEnds& wanted, bool may_move);

}  // namespace breakwater
