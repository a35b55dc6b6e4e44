#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A ban cuts what is already open: keep-alive connections and streams that the server pushes, through a published port."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.lab import clients, plan  # noqa: E402
from tests.system.support import VISITOR4, SystemTest, attack_web, fresh_attacker, main  # noqa: E402


def silent(stream, quiet=0.4):
    """True when nothing comes any more; the server pushes a line every 20 ms."""
    stream.settimeout(quiet)
    try:
        return stream.recv(65536) == b""
    except TimeoutError:
        return True


class LiveConnections(SystemTest):
    def test_ban_cuts_open_connections_on_every_host(self):
        for ipv6 in (False, True):
            with self.subTest(ipv6=ipv6):
                self.cut_open_connections(fresh_attacker(ipv6))

    def cut_open_connections(self, attacker):
        names = [host.name for host in self.lab.nodes]
        web = {name: clients.WebConnection(name, attacker) for name in names}
        push = {name: clients.connect(name, attacker, plan.TICKER_PORT) for name in names}
        other_web = clients.WebConnection("host1", VISITOR4)
        other_push = clients.connect("host1", VISITOR4, plan.TICKER_PORT)
        for name in names:
            self.assertEqual(web[name].ask(), 200, f"keep-alive connection to {name} before the attack")
            self.assertFalse(silent(push[name]), f"stream of {name} before the attack")

        attack_web("host2", attacker)
        self.assert_cut(attacker)

        for name in names:
            self.assertEqual(web[name].ask(), 0, f"the keep-alive connection to {name} outlives the ban")
            self.assert_within(3, f"the stream of {name} falls silent", lambda n=name: silent(push[n]))
        self.assertEqual(other_web.ask(), 200, "a visitor's keep-alive connection was cut as well")
        self.assertFalse(silent(other_push), "a visitor's stream was cut as well")
        for stream in (*push.values(), other_push, *web.values(), other_web):
            stream.close()


if __name__ == "__main__":
    main()
