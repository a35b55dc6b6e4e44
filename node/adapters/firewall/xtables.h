// SPDX-License-Identifier: Apache-2.0
// The iptables programs of one address family: which variant, reading and editing its tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "node/adapters/firewall/command.h"
#include "node/adapters/firewall/rule_table.h"

namespace breakwater {

// iptables keeps two rule bases, both asked by the kernel: nf_tables and legacy. Docker's chains stand in one of them;
// rules in the other are "green, and filter nothing".
enum class XtablesVariant { nft, legacy };

// Spawns iptables-save and iptables-restore --noflush; no shell. Value; acts in the thread's network namespace.
// Needs CAP_NET_ADMIN, and CAP_NET_RAW for rules that match a set (the program opens a raw socket for the set's
// number) and for the legacy variant.
class Xtables {
 public:
  // The variant that has DOCKER or DOCKER-USER; the host's `iptables` if neither or both have.
  static Result<Xtables> detect(bool v4);
  // Of IPv4, and of IPv6 where the kernel has it.
  static Result<std::vector<Xtables>> detect_families();

  bool v4() const { return v4_; }
  XtablesVariant variant() const { return variant_; }
  std::string name() const;  // "iptables-save" and the like, as in messages

  // table: kFilterTable or kRawTable.
  Result<RuleTable> read(std::string_view table) const;
  // All lines or none ("-I INPUT 1 ...", "-D ..."), in one transaction with the kernel.
  Result<void> edit(std::string_view table, const std::vector<std::string>& lines) const;

 private:
  Xtables(bool v4, std::string infix, XtablesVariant variant) : v4_(v4), infix_(std::move(infix)), variant_(variant) {}
  std::string program(std::string_view verb) const;

  bool v4_ = true;
  std::string infix_;  // "" the host's own, "-nft", "-legacy"
  XtablesVariant variant_ = XtablesVariant::nft;
};

// True if the kernel has that legacy table in this namespace. Asking by iptables-legacy-save would make one.
bool has_legacy_table(bool v4, std::string_view table);

// Docker's chains are in this filter table.
bool has_docker_chains(const RuleTable& table);

// Takes everything of ours out of one table, or of both. A kernel may have no raw table: then nothing is there.
Result<void> remove_rules(const Xtables& tables, std::string_view table);
Result<void> remove_all_rules(const Xtables& tables);

// What a failed iptables program means, for people: adds the cause where its words are known. Pure.
std::string xtables_problem(std::string_view program, const CommandOutput& output);

}  // namespace breakwater
