// SPDX-License-Identifier: Apache-2.0
#include "node/core/never_ban.h"

namespace breakwater {

NeverBan::NeverBan() {
  const auto always = [this](const char* range, const char* reason) {
    const auto prefix = Prefix::parse(range);
    add(prefix.value(), reason);
  };
  always("0.0.0.0/8", "\"this network\" (RFC 1122)");
  always("127.0.0.0/8", "loopback");
  always("169.254.0.0/16", "link-local");
  always("224.0.0.0/4", "multicast");
  always("255.255.255.255/32", "broadcast");
  always("::/128", "the unspecified address");
  always("::1/128", "loopback");
  always("fe80::/10", "link-local");
  always("ff00::/8", "multicast");
}

}  // namespace breakwater
