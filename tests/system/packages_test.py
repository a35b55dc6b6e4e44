#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The packages on a host that has never seen them: installed, configured, upgraded under a ban, removed, purged."""

import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.lab import deploy, fleet, network  # noqa: E402
from tests.lab.host import Host  # noqa: E402
from tests.lab.shell import run, wait_for  # noqa: E402
from tests.system.support import (VISITOR4, Background, KernelView, attack_web, fresh_attacker, main,  # noqa: E402
                                  packages, reachable, skip, skip_unless_root)

NODE, HUB, TOOL = deploy.NODE, deploy.HUB, deploy.TOOL
ALL = (NODE, HUB, TOOL)
# What belongs to dpkg, to the host's life, or to the test.
NOT_OURS = re.compile(r"^/(proc|sys|dev|tmp|run/(systemd|docker|containerd|user|log|utmp|lock)|var/(log|tmp|cache)|var/lib/"
                      r"(dpkg|docker|containerd|systemd/(timers|random-seed|coredump|catalog))|root)(/|$)"
                      r"|^/etc/(passwd|group|shadow|gshadow|subuid|subgid)-$|^/etc/\.pwd\.lock$|^/run/xtables\.lock$")


def repacked(folder, name, version, change=lambda tree: None):
    """The package as another version; change(tree) may alter its files."""
    tree = Path(folder) / name
    run(["dpkg-deb", "--raw-extract", str(deploy.package_file(packages(), name)), str(tree)])
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*$", f"Version: {version}", control.read_text(), flags=re.M))
    change(tree)
    run(["dpkg-deb", "--build", "-Znone", str(tree), str(folder)])
    shutil.rmtree(tree)


class Packages(unittest.TestCase):
    """One host of its own beside the standing lab; each test begins with nothing of ours on it."""

    @classmethod
    def setUpClass(cls):
        skip_unless_root()
        if not Host("control").leader():
            skip("the lab is not up")
        cls.host = Host("host9")
        cls.end_host()
        network.plug(cls.host.name)
        cls.host.start()
        cls.host.wait_until_up()
        fleet.start_containers(cls.host)
        cls.before = cls.traces()

    @classmethod
    def tearDownClass(cls):
        cls.end_host()

    @classmethod
    def end_host(cls):
        cls.host.cut_power()
        shutil.rmtree(cls.host.dir, ignore_errors=True)

    def setUp(self):
        self.purge(*ALL)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.newer = Path(folder.name)

    # --- what is asked of the host --------------------------------------------------------------------------------

    @classmethod
    def traces(cls):
        """Every file, user and rule of the host."""
        on = cls.host.on
        files = {path for path in on("find", "/", "/run", "-xdev").splitlines() if not NOT_OURS.match(path)}
        rules = {f"{program}: {line}" for program in ("iptables-save", "ip6tables-save")
                 for line in on(program).splitlines() if line.startswith("-A")}
        names = {f"{what}: {line}" for what in ("passwd", "group") for line in on("getent", what).splitlines()}
        return files | rules | names | {f"set: {name}" for name in on("ipset", "list", "-name").splitlines()}

    def unit(self, name, key):
        return self.host.on("systemctl", "show", "--property", key, "--value", name)

    def state(self, name):
        return (self.host.on("systemctl", "is-enabled", name, check=False),
                self.host.on("systemctl", "is-active", name, check=False))

    def assert_state(self, name, enabled, active):
        self.assertEqual(self.state(name), (enabled, active), name)

    def install(self, *names, source=None):
        deploy.install(self.host, source or packages(), *names)

    def dpkg(self, what, *names):
        self.host.on("dpkg", "--force-unsafe-io", what, *names)

    def purge(self, *names):
        known = self.host.on("dpkg-query", "-W", "-f", "${Package}\n", *names, check=False).split()
        if known:
            self.dpkg("--purge", *known)

    def write(self, path, text):
        self.host.path(path).write_text(text)

    def configure_node(self):
        """A node alone, with a jail for the web container."""
        self.write("/etc/breakwater/node.local", "[node]\nname = lonely\n")
        deploy.install_configuration(self.host)
        self.host.on("systemctl", "start", NODE)

    def configure_hub(self):
        self.host.on(HUB, "keygen", "/etc/breakwater/hub.key")
        self.host.on("chown", f"{HUB}:", "/etc/breakwater/hub.key")
        self.host.on("systemctl", "start", HUB)

    def banned(self):
        attacker = fresh_attacker()
        attack_web(self.host.name, attacker)
        wait_for(f"{attacker} is in the set", lambda: KernelView.holds(self.host, attacker), 5)
        return attacker

    def exposure(self, name):
        last = self.host.on("systemd-analyze", "security", "--no-pager", name).splitlines()[-1]
        return float(re.search(r"exposure level for \S+: ([0-9.]+)", last).group(1))

    # --- the tests ------------------------------------------------------------------------------------------------

    def test_installed_is_enabled_and_waits_for_its_configuration(self):
        self.install(*ALL)
        for name in (NODE, HUB):
            self.assert_state(f"{name}.service", "enabled", "inactive")
        self.assertFalse([trace for trace in self.traces() - self.before if trace.startswith(("set:", "ip"))])
        self.configure_node()
        self.configure_hub()
        for name in (NODE, HUB):
            self.assert_state(f"{name}.service", "enabled", "active")
        self.host.on("breakwater", "status")

    def test_services_have_no_more_rights_than_they_need(self):
        self.install(*ALL)
        self.configure_node()
        self.configure_hub()
        for name, limit, powers in ((NODE, 1.8, {"cap_net_admin", "cap_net_raw", "cap_dac_read_search"}),
                                    (HUB, 1.2, set())):
            exposure = self.exposure(name)
            print(f"systemd-analyze security {name}: {exposure}")
            self.assertLessEqual(exposure, limit, name)
            pid = self.unit(name, "MainPID")
            status = dict(line.split(":\t", 1) for line in
                          self.host.on("cat", f"/proc/{pid}/status").splitlines() if ":\t" in line)
            user = self.host.on("id", "-u", name)
            self.assertEqual(status["Uid"].split(), [user] * 4, name)
            for held in ("CapEff", "CapBnd", "CapAmb"):
                self.assertEqual(capabilities(status[held]), powers, f"{name} {held}")
            self.assertEqual(status["NoNewPrivs"], "1")
            self.assertEqual(self.unit(name, "WatchdogUSec"), "30s")
            self.assertNotEqual(self.unit(name, "MemoryMax"), "infinity")

    def test_hub_and_node_on_one_host(self):
        """As docs/operations.md says."""
        self.install(*ALL)
        self.host.on("bash", "-euc", """
            cd /etc/breakwater
            breakwater-hub keygen hub.key && chown breakwater-hub: hub.key
            printf '[hub]\\nlisten = tcp://127.0.0.1:7199\\n' > hub.local
            systemctl start breakwater-hub
            breakwater-node keygen node.key && chown breakwater-node: node.key
            breakwater-hub enrol "$(hostname -s)" node.key.pub
            printf '[node]\\nhub = tcp://127.0.0.1:7199\\nhub_public_key = /etc/breakwater/hub.key.pub\\n' > node.local
            breakwater-node check && systemctl start breakwater-node""")
        wait_for("the node is connected to the hub beside it",
                 lambda: "connected" in self.host.on("breakwater", "nodes", self.host.name, check=False), 10)
        self.host.on("breakwater", "ban", "203.0.113.249")
        wait_for("an operator's ban is in the set", lambda: KernelView.holds(self.host, "203.0.113.249"), 5)

    def test_reload_keeps_the_process(self):
        self.install(*ALL)
        self.configure_node()
        self.configure_hub()
        attacker = self.banned()
        for name in (NODE, HUB):
            pid = self.unit(name, "MainPID")
            self.host.on("systemctl", "reload", name)
            wait_for(f"{name} is active", lambda n=name: self.state(n)[1] == "active", 5)
            self.assertEqual(self.unit(name, "MainPID"), pid, name)
        self.assertTrue(KernelView.holds(self.host, attacker))

    def test_upgrade_keeps_edits_and_bans_and_restarts(self):
        self.install(*ALL)
        self.configure_node()
        self.configure_hub()
        edited = {"/etc/breakwater/jail.conf": "[DEFAULT]\nmaxretry = 3\n", "/etc/breakwater/hub.conf": "[hub]\n"}
        for path, text in edited.items():
            self.write(path, text)
        attacker = self.banned()
        pids = {name: self.unit(name, "MainPID") for name in (NODE, HUB)}

        def changed_conffiles(tree):
            for path in (tree / "etc/breakwater").glob("*.conf"):
                path.write_text(path.read_text() + "# of the newer version\n")
        for name in ALL:
            repacked(self.newer, name, "0.9.0-1", changed_conffiles)
        self.assertTrue(reachable(self.host.name, VISITOR4))
        with Watch(self.host, attacker) as watch:
            self.install(*ALL, source=self.newer)
        self.assertEqual(watch.leaks, [], f"{attacker} got through, or out of the set, during the upgrade")
        self.assertGreater(watch.looks, 3)

        self.assertEqual(self.host.on("dpkg-query", "-W", "-f", "${Version} ", *ALL).split(), ["0.9.0-1"] * 3)
        for path, text in edited.items():
            self.assertEqual(self.host.path(path).read_text(), text, path)
        self.assertIn("of the newer version", self.host.path("/etc/breakwater/node.conf").read_text())
        for name, pid in pids.items():
            self.assert_state(name, "enabled", "active")
            self.assertNotEqual(self.unit(name, "MainPID"), pid, f"{name} still runs the old program")

    def test_what_the_administrator_disabled_or_stopped_stays_so(self):
        self.install(*ALL)
        self.configure_node()
        self.configure_hub()
        self.host.on("systemctl", "disable", "--now", HUB)
        self.host.on("systemctl", "stop", NODE)
        for name in ALL:
            repacked(self.newer, name, "0.9.0-1")
        self.install(*ALL, source=self.newer)
        self.assert_state(HUB, "disabled", "inactive")
        self.assert_state(NODE, "enabled", "inactive")
        self.dpkg("--remove", HUB)
        self.install(HUB, source=self.newer)
        self.assert_state(HUB, "disabled", "inactive")

    def test_removed_leaves_its_configuration_and_nothing_in_the_kernel(self):
        self.install(*ALL)
        self.configure_node()
        self.configure_hub()
        attacker = self.banned()
        self.dpkg("--remove", *ALL)
        self.assertTrue(reachable(self.host.name, attacker), "nobody would lift this ban any more")
        left = self.traces() - self.before
        self.assertFalse([trace for trace in left if trace.startswith(("set:", "ip"))])
        for path in ("/etc/breakwater/node.local", "/etc/breakwater/jail.conf", "/etc/breakwater/hub.key",
                     "/var/lib/breakwater-node/state.db", "/var/lib/breakwater-hub/ledger.db"):
            self.assertIn(path, left)
        self.install(*ALL)
        for name in (NODE, HUB):
            self.assert_state(name, "enabled", "active")
        wait_for(f"{attacker} is in the set again", lambda: KernelView.holds(self.host, attacker), 5)

    def test_purged_leaves_nothing(self):
        self.install(*ALL)
        self.configure_node()
        self.configure_hub()
        self.banned()
        self.assertIn("-A PREROUTING", self.host.on("iptables-save", "-t", "raw"))
        self.assertEqual(len(self.host.on("ipset", "list", "-name").split()), 2)
        self.dpkg("--purge", *ALL)
        self.assertEqual(self.traces() - self.before, set())
        self.assertEqual(self.before - self.traces(), set(), "the purge took what was not ours")

    def test_purged_node_leaves_the_hub_beside_it_its_jails(self):
        self.install(*ALL)
        self.configure_node()
        self.configure_hub()
        self.write("/etc/breakwater/jail.local", "[DEFAULT]\nbantime = 2h\n")
        self.dpkg("--purge", NODE)
        left = self.traces() - self.before
        self.assertIn("/etc/breakwater/jail.local", left)
        self.assertFalse([trace for trace in left if "breakwater-node" in trace or "/node." in trace])
        self.assertIn("ok:", self.host.on(HUB, "check"))
        self.assertIn("sshd", self.host.on(HUB, "check"), "the stock jails of the hub's own package")
        self.dpkg("--purge", HUB, TOOL)
        self.assertEqual(self.traces() - self.before, set())


def capabilities(mask):
    names = {12: "cap_net_admin", 13: "cap_net_raw", 2: "cap_dac_read_search"}
    return {names.get(bit, f"capability {bit}") for bit in range(64) if int(mask, 16) >> bit & 1}


class Watch(Background):
    """Looks all the time whether an attacker gets through."""

    def __init__(self, host, attacker):
        self._host, self._attacker = host, attacker
        self.leaks, self.looks = [], 0
        super().__init__([self._run] * 4)  # a look takes half a second

    def _run(self):
        while not self.over.is_set():
            if not KernelView.holds(self._host, self._attacker):
                self.leaks.append("not in the set")
            if reachable(self._host.name, self._attacker):
                self.leaks.append("got through")
            self.looks += 1


if __name__ == "__main__":
    main()
