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
        precious = {"the gateway": f"{plan.FLEET4}1", "the hub": plan.address4(plan.CONTROL),
                    "host1 itself": plan.address4("host1"), "the hub over IPv6": plan.address6(plan.CONTROL)}
        refused_before = self.refused()
        for what, address in precious.items():
            with self.subTest(what=what, address=address):
                self.operator.run("ban", address, "--for", "1m", "--reason", "a mistake", check=False)
        self.assert_within(10, "the refusals are reported", lambda: self.refused() > refused_before)
        for what, address in precious.items():
            self.assertFalse(KernelView.holds(self.host1, address), f"{what} is in host1's set")
        self.assertTrue(self.all_connected(), "a node lost its hub")
        for address in precious.values():
            self.operator.run("unban", address, check=False)

    def test_a_network_around_the_fleet_is_refused(self):
        self.operator.run("ban", f"{plan.FLEET4}0/24", "--for", "1m", "--reason", "a mistake", check=False)
        refused_before = self.refused()
        self.operator.run("ban", f"{plan.FLEET4}0/25", "--for", "1m", "--reason", "a mistake", check=False)
        self.assert_within(10, "the refusal is reported", lambda: self.refused() > refused_before)
        self.assertTrue(self.all_connected(), "a node lost its hub")
        self.assert_others_pass()
        for prefix in ("0/24", "0/25"):
            self.operator.run("unban", f"{plan.FLEET4}{prefix}", check=False)

    def refused(self):
        return sum(row.get("refused", 0) for row in self.operator.rows("nodes"))


if __name__ == "__main__":
    main()
