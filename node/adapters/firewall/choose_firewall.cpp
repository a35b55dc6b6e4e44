// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/choose_firewall.h"

#include "common/base/text.h"
#include "node/adapters/firewall/command.h"
#include "node/adapters/firewall/iptables_firewall.h"
#include "node/adapters/firewall/iptables_rules_firewall.h"

namespace breakwater {
namespace {

template <class T>
Result<ChosenFirewall> open(const char* backend, const Clock& clock, std::string why) {
  auto opened = T::open(clock);
  if (!opened) return opened.error().within(std::string("firewall ") + backend);
  return ChosenFirewall{std::move(*opened), backend, std::move(why)};
}

}  // namespace

Result<ChosenFirewall> choose_firewall(std::string_view name, const Clock& clock) {
  if (name != "auto" && name != "iptables" && name != "iptables-rules") {
    return Error("there is no firewall backend \"" + escaped(name, 64) + "\" (try auto, iptables or iptables-rules)");
  }
  for (const char* program : {"iptables", "ip6tables", "iptables-save", "iptables-restore"}) {
    if (find_program(program).empty()) {
      return Error(std::string("no program ") + program + " on this host: install the package iptables");
    }
  }
  if (name == "iptables-rules") return open<IptablesRulesFirewall>("iptables-rules", clock, {});
  const auto ipset = IpsetNetlink::open();
  if (!ipset && name == "auto") {
    return open<IptablesRulesFirewall>("iptables-rules", clock, "no sets: " + ipset.error().message());
  }
  return open<IptablesFirewall>("iptables", clock, {});
}

}  // namespace breakwater
