#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dockerd restarts, and makes its chains anew: the bans are back at once, and its containers are followed again."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.system.support import SystemTest, attack_web, fresh_attacker, main  # noqa: E402


class DockerRestart(SystemTest):
    def test_bans_and_sources_survive_a_restart_of_dockerd(self):
        attacker = self.banned_attacker()
        self.host1.on("systemctl", "restart", "docker")
        restarted = time.monotonic()
        self.assert_within(1, "the ban is the first rule of DOCKER again", self.drop_is_first)
        print(f"back in DOCKER {(time.monotonic() - restarted) * 1000:.0f} ms after systemctl said that dockerd is up")
        self.assert_open("203.0.113.250", [self.host1], what="(the container is up again)")
        self.assert_cut(attacker, [self.host1], seconds=1, what="after dockerd's restart")

        another = fresh_attacker()
        attack_web("host1", another)
        self.assert_cut(another, what="(an attack on a container that dockerd started again)")

    def drop_is_first(self):
        """Of DOCKER, of DOCKER-USER and of INPUT, for both families."""
        for command in ("iptables", "ip6tables"):
            for chain in ("DOCKER", "DOCKER-USER", "INPUT"):
                rules = [r for r in self.host1.on(command, "-S", chain, check=False).splitlines() if r.startswith("-A")]
                if not rules or "--match-set" not in rules[0] or not rules[0].endswith("DROP"):
                    return False
        return True


if __name__ == "__main__":
    main()
