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
        self.assert_within(1, self.rules_now, self.drops_come_first)
        self.assert_open(VISITOR4, [self.host1], what="(the container is up again)")
        for who in (attacker, attacker6):
            self.assert_cut(who, [self.host1], seconds=1, what="after dockerd's restart")

        another = fresh_attacker()
        attack_web("host1", another)
        self.assert_cut(another, what="(an attack on a container that dockerd started again)")

    def drops_come_first(self):
        """DOCKER-USER exists for IPv4 only in this version of Docker; for IPv6 a node guards FORWARD itself."""
        return all(self.drop_comes_first(*where) for where in (
            ("iptables", "DOCKER"), ("iptables", "DOCKER-USER"), ("iptables", "INPUT"),
            ("ip6tables", "DOCKER"), ("ip6tables", "FORWARD"), ("ip6tables", "INPUT")))

    def drop_comes_first(self, command, chain):
        """Before anything that accepts; a jump into a chain of Docker's that only drops may stand above."""
        for rule in self.host1.on(command, "-S", chain, check=False).splitlines():
            if rule.endswith("ACCEPT") and rule.startswith("-A"):
                return False
            if "--match-set" in rule and rule.endswith("DROP"):
                return True
        return False

    def rules_now(self):
        rules = [self.host1.on(command, "-S") for command in ("iptables", "ip6tables")]
        return "the drop rules come first in Docker's new chains; now:\n" + "\n".join(rules)


if __name__ == "__main__":
    main()
