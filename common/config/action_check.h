// SPDX-License-Identifier: Apache-2.0
// Which of fail2ban's actions the built-in firewall does, and which nobody does.
#pragma once

#include <string>

#include "common/config/config_reader.h"
#include "common/config/option_list.h"

namespace breakwater {

enum class ActionKind {
  drops_packets,  // iptables, nftables, firewalld, ufw, ...: done by the built-in firewall
  other,          // mail, reports, block lists elsewhere: not run
  unknown,        // no such file in action.d, or no actionban that can be worked out: the built-in firewall bans
};

// By its well-known name, else by what its actionban would do, e.g. `iptables -I DOCKER 1 -s <ip> -j DROP`. No
// command of an action is ever run.
ActionKind classify_action(ConfigReader& reader, const NameWithOptions& action, const Origin& at);

// True if a shell command bans by a packet filter of the host.
bool command_drops_packets(const std::string& command);

}  // namespace breakwater
