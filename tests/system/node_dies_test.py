#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node is killed, a host loses its power: bans hold or come back, and what was logged meanwhile is found."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.lab import clients  # noqa: E402
from tests.system.support import KernelView, SystemTest, attack_web, fresh_attacker, main  # noqa: E402

class NodeDies(SystemTest):
    def tearDown(self):
        for host in self.lab.nodes:
            host.on("systemctl", "start", "breakwater-node")

    def test_killed_node_leaves_its_bans_and_finds_what_it_missed(self):
        banned = self.banned_attacker()
        self.host1.on("systemctl", "kill", "--signal", "KILL", "breakwater-node")
        self.host1.on("systemctl", "stop", "breakwater-node")
        self.assert_cut(banned, [self.host1], seconds=1, what="while the node is dead")
        missed = fresh_attacker()
        attack_web("host1", missed)
        self.assertEqual(clients.get("host1", missed), 200, "nobody can have banned it yet")
        self.host1.on("systemctl", "start", "breakwater-node")
        self.assert_cut(missed, seconds=15, what="(it attacked while host1's node was dead)")
        self.assert_cut(banned, seconds=1, what="after the node's restart")

    def test_restarted_node_keeps_its_bans(self):
        banned, banned6 = self.banned_attacker(), self.banned_attacker(ipv6=True)
        self.host2.on("systemctl", "restart", "breakwater-node")
        for who in (banned, banned6):
            self.assert_cut(who, [self.host2], seconds=1, what="right after the restart")

    def test_power_cycled_host_has_its_bans_back(self):
        banned, banned6 = self.banned_attacker(), self.banned_attacker(ipv6=True)
        self.host2.power_cycle()
        for who in (banned, banned6):
            self.assert_within(10, f"{who} is in host2's set again", lambda w=who: KernelView.holds(self.host2, w))
        self.assert_open("203.0.113.250", [self.host2], seconds=30, what="(its container is up again)")
        for who in (banned, banned6):
            self.assert_cut(who, [self.host2], seconds=1, what="after the power cycle")
        self.assert_others_pass()
        another = fresh_attacker()
        attack_web("host2", another)
        self.assert_cut(another, what="(attacked the host that came back)")

    def test_power_cycled_host_without_hub_has_its_bans_back(self):
        banned = self.banned_attacker()
        self.lab.control.on("systemctl", "stop", "breakwater-hub")
        try:
            self.host3.power_cycle()
            self.assert_within(10, f"{banned} is in host3's set again",
                               lambda: KernelView.holds(self.host3, banned))
        finally:
            self.lab.control.on("systemctl", "start", "breakwater-hub")
        self.assert_open("203.0.113.250", [self.host3], seconds=30)
        self.assert_cut(banned, [self.host3], seconds=1, what="after the power cycle")


if __name__ == "__main__":
    main()
