#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dockerd restarts, again and again, and makes its chains anew: no ban is open for a moment, and its containers are
followed again."""

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.system.support import (VISITOR4, VISITOR6, Background, OpenConnections, SystemTest,  # noqa: E402
                                  attack_web, fresh_attacker, greeted, main, reachable, restart_docker)

# What a node guards whatever Docker does. Docker 20.10 makes DOCKER-USER for IPv4 only.
FIRST_PLACES = (("iptables", "filter", "DOCKER"), ("iptables", "filter", "DOCKER-USER"), ("iptables", "filter", "INPUT"),
                ("iptables", "raw", "PREROUTING"), ("ip6tables", "filter", "DOCKER"), ("ip6tables", "filter", "INPUT"),
                ("ip6tables", "raw", "PREROUTING"))


class Siege(Background):
    """Banned clients knock at a host's web and ssh ports all the time; `answered` tells whom it opened."""

    def __init__(self, host_name, attackers):
        self.answered, self.knocks = [], 0
        super().__init__(partial(self._knock, host_name, who, port, answers)
                         for who in attackers for port, answers in (("web", reachable), ("ssh", greeted)))

    def _knock(self, host_name, who, port, answers):
        while not self.over.wait(0.01):
            self.knocks += 1
            if answers(host_name, who):
                self.answered.append(f"{who} at the {port} port")


class DockerRestart(SystemTest):
    def test_bans_and_sources_survive_five_restarts_of_dockerd(self):
        banned = [self.banned_attacker(), self.banned_attacker(ipv6=True)]
        with Siege("host1", banned) as siege:
            for n in range(5):
                with self.subTest(restart=n):
                    self.restart_and_attack()
        self.assertGreater(siege.knocks, 100)
        self.assertEqual(siege.answered, [], "banned clients were let in")

    def restart_and_attack(self):
        restart_docker(self.host1)
        self.assert_within(1, self.rules_now, self.drops_come_first)
        for visitor in (VISITOR4, VISITOR6):
            self.assert_open(visitor, [self.host1], what="(the container is up again)")
        for ipv6 in (False, True):
            attacker = fresh_attacker(ipv6)
            with OpenConnections("host1", attacker) as connections:
                self.assert_alive(connections, f"of {attacker} before its attack")
                attack_web("host1", attacker)
                self.assert_cut(attacker, [self.host1], seconds=1, what="(it attacked a container started again)")
                self.assert_dead(connections, f"of {attacker}", seconds=1)

    def drops_come_first(self):
        return all(self.drop_comes_first(*where) for where in FIRST_PLACES)

    def drop_comes_first(self, command, table, chain):
        """Before anything that accepts; a jump into a chain of Docker's that only drops may stand above."""
        for rule in self.host1.on(command, "-t", table, "-S", chain, check=False).splitlines():
            if rule.endswith("ACCEPT") and rule.startswith("-A"):
                return False
            if "--match-set" in rule and rule.endswith("DROP"):
                return True
        return False

    def rules_now(self):
        rules = [self.host1.on(f"{command}-save") for command in ("iptables", "ip6tables")]
        return "the drop rules come first in Docker's new chains; now:\n" + "\n".join(rules)


if __name__ == "__main__":
    main()
