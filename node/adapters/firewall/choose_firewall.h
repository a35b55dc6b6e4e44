// SPDX-License-Identifier: Apache-2.0
// Picks the firewall that the configuration names.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "node/core/firewall.h"

namespace breakwater {

struct ChosenFirewall {
  std::unique_ptr<Firewall> firewall;
  std::string backend;  // "iptables" or "iptables-rules"
  std::string why;      // for the log: empty, or why `auto` did not take the default
};

// name: "auto", "iptables" (sets) or "iptables-rules" (one rule per address). `auto` takes `iptables`, and
// `iptables-rules` only if the kernel has no ipset. Changes nothing in the kernel; `clock` must outlive the firewall.
// The error says what the host lacks: the program, the kernel module, the capability.
Result<ChosenFirewall> choose_firewall(std::string_view name, const Clock& clock);

}  // namespace breakwater
