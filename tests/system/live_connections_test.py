#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A ban cuts what is already open: keep-alive connections and streams that the server pushes, through a published port."""

import sys
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.system.support import VISITOR4, OpenConnections, SystemTest, attack_web, fresh_attacker, main  # noqa: E402


class LiveConnections(SystemTest):
    def test_ban_cuts_open_connections_on_every_host(self):
        for ipv6 in (False, True):
            with self.subTest(ipv6=ipv6), ExitStack() as opened:
                self.cut_open_connections(fresh_attacker(ipv6), opened)

    def cut_open_connections(self, attacker, opened):
        connections = {host.name: opened.enter_context(OpenConnections(host.name, attacker)) for host in self.lab.nodes}
        others = opened.enter_context(OpenConnections("host1", VISITOR4))
        for name, open_there in connections.items():
            self.assert_alive(open_there, f"to {name} before the attack")

        attack_web("host2", attacker)
        self.assert_cut(attacker)

        for name, open_there in connections.items():
            self.assert_dead(open_there, f"to {name}")
        self.assert_alive(others, "of a visitor was cut as well")


if __name__ == "__main__":
    main()
