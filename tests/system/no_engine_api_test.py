#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Without the Engine API's socket a node finds the containers in dockerd's own files."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.lab import deploy, fleet  # noqa: E402
from tests.system.support import SystemTest, attack_web, fresh_attacker, main, unique  # noqa: E402


class NoEngineApi(SystemTest):
    def setUp(self):
        super().setUp()
        deploy.set_node_option(self.host3, "docker_socket", "/nonexistent/docker.sock")
        self.host3.on("systemctl", "restart", "breakwater-node")
        self.assert_within(20, "host3 is connected", self.all_connected)

    def tearDown(self):
        deploy.unset_node_options(self.host3)
        self.host3.on("systemctl", "restart", "breakwater-node")

    def test_running_container_is_followed(self):
        attacker = fresh_attacker()
        attack_web("host3", attacker)
        self.assert_cut(attacker)

    def test_new_container_is_followed(self):
        name = unique("fresh")
        fleet.run_web(self.host3, name=name, port=8092)
        attacker = fresh_attacker()
        attack_web("host3", attacker, port=8092)
        self.assert_cut(attacker, what="(an attack on a container made after the node's start)")
        self.host3.on("docker", "rm", "-f", name)


if __name__ == "__main__":
    main()
