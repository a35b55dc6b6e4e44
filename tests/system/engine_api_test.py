#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node finds the containers in dockerd's own files; or through the Engine API, for who puts it into group docker."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.lab import fleet  # noqa: E402
from tests.system.support import SystemTest, attack_web, fresh_attacker, main, unique  # noqa: E402

DROP_IN = "/etc/systemd/system/breakwater-node.service.d/docker.conf"


class DockerFiles(SystemTest):
    def test_api_is_not_asked(self):
        self.assertEqual(self.api_connects(), 0, "the unit lets the node talk to Docker's socket")

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

    def api_connects(self):
        row = next(r for r in self.operator.rows("nodes") if r["node"] == "host3")
        return row.get("counters", {}).get("docker_connects", 0)


class EngineApi(DockerFiles):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host3.path(DROP_IN).parent.mkdir(exist_ok=True)
        cls.host3.path(DROP_IN).write_text("[Service]\nSupplementaryGroups=docker\n")
        cls.restart_node()

    @classmethod
    def tearDownClass(cls):
        cls.host3.path(DROP_IN).unlink()
        cls.restart_node()

    @classmethod
    def restart_node(cls):
        cls.host3.on("systemctl", "daemon-reload")
        cls.host3.on("systemctl", "restart", "breakwater-node")

    def test_api_is_not_asked(self):
        self.assert_within(15, "the hub hears that the API answered", lambda: self.api_connects() > 0)


if __name__ == "__main__":
    main()
