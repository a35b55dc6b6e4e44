#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Containers come, go and rotate their logs; every attack on them counts."""

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.lab import clients, fleet  # noqa: E402
from tests.system.support import SystemTest, attack_web, fresh_attacker, main, unique  # noqa: E402


class Containers(SystemTest):
    def test_recreated_container_is_followed(self):
        self.host3.on("docker", "rm", "-f", "web")
        fleet.run_web(self.host3)
        attacker = fresh_attacker()
        attack_web("host3", attacker)
        self.assert_cut(attacker, what="(an attack on the container made anew)")

    def test_container_that_is_attacked_and_removed_at_once(self):
        name = unique("brief")
        fleet.run_web(self.host3, name=name, port=8090)
        attacker = fresh_attacker()
        attack_web("host3", attacker, port=8090)
        self.host3.on("docker", "rm", "-f", name)
        self.assert_cut(attacker, what="(its container was removed right after the attack)")

    def test_rotation_by_rename_under_fire(self):
        self.attack_while_rotating("max-size=2k", "max-file=2")

    def test_rotation_of_a_single_file_under_fire(self):
        self.attack_while_rotating("max-size=2k", "max-file=1")

    def attack_while_rotating(self, *options):
        """A visitor fills the log, which rotates every 13 lines or so; meanwhile eight attackers must all be found."""
        name = unique("rotating")
        fleet.run_web(self.host1, *(word for o in options for word in ("--log-opt", o)), name=name, port=8091)
        stop = threading.Event()
        served = []
        noise = threading.Thread(target=self.visit, args=(stop, served))
        noise.start()
        attackers = [fresh_attacker() for _ in range(8)]
        try:
            for attacker in attackers:
                attack_web("host1", attacker, port=8091)
        finally:
            stop.set()
            noise.join()
            self.host1.on("docker", "rm", "-f", name)
        self.assertEqual(set(served), {200}, "there was no noise: the log has not rotated")
        for attacker in attackers:
            self.assert_cut(attacker, what=f"(attacked while the log rotated, {' '.join(options)})")

    @staticmethod
    def visit(stop, served):
        """Until it shall stop, and for eight rotations at least."""
        with clients.WebConnection("host1", "203.0.113.250", 8091) as connection:
            while not stop.wait(0.003) or len(served) < 100:
                served.append(connection.ask())


if __name__ == "__main__":
    main()
