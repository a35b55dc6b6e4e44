#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody flushes the rules, or the sets: everything is back within a second, without reading any log again."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.system.support import KernelView, SystemTest, main, restart_docker  # noqa: E402


class FlushedRules(SystemTest):
    def tearDown(self):
        self.host2.on("iptables", "-P", "FORWARD", "DROP")
        restart_docker(self.host2)  # a flush takes docker's own rules too: only dockerd makes them
        self.assert_open("203.0.113.250", [self.host2])

    def test_iptables_flush(self):
        attacker = self.banned_attacker()
        read_before = self.lines_read()
        # With Docker's policy a flush would cut off everybody, and show nothing.
        self.host2.on("iptables", "-P", "FORWARD", "ACCEPT")
        self.host2.on("iptables", "-F")
        self.assert_within(1, "the drop rules are back after iptables -F", self.rules_are_back)
        self.assertTrue(KernelView.holds(self.host2, attacker), "the set lost the ban")
        self.assert_cut(attacker, [self.host2], seconds=1, what="after iptables -F")
        self.assertLess(self.lines_read() - read_before, 50, "logs were read again")

    def test_emptied_sets(self):
        attacker, attacker6 = self.banned_attacker(), self.banned_attacker(ipv6=True)
        self.host2.on("sh", "-c", "for s in $(ipset list -n); do ipset flush $s; done")
        for who in (attacker, attacker6):
            self.assert_within(2, f"{who} is in the set again", lambda w=who: KernelView.holds(self.host2, w))
            self.assert_cut(who, [self.host2], seconds=1, what="after the sets were emptied")

    def rules_are_back(self):
        """In DOCKER and INPUT, and where all forwarded packets pass: nothing leads to DOCKER-USER after a flush."""
        rules = self.host2.on("iptables", "-S").splitlines()
        guarded = {r.split()[1] for r in rules if "--match-set" in r and r.endswith("DROP")}
        return guarded >= {"DOCKER", "INPUT", "FORWARD"}

    def lines_read(self):
        row = next(r for r in self.operator.rows("nodes") if r["node"] == "host2")
        return row.get("counters", {}).get("lines", 0)


if __name__ == "__main__":
    main()
