# SPDX-License-Identifier: Apache-2.0
"""What the system tests, the demo and the latency bench share: the fleet as an operator and an attacker see it."""

import ipaddress
import itertools
import json
import os
import subprocess
import sys
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.lab import clients, deploy, plan
from tests.lab.fleet import Fleet
from tests.lab.shell import LabError, wait_for

WEB_MAXRETRY = 1    # of the article's jail: the first POST /xmlrpc.php bans
LOGIN_MAXRETRY = 6  # of the jail wp-login: tests/lab/config/jail.d/lab.conf
VISITOR4, VISITOR6 = "203.0.113.250", "2001:db8:bad:ffff::1"  # never attack


def skip(reason):
    """ctest counts it as skipped (code 77); tests/skips.py prints the reason."""
    print(f"SKIPPED: {reason}")
    sys.exit(77)


def skip_unless_root():
    if os.geteuid() != 0:
        skip("needs root: the lab makes network namespaces and boots hosts in them")


def packages():
    """Where the packages are that are tested."""
    return Path(os.environ["BREAKWATER_PACKAGES"]).resolve()


def fresh_attacker(ipv6=False):
    """An address that has attacked nobody yet, over all tests of one lab."""
    counter = plan.HOSTS / f"attackers{6 if ipv6 else 4}"
    n = int(counter.read_text()) + 1 if counter.exists() else 1
    counter.write_text(str(n))
    if ipv6:
        return str(ipaddress.ip_address("2001:db8:bad::") + n)
    assert n < 250, "the range of attackers is used up: take the lab down and up"
    return f"203.0.113.{n}"


class Operator:
    """The `breakwater` tool, on the hub's own host. docs/query.md tells the rows."""

    def __init__(self, lab):
        self._control = lab.control

    def run(self, *arguments):
        return self._control.on("breakwater", *arguments)

    def accepts(self, *arguments):
        """False if the hub refuses, or the tool does not understand."""
        return self._control.succeeds("breakwater", *arguments)

    def rows(self, *arguments):
        """The tool's JSON output, one object a line; no rows if nothing is known."""
        done = subprocess.run(self._control.command("breakwater", "--output", "json", *arguments),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode not in (0, 1):  # 1: nothing is known of that address
            raise LabError(f"breakwater {' '.join(arguments)}: exit code {done.returncode}: {done.stderr.strip()}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def banned(self, address):
        return any(row["who"] == address for row in self.rows("bans"))

    def offences(self, address):
        return [row for row in self.rows("why", address) if row["type"] == "offence"]

    def decisions(self, address):
        return [row for row in self.rows("why", address) if row["type"] == "decision"]


class KernelView:
    """What a host's kernel holds, read by the tools that everybody knows."""

    @staticmethod
    def sets(host):
        return host.on("ipset", "save")

    @staticmethod
    def holds(host, address):
        return any(f" {address} " in line + " " for line in KernelView.sets(host).splitlines() if line.startswith("add"))


def restart_docker(host):
    """Docker's unit allows three starts a minute; the tests need more."""
    host.on("systemctl", "reset-failed", "docker")
    host.on("systemctl", "restart", "docker")


def reachable(host_name, source, port=plan.WEB_PORT):
    return clients.get(host_name, source, port, seconds=0.4) == 200


def greeted(host_name, source):
    return clients.ssh_greets(host_name, source, seconds=0.4)


def wait_cut(hosts, source, seconds=5, what=""):
    """Until no host answers a new connection of that client, on the published port and at sshd.

    Each host must answer a visitor at the same time: silence alone may be a host that is away.
    """
    visitor = VISITOR6 if ":" in source else VISITOR4
    for host in hosts:
        for port, answers in (("web", reachable), ("ssh", greeted)):
            wait_for(f"{source} is cut on {host.name}'s {port} port {what}",
                     lambda h=host, a=answers: not a(h.name, source), seconds)
            wait_for(f"{host.name}'s {port} port answers {visitor} while {source} is cut {what}",
                     lambda h=host, a=answers: a(h.name, visitor), seconds)


def wait_open(hosts, source, seconds=10, what=""):
    for host in hosts:
        wait_for(f"{source} gets 200 on {host.name} {what}", lambda h=host: reachable(h.name, source), seconds)


def attack_web(host_name, source, port=plan.WEB_PORT):
    """What the article's jail bans for, at once."""
    status = clients.get(host_name, source, port, "POST", "/xmlrpc.php")
    if status != 405:
        raise LabError(f"the attack of {source} must reach {host_name}'s container: status {status} instead of 405")


def attack_login(host_name, source, times=LOGIN_MAXRETRY, port=plan.WEB_PORT):
    """What the jail wp-login counts; over one connection, as tools do. The statuses."""
    with clients.WebConnection(host_name, source, port) as connection:
        return [connection.ask("POST", "/wp-login.php") for _ in range(times)]


def attack_ssh(host_name, source, times):
    """A brute force: all attempts at once, each a connection of its own."""
    with ThreadPoolExecutor(max_workers=times) as pool:
        list(pool.map(lambda n: clients.ssh_attempt(host_name, source, f"user{n}"), range(times)))


class Background:
    """Threads that work as long as the `with` block lasts: each looks at `over`."""

    def __init__(self, works):
        self.over = threading.Event()
        self._threads = [threading.Thread(target=work) for work in works]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self._threads:
            thread.join()


class OpenConnections:
    """What a client has open to a host: a keep-alive web connection, and a stream that the server pushes (a line every
    20 ms)."""

    def __init__(self, host_name, source):
        self._web = clients.WebConnection(host_name, source)
        self._stream = clients.connect(host_name, source, plan.TICKER_PORT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._web.close()
        self._stream.close()

    def web_answers(self):
        return self._web.ask() == 200

    def stream_flows(self, quiet=0.4):
        """False when nothing comes any more."""
        self._stream.settimeout(quiet)
        try:
            return self._stream.recv(65536) != b""
        except OSError:
            return False


class SystemTest(unittest.TestCase):
    """One subject on the standing lab. Tests leave it as they found it; attackers are fresh, so bans may stay."""

    @classmethod
    def setUpClass(cls):
        skip_unless_root()
        cls.lab = Fleet()
        if not cls.lab.is_up():
            skip("the lab is not up")
        cls.operator = Operator(cls.lab)
        cls.host1, cls.host2, cls.host3 = cls.lab.nodes

    def setUp(self):
        wait_for("every node is connected", self.all_connected, 20)

    def all_connected(self):
        return deploy.connected(self.lab)

    def assert_cut(self, source, hosts=None, seconds=5, what=""):
        self._holds(wait_cut, hosts, source, seconds, what)

    def assert_open(self, source, hosts=None, seconds=10, what=""):
        self._holds(wait_open, hosts, source, seconds, what)

    def assert_others_pass(self):
        self.assert_open(VISITOR4, seconds=1, what="(a visitor who did nothing)")
        self.assert_open(VISITOR6, seconds=1, what="(a visitor who did nothing)")

    def assert_alive(self, connections, whose):
        self.assertTrue(connections.web_answers(), f"the keep-alive connection {whose}")
        self.assertTrue(connections.stream_flows(), f"the stream {whose}")

    def assert_dead(self, connections, whose, seconds=3):
        self.assert_within(seconds, f"the stream {whose} falls silent", lambda: not connections.stream_flows())
        self.assertFalse(connections.web_answers(), f"the keep-alive connection {whose} outlives the ban")

    def assert_within(self, seconds, what, condition):
        try:
            return wait_for(what, condition, seconds)
        except LabError as late:
            self.fail(str(late))

    def banned_attacker(self, ipv6=False, host=None):
        """A fresh attacker, banned on all hosts by an attack on one."""
        attacker = fresh_attacker(ipv6)
        attack_web((host or self.host1).name, attacker)
        self.assert_cut(attacker)
        return attacker

    def _holds(self, wait, hosts, source, seconds, what):
        try:
            wait(hosts or self.lab.nodes, source, seconds, what)
        except LabError as late:
            self.fail(str(late))


_sequence = itertools.count(1)


def unique(name):
    """A container's name that no other test uses."""
    return f"{name}-{os.getpid()}-{next(_sequence)}"


def main():
    unittest.main(verbosity=2, warnings="ignore")
