#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The hub is away: nodes ban alone; it comes back: nothing is lost and nothing counted twice."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.system.support import LOGIN_MAXRETRY, SystemTest, attack_login, fresh_attacker, main, reachable  # noqa: E402


class HubAway(SystemTest):
    def tearDown(self):
        self.lab.control.on("systemctl", "start", "breakwater-hub")

    def test_attack_while_the_hub_is_stopped(self):
        self.attack_without_hub(lambda: self.lab.control.on("systemctl", "stop", "breakwater-hub"))

    def test_attack_while_the_hub_is_killed(self):
        def kill():
            self.lab.control.on("systemctl", "kill", "--signal", "KILL", "breakwater-hub")
            self.lab.control.on("systemctl", "stop", "breakwater-hub")
        self.attack_without_hub(kill)

    def attack_without_hub(self, take_away):
        banned_before = self.banned_attacker()
        take_away()
        attacker = fresh_attacker()
        attack_login("host1", attacker)
        self.assert_cut(attacker, [self.host1], seconds=1, what="without a hub, at home")
        self.assertTrue(reachable("host2", attacker), "host2 cannot know of it without a hub")
        self.assert_cut(banned_before, seconds=1, what="while the hub is away")

        self.lab.control.on("systemctl", "start", "breakwater-hub")
        self.assert_cut(attacker, seconds=20, what="on all hosts once the hub is back")
        self.assert_within(10, "all offences are at the hub", lambda: len(self.operator.offences(attacker)) >= LOGIN_MAXRETRY)
        self.assertEqual(len(self.operator.offences(attacker)), LOGIN_MAXRETRY, "offences were counted twice")
        self.assert_cut(banned_before, seconds=1, what="after the hub's return")


if __name__ == "__main__":
    main()
