#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Some addresses are never banned, whoever orders it: the hosts' own, their gateway, the hub. A refusal is reported."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.lab import plan  # noqa: E402
from tests.system.support import KernelView, SystemTest, main  # noqa: E402


class NeverBan(SystemTest):
    def test_the_operator_cannot_cut_the_fleet_off(self):
        for what, address in {"the gateway": f"{plan.FLEET4}1", "the hub": plan.address4(plan.CONTROL),
                              "the gateway over IPv6": f"{plan.FLEET6}1",
                              "the hub over IPv6": plan.address6(plan.CONTROL)}.items():
            with self.subTest(what=what, address=address):
                self.order_a_mistake(address)
                for host in self.lab.nodes:
                    self.assertFalse(KernelView.holds(host, address), f"{what} is in {host.name}'s set")
        self.assertTrue(self.all_connected(), "a node lost its hub")

    def test_a_host_does_not_ban_itself(self):
        address = plan.address4("host1")
        self.order_a_mistake(address)
        self.assertFalse(KernelView.holds(self.host1, address), "host1 is in its own set")

    def test_networks_around_the_fleet_are_refused(self):
        for prefix in (f"{plan.FLEET4}0/24", f"{plan.FLEET4}0/25", "198.51.0.0/16"):
            with self.subTest(prefix=prefix):
                self.order_a_mistake(prefix)
                self.assertTrue(self.all_connected(), "a node lost its hub")
                self.assert_others_pass()

    def order_a_mistake(self, who):
        """The hub refuses it, or every node does and says so."""
        before = self.refused()
        if self.operator.accepts("ban", who, "--for", "1m", "--reason", "a mistake"):
            self.addCleanup(self.operator.accepts, "unban", who)
            self.assert_within(15, f"a refusal to ban {who} is reported", lambda: self.refused() > before)

    def refused(self):
        return sum(row.get("refused", 0) for row in self.operator.rows("nodes"))


if __name__ == "__main__":
    main()
