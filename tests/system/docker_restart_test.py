#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dockerd restarts, and makes its chains anew: the bans are back at once, and its containers are followed again."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.system.support import VISITOR4, SystemTest, attack_web, fresh_attacker, main, restart_docker  # noqa: E402


class DockerRestart(SystemTest):
    def test_bans_and_sources_survive_a_restart_of_dockerd(self):
        attacker, attacker6 = self.banned_attacker(), self.banned_attacker(ipv6=True)
        restart_docker(self.host1)
        self.assert_within(1, "the drop rules are first in Docker's new chains", self.drops_first)
        self.assert_open(VISITOR4, [self.host1], what="(the container is up again)")
        for who in (attacker, attacker6):
            self.assert_cut(who, [self.host1], seconds=1, what="after dockerd's restart")

        another = fresh_attacker()
        attack_web("host1", another)
        self.assert_cut(another, what="(an attack on a container that dockerd started again)")

    def drops_first(self):
        """DOCKER-USER exists for IPv4 only in this version of Docker; a node then guards FORWARD itself."""
        return all(self.drop_is_first(*where) for where in (
            ("iptables", "DOCKER"), ("iptables", "DOCKER-USER"), ("iptables", "INPUT"),
            ("ip6tables", "DOCKER"), ("ip6tables", "FORWARD"), ("ip6tables", "INPUT")))

    def drop_is_first(self, command, chain):
        rules = [r for r in self.host1.on(command, "-S", chain, check=False).splitlines() if r.startswith("-A")]
        return bool(rules) and "--match-set" in rules[0] and rules[0].endswith("DROP")


if __name__ == "__main__":
    main()
