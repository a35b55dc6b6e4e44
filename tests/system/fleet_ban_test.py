#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One attack anywhere is a ban everywhere, and the operator can see why and undo it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.system.support import (LOGIN_MAXRETRY, SystemTest, attack_login, attack_ssh, attack_web,  # noqa: E402
                                  fresh_attacker, main, reachable)


class FleetBan(SystemTest):
    def test_web_attack_on_one_host_is_cut_on_all(self):
        attacker = fresh_attacker()
        attack_web("host1", attacker)
        self.assert_cut(attacker, seconds=2)
        self.assert_others_pass()

    def test_ipv6_attack_is_cut_on_all(self):
        attacker = fresh_attacker(ipv6=True)
        attack_web("host2", attacker)
        self.assert_cut(attacker, seconds=2)
        self.assert_others_pass()

    def test_ssh_brute_force_on_one_host_is_cut_on_all(self):
        attacker = fresh_attacker()
        attack_ssh("host2", attacker, 6)
        self.assert_cut(attacker, seconds=5)
        self.assert_others_pass()

    def test_fewer_than_maxretry_is_no_ban(self):
        attacker = fresh_attacker()
        attack_login("host1", attacker, LOGIN_MAXRETRY - 1)
        # The fleet has seen them all, and still nobody is cut.
        self.assert_within(5, f"the hub knows of {LOGIN_MAXRETRY - 1} offences",
                           lambda: len(self.operator.offences(attacker)) == LOGIN_MAXRETRY - 1)
        self.assertFalse(self.operator.banned(attacker))
        self.assertTrue(reachable("host1", attacker))

    def test_offences_on_several_hosts_count_together(self):
        attacker = fresh_attacker()
        for host in self.lab.nodes:
            attack_login(host.name, attacker, LOGIN_MAXRETRY // len(self.lab.nodes))
        self.assert_cut(attacker, what="(two requests to each of three hosts)")

    def test_why_tells_where_and_what(self):
        attacker = fresh_attacker()
        attack_login("host1", attacker)
        self.assert_cut(attacker)
        self.assert_within(5, "all offences are at the hub",
                           lambda: len(self.operator.offences(attacker)) == LOGIN_MAXRETRY)
        offence = self.operator.offences(attacker)[0]
        self.assertEqual(offence["node"], "host1")
        self.assertEqual(offence["container"], "web")
        self.assertEqual(offence["image"], "lab/web")
        self.assertEqual(offence["jail"], "wp-login")
        self.assertIn("POST /wp-login.php", offence["sample"])
        self.assert_within(5, "every node has confirmed the ban", lambda: self.confirmed_by(attacker) == 3)
        story = self.operator.run("why", attacker)
        for word in (attacker, "host1", "host2", "host3", "web", "wp-login"):
            self.assertIn(word, story)

    def confirmed_by(self, attacker):
        return len({e["node"] for d in self.operator.decisions(attacker) for e in d["enforced"]})

    def test_unban_opens_all_hosts_again(self):
        attacker = self.banned_attacker()
        self.operator.run("unban", attacker, "--reason", "a test")
        self.assert_open(attacker, seconds=5)
        self.assertFalse(self.operator.banned(attacker))

    def test_operator_bans_and_unbans_by_hand(self):
        somebody = fresh_attacker()
        self.assert_open(somebody, seconds=1)
        self.operator.run("ban", somebody, "--for", "10m", "--reason", "a test")
        self.assert_cut(somebody)
        self.operator.run("unban", somebody)
        self.assert_open(somebody)

    def test_allowed_address_is_never_banned(self):
        scanner = fresh_attacker()
        self.operator.run("allow", scanner, "--for", "10m", "--reason", "our own scanner")
        attack_login("host3", scanner, 3 * LOGIN_MAXRETRY)
        attack_web("host3", scanner)
        self.assert_open(scanner, seconds=2)
        self.operator.run("disallow", scanner)


if __name__ == "__main__":
    main()
