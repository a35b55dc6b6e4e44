#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of node, hub, or both, at random moments under a stream of attacks.

Two nodes and a hub, the real programs, each in a network namespace of its own (real ipset, iptables, CURVE), linked by
a bridge; the nodes as a user without any right but their unit's capabilities. Attack lines are written to json-file logs of the nodes all the time; every round somebody is killed and
started again. At the end:

  - the hub's ledger holds every line that was written, each exactly once     (no offence lost, none doubled)
  - every address with enough offences is in both kernels' sets, no other is  (no ban lost, none invented)
  - the decisions that the ledger holds are one ban an address                (none doubled)

usage: kill_test.py BIN_DIR [--rounds N] [--seed N]     (root; exits 77 = skipped otherwise)
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

SKIPPED = 77
NOBODY = 65534  # nodes run as this user, with the capabilities of their unit and no others
CAPABILITIES = "-all,+net_admin,+net_raw,+dac_read_search"
QUIET_SECONDS = 40  # how long the fleet may take to agree once nobody is killed any more


def command(*words, check=True):
    return subprocess.run(words, check=check, capture_output=True, text=True)


class Host:
    """A network namespace with an address on the fleet's bridge, and the one program that runs in it."""

    def __init__(self, fleet, name, number):
        self.fleet, self.name, self.process = fleet, name, None
        self.address = f"198.51.100.{number}"
        self.namespace = f"{fleet.prefix}{name}"
        self.directory = fleet.directory / name

    def make(self):
        (self.directory / "state").mkdir(parents=True)
        (self.directory / "etc").mkdir()
        command("ip", "netns", "add", self.namespace)
        self.ip("link", "set", "lo", "up")

    def ip(self, *words):
        command("ip", "-n", self.namespace, *words)

    def plug(self, bridge):
        port = f"p{self.name}"
        bridge.ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", self.namespace)
        bridge.ip("link", "set", port, "master", "fleet", "up")
        self.ip("addr", "add", f"{self.address}/24", "dev", "eth0")
        self.ip("link", "set", "eth0", "up")

    def run(self, *words, check=True):
        return command("ip", "netns", "exec", self.namespace, *map(str, words), check=check)

    def start(self):
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace, *map(str, self.program())], stdout=log, stderr=log
            )

    def kill(self):
        self.process.send_signal(signal.SIGKILL)  # `ip netns exec` becomes the program: the pid is its own
        self.process.wait()

    def log(self):
        return (self.directory / "log").read_text(errors="replace")


class Hub(Host):
    def configure(self):
        etc = self.directory / "etc"
        (etc / "nodes.d").mkdir()
        (etc / "admins.d").mkdir()
        self.public = self.run(self.fleet.bin / "breakwater-hub", "keygen", etc / "hub.key").stdout.split()[-1]
        self.socket = f"ipc://{self.directory}/query.sock"
        (etc / "hub.conf").write_text(
            f"[hub]\nname = control\nlisten = tcp://{self.address}:7199\nquery_socket = {self.socket}\n"
            f"secret_key = {etc}/hub.key\nnodes_dir = {etc}/nodes.d\nadmins_dir = {etc}/admins.d\n"
            f"state_dir = {self.directory}/state\nconfig_dirs = {self.fleet.jails}\n"
        )

    def program(self):
        return [self.fleet.bin / "breakwater-hub", "run", "--config", self.directory / "etc/hub.conf"]

    def verb(self, *words):
        self.run(self.fleet.bin / "breakwater-hub", *words, "--config", self.directory / "etc/hub.conf")

    def enrol(self, node):
        self.verb("enrol", node.name, node.public)

    def ask(self, *words):
        answer = self.run(self.fleet.bin / "breakwater", "--hub", self.socket, "--output", "json", *words, check=False)
        if answer.returncode not in (0, 1):
            raise RuntimeError(f"breakwater {' '.join(words)}: {answer.returncode} {answer.stderr}")
        return [json.loads(line) for line in answer.stdout.splitlines() if line.strip()]


class Node(Host):
    def configure(self, hub):
        etc, container = self.directory / "etc", "ab" * 32
        self.public = self.run(self.fleet.bin / "breakwater-node", "keygen", etc / "node.key").stdout.split()[-1]
        self.docker = self.directory / "docker"
        self.log_path = self.docker / "containers" / container / f"{container}-json.log"
        self.log_path.parent.mkdir(parents=True)
        self.log_path.touch()
        (self.log_path.parent / "config.v2.json").write_text(json.dumps({
            "ID": container, "Name": "/web", "LogPath": str(self.log_path), "State": {"Running": True, "Pid": 1},
            "Config": {"Image": "web:1", "Labels": {}, "Tty": False},
        }))
        (self.log_path.parent / "hostconfig.json").write_text(json.dumps({"LogConfig": {"Type": "json-file"}}))
        self.log_path.parent.chmod(0o710)  # as dockerd leaves them
        self.log_path.chmod(0o640)
        os.chown(self.directory / "state", NOBODY, NOBODY)
        (etc / "node.conf").write_text(
            f"[node]\nname = {self.name}\nhub = tcp://{hub.address}:7199\nhub_public_key = {hub.public}\n"
            f"secret_key = {etc}/node.key\nstate_dir = {self.directory}/state\nconfig_dirs = {self.fleet.jails}\n"
            f"docker_socket = none\ndocker_root = {self.docker}\n"
        )

    def program(self):
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", f"--inh-caps={CAPABILITIES}",
                f"--ambient-caps={CAPABILITIES}", f"--bounding-set={CAPABILITIES}", "--no-new-privs",
                self.fleet.bin / "breakwater-node", "run", "--config", self.directory / "etc/node.conf"]

    def attack(self, address, number):
        now = datetime.now(timezone.utc)
        line = (f'{address} - - [{now:%d/%b/%Y:%H:%M:%S} +0000] "POST /xmlrpc.php?n={number} HTTP/1.1" 200 5 "-" "-"\n')
        record = {"log": line, "stream": "stdout", "time": f"{now:%Y-%m-%dT%H:%M:%S.%f}000Z"}
        with open(self.log_path, "a") as log:
            log.write(json.dumps(record, separators=(",", ":")) + "\n")

    def banned(self):
        found = set()
        for name in ("breakwater4", "breakwater6"):
            listing = self.run("ipset", "list", name, check=False).stdout
            found |= {line.split()[0] for line in listing.split("Members:")[-1].splitlines() if line.strip()}
        return found


class Fleet:
    def __init__(self, bin_dir, directory):
        self.bin, self.directory = Path(bin_dir).resolve(), Path(directory)
        self.prefix = f"bwk{os.getpid()}"
        self.jails = self.directory / "jails"
        (self.jails / "filter.d").mkdir(parents=True)
        (self.jails / "jail.conf").write_text(
            "[DEFAULT]\nfindtime = 1h\nbantime = 6h\n\n[web]\nenabled = true\nfilter = web\nbackend = docker\n"
            "maxretry = 3\n"
        )
        (self.jails / "filter.d" / "web.conf").write_text(
            "[Definition]\nfailregex = ^<HOST> \\S+ \\S+ \\[\\] \"POST /xmlrpc\\.php\n"
        )
        self.hosts = []

    def build(self):
        self.bridge = self.add(Host, "net", 1)
        self.bridge.ip("link", "add", "fleet", "type", "bridge")
        self.bridge.ip("link", "set", "fleet", "up")
        self.hub = self.add(Hub, "control", 10)
        self.nodes = [self.add(Node, f"host{i}", 10 + i) for i in (1, 2)]
        for host in (self.hub, *self.nodes):
            host.plug(self.bridge)
        self.hub.configure()
        for node in self.nodes:
            node.configure(self.hub)
            self.hub.enrol(node)

    def add(self, kind, *words):
        host = kind(self, *words)
        self.hosts.append(host)
        host.make()
        return host

    def remove(self):
        for host in self.hosts:
            if host.process and host.process.poll() is None:
                host.kill()
            command("ip", "netns", "del", host.namespace, check=False)


class Attackers(threading.Thread):
    """Writes attack lines, some 200 a second, and remembers each. Addresses come back: 1 to 5 offences each."""

    def __init__(self, nodes, dice):
        super().__init__(daemon=True)
        self.nodes, self.dice = nodes, dice
        self.counts, self.written, self.stopping = {}, 0, threading.Event()
        self.seen_on = {}

    def run(self):
        fresh = (f"203.0.113.{i}" if i < 250 else f"2001:db8:bad::{i:x}" for i in range(1, 60000))
        waiting = []
        while not self.stopping.is_set():
            if len(waiting) < 20:
                address = next(fresh)
                waiting += [address] * self.dice.choice((1, 2, 3, 3, 4, 5))
            address = waiting.pop(self.dice.randrange(len(waiting)))
            node = self.dice.choice(self.nodes)
            self.counts[address] = self.counts.get(address, 0) + 1
            node.attack(address, self.written)
            self.written += 1
            self.stopping.wait(0.005)


def offences_in_ledger(hub):
    return hub.ask("offences", "--limit", "1000000")


def verdict(fleet, attackers, others=frozenset()):
    """Empty when everything is as it must be, else what is not. `others`: addresses that are not the attackers'."""
    problems = []
    numbers = [row["sample"].split("?n=")[1].split()[0] for row in offences_in_ledger(fleet.hub)
               if row["who"] not in others]
    lost = attackers.written - len(set(numbers))
    if lost:
        missing = sorted(set(range(attackers.written)) - {int(n) for n in numbers})[:10]
        problems.append(f"{lost} of {attackers.written} offences are not in the ledger: {missing}")
    if len(numbers) != len(set(numbers)):
        problems.append(f"{len(numbers) - len(set(numbers))} offences are in the ledger twice")
    wanted = {address for address, count in attackers.counts.items() if count >= 3}
    for node in fleet.nodes:
        held = node.banned() - others
        if wanted - held:
            problems.append(f"{node.name} lacks {len(wanted - held)} bans: {sorted(wanted - held)[:5]}")
        if held - wanted:
            problems.append(f"{node.name} bans {len(held - wanted)} too many: {sorted(held - wanted)[:5]}")
    bans = [row["who"] for row in fleet.hub.ask("bans", "--limit", "1000000")]
    if len(bans) != len(set(bans)):
        problems.append("a ban stands twice")
    return problems


def wait_until_agreed(fleet, attackers, others=frozenset()):
    deadline = time.monotonic() + QUIET_SECONDS
    while True:
        try:
            problems = verdict(fleet, attackers, others)
        except RuntimeError as error:
            problems = [str(error)]
        if not problems or time.monotonic() > deadline:
            return problems
        time.sleep(0.5)


def arguments():
    """What every test on a Fleet is told; it may add its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("bin_dir")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    return parser


def run_on_fleet(bin_dir, check, tail):
    """Starts a Fleet, hands it to `check`, which returns problems; prints them, and `tail` of each host. The exit code."""
    if os.geteuid() != 0 or not shutil.which("ipset") or not shutil.which("iptables"):
        print("skipped: needs root, ipset and iptables (network namespaces)")
        return SKIPPED
    directory = tempfile.mkdtemp(prefix="breakwater-process-")
    fleet = None
    try:
        fleet = Fleet(bin_dir, directory)
        fleet.build()
        for host in (fleet.hub, *fleet.nodes):
            host.start()
        problems = check(fleet)
        for problem in problems:
            print(f"FAILED: {problem}")
        if problems:
            for host in (fleet.hub, *fleet.nodes):
                print(f"--- {host.name}\n{tail(host)}")
        return 1 if problems else 0
    finally:
        if fleet:
            fleet.remove()
        shutil.rmtree(directory, ignore_errors=True)


def kill_at_random(fleet, seed, rounds):
    dice = random.Random(seed)
    attackers = Attackers(fleet.nodes, random.Random(seed + 1))
    attackers.start()
    for _ in range(rounds):
        time.sleep(dice.uniform(0.05, 0.4))
        victims = dice.choice([[fleet.hub], [fleet.nodes[0]], [fleet.nodes[1]], [fleet.hub, fleet.nodes[0]],
                               [fleet.hub, *fleet.nodes]])
        for host in victims:
            host.kill()
        time.sleep(dice.uniform(0, 0.2))
        for host in victims:
            host.start()
    attackers.stopping.set()
    attackers.join()
    started = time.monotonic()
    problems = wait_until_agreed(fleet, attackers)
    banned = sum(1 for count in attackers.counts.values() if count >= 3)
    print(f"{attackers.written} offences of {len(attackers.counts)} addresses, {banned} to be banned; "
          f"agreed after {time.monotonic() - started:.1f} s")
    return problems


def main():
    parser = arguments()
    parser.add_argument("--rounds", type=int, default=100)
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.rounds} rounds")
    return run_on_fleet(options.bin_dir, lambda fleet: kill_at_random(fleet, options.seed, options.rounds),
                        lambda host: host.log()[-3000:])


if __name__ == "__main__":
    sys.exit(main())
