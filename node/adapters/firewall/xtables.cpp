// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/xtables.h"

#include <fstream>
#include <optional>

#include <unistd.h>

#include "common/base/text.h"
#include "node/adapters/firewall/rule_plan.h"
#include "node/core/firewall.h"

namespace breakwater {
namespace {

std::string wait_seconds() {
  return std::to_string(kFirewallPatience.count());
}

CommandLimits limits() {
  return {.timeout = kFirewallPatience + std::chrono::seconds(1)};
}

Result<XtablesVariant> variant_of(const std::string& program) {
  const auto answer = run_command({program, "-V"}, {}, limits());
  if (!answer) return answer.error();
  if (answer->exit_code != 0) return Error(xtables_problem(program, *answer));
  // Before 1.8 there was only the legacy one, and it does not say so.
  return answer->out.find("(nf_tables)") != std::string::npos ? XtablesVariant::nft : XtablesVariant::legacy;
}

}  // namespace

bool has_legacy_table(bool v4, std::string_view table) {
  std::ifstream names(v4 ? "/proc/thread-self/net/ip_tables_names" : "/proc/thread-self/net/ip6_tables_names");
  for (std::string name; std::getline(names, name);) {
    if (name == table) return true;
  }
  return false;
}

bool has_docker_chains(const RuleTable& table) {
  return table.has("DOCKER") || table.has("DOCKER-USER");
}

std::string xtables_problem(std::string_view program, const CommandOutput& output) {
  std::string text = std::string(program) + ": ";
  if (output.err.find("open socket to ipset") != std::string::npos) {
    text += "it may not open a raw socket to look up the set: give it CAP_NET_RAW; ";
  } else if (output.err.find("you must be root") != std::string::npos) {
    text += "not permitted: give it CAP_NET_ADMIN; ";
  } else if (output.err.find("is incompatible, use 'nft'") != std::string::npos) {
    text += "somebody put native nft rules into iptables' own table; ";
  } else if (output.err.find("open lock file") != std::string::npos) {
    text += "it may not make the lock: `systemd-tmpfiles --create` does, or any iptables of root's; ";
  } else if (output.exit_code == 4) {
    text += "another program holds the lock, or CAP_NET_RAW is missing; ";
  }
  return text + "exit " + std::to_string(output.exit_code) + ", \"" + escaped(output.err, 300) + "\"";
}

std::string Xtables::program(std::string_view verb) const {
  return (v4_ ? "iptables" : "ip6tables") + infix_ + std::string(verb);
}

std::string Xtables::name() const {
  return program({}) + (variant_ == XtablesVariant::nft ? " (nft)" : " (legacy)");
}

Result<Xtables> Xtables::detect(bool v4) {
  const auto standard = variant_of(v4 ? "iptables" : "ip6tables");
  if (!standard) return standard.error();
  const Xtables own(v4, "", *standard);
  const bool own_is_nft = *standard == XtablesVariant::nft;
  const Xtables other(v4, own_is_nft ? "-legacy" : "-nft", own_is_nft ? XtablesVariant::legacy : XtablesVariant::nft);
  if (own_is_nft && !has_legacy_table(v4, kFilterTable)) return own;
  if (find_program(other.program("-save")).empty()) return own;
  const auto in_own = own.read(kFilterTable);
  if (in_own && has_docker_chains(*in_own)) return own;
  const auto in_other = other.read(kFilterTable);
  return in_other && has_docker_chains(*in_other) ? other : own;
}

Result<std::vector<Xtables>> Xtables::detect_families() {
  std::vector<Xtables> families;
  for (const bool v4 : {true, false}) {
    if (!v4 && ::access("/proc/thread-self/net/if_inet6", F_OK) != 0) continue;
    auto tables = detect(v4);
    if (!tables) return tables.error();
    families.push_back(std::move(*tables));
  }
  return families;
}

Result<RuleTable> Xtables::read(std::string_view table) const {
  const auto saved = run_command({program("-save"), "-t", std::string(table)}, {}, limits());
  if (!saved) return saved.error();
  if (saved->exit_code != 0) return Error(xtables_problem(program("-save"), *saved));
  auto parsed = parse_rule_table(saved->out, table);
  if (!parsed) return parsed.error().within(program("-save"));
  return parsed;
}

Result<void> Xtables::edit(std::string_view table, const std::vector<std::string>& lines) const {
  if (lines.empty()) return {};
  std::string input = "*" + std::string(table) + "\n";
  for (const auto& line : lines) {
    input += line;
    input += '\n';
  }
  input += "COMMIT\n";
  const auto done = run_command({program("-restore"), "-w", wait_seconds(), "--noflush"}, input, limits());
  if (!done) return done.error();
  if (done->exit_code != 0) return Error(xtables_problem(program("-restore"), *done));
  return {};
}

Result<void> remove_rules(const Xtables& tables, std::string_view table) {
  const auto standing = tables.read(table);
  if (!standing && table == kRawTable) return {};
  if (!standing) return standing.error();
  return tables.edit(table, removal_edits(*standing));
}

Result<void> remove_all_rules(const Xtables& tables) {
  if (auto done = remove_rules(tables, kFilterTable); !done) return done;
  return remove_rules(tables, kRawTable);
}

}  // namespace breakwater
