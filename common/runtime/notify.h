// SPDX-License-Identifier: Apache-2.0
// Tells systemd how the service is doing: sd_notify(3), without its library.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace breakwater {

// Does nothing, successfully, where no service manager listens. Never blocks, never fails the caller: a lost
// notification shows as the manager's timeout.
class Notify {
 public:
  // Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
  static Notify from_environment();

  void ready(std::string_view status = {}) const;
  void reloading() const;
  void stopping() const;
  void watchdog() const;
  void status(std::string_view text) const;  // one line for `systemctl status`

  // How often watchdog() must be called: half of what the manager allows. nullopt = it does not watch.
  std::optional<Duration> watchdog_interval() const { return watchdog_interval_; }

 private:
  void send(const std::string& state) const;

  std::string socket_;
  std::optional<Duration> watchdog_interval_;
};

}  // namespace breakwater
