// SPDX-License-Identifier: Apache-2.0
// A table of one family as iptables-save prints it. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace breakwater {

// The tables that we use.
inline constexpr std::string_view kFilterTable = "filter";
inline constexpr std::string_view kRawTable = "raw";

// Everything of ours in a table carries one of these comments (-m comment --comment ...).
inline constexpr std::string_view kSetComment = "breakwater";      // the rule that matches the set
inline constexpr std::string_view kBanComment = "breakwater-ban";  // one rule per address; may end in "-UNIXTIME"

struct TableRule {
  std::string text;                // as printed, without "-A CHAIN "; fit for -D
  std::vector<std::string> words;  // the same in words, quotes resolved
  std::string target;              // of -j or -g; empty if there is none
  bool is_goto = false;            // -g: a RETURN down there does not come back here

  std::string_view comment() const { return value_of("--comment"); }
  bool is_ours() const;
  // The word behind `option`; empty if it is not there.
  std::string_view value_of(std::string_view option) const;
};

// Rules in words, split like a shell does: "..." and \" inside.
std::vector<std::string> split_words(std::string_view text);
TableRule parse_rule(std::string_view text);

struct RuleTable {
  // A built-in chain that iptables-nft has not made yet is absent; iptables makes it when a rule goes in.
  std::map<std::string, std::vector<TableRule>, std::less<>> chains;

  bool has(std::string_view chain) const { return chains.find(chain) != chains.end(); }
  const std::vector<TableRule>& rules(std::string_view chain) const;

  // True if the rule can let a packet of a banned outside client pass, so that what stands below it never sees it.
  // Errs towards yes: any condition may hold, except that such a packet never comes in on lo.
  bool may_accept(const TableRule& rule) const;
  // Index of the first rule before `before` that may accept; `before` if there is none. Ours are passed over.
  std::size_t first_accepting(std::string_view chain, std::size_t before) const;

 private:
  bool chain_may_accept(std::string_view chain, bool return_accepts, std::set<std::string, std::less<>>& seen) const;
  bool may_accept(const TableRule& rule, bool return_accepts, std::set<std::string, std::less<>>& seen) const;
};

// Reads one table's part of iptables-save; other tables and comment lines are passed over. No such part: empty.
// An error if iptables cannot show the table because it holds native nft rules.
Result<RuleTable> parse_rule_table(std::string_view saved, std::string_view name);

}  // namespace breakwater
