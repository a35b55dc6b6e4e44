#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./run lab rollout: Breakwater is put on a fleet by ansible/ over SSH, upgraded and given new keys under attack, and taken
off again. A lab of its own (control and four hosts), from nothing."""

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
# A lab beside the one that the other tests share, on the same image.
_STATE = os.environ.get("BREAKWATER_LAB_STATE", "/var/tmp/breakwater-lab")
os.environ.setdefault("BREAKWATER_LAB_IMAGE", _STATE)
os.environ["BREAKWATER_LAB_PREFIX"] = os.environ.get("BREAKWATER_LAB_PREFIX", "bwlab") + "r"
os.environ["BREAKWATER_LAB_STATE"] = _STATE + "-rollout"

from tests.lab import fleet, plan  # noqa: E402
from tests.lab.automation import ANSIBLE, Operator as Automation  # noqa: E402
from tests.lab.host import operator_key  # noqa: E402
from tests.lab.shell import LabError, wait_for  # noqa: E402
from tests.system.stream import Knocking, Stream  # noqa: E402
from tests.system.support import (VISITOR4, Operator, attack_web, fresh_attacker, reachable, skip_unless_root,  # noqa: E402
                                  wait_cut, wait_open)

BOUND = 2.0  # seconds from an attack to the cut on all hosts: what the other tests of the fleet allow on a calm day
ALL_AT_ONCE = ("-e", '{"rollout_batches": ["100%"]}')
CANARY_THEN_ALL = ("-e", '{"rollout_batches": [1, "100%"]}')

JAILS = {
    "common_jail_defaults": {"bantime": "1h"},
    "common_jails": {
        "xmlrpc": {"enabled": True, "backend": "docker", "filter": "xmlrpc", "container": "web", "maxretry": 1},
        "sshd": {"enabled": True}},
    "common_filters": {"xmlrpc": '[Definition]\nfailregex = ^<HOST> \\S+ \\S+ \\[[^\\]]*\\] "POST /xmlrpc\\.php'},
    "common_ignoreip": ["192.0.2.200"],
}


class Checks:
    """What was checked, told on the screen and kept for --json."""

    def __init__(self):
        self.done = []
        self.began = time.monotonic()

    def check(self, name, action):
        """Runs one check; what it returns (a dictionary) are its figures. The first that fails ends the proof."""
        print(f"  {name} ", end="", flush=True)
        began, figures, failure = time.monotonic(), {}, None
        try:
            figures = action() or {}
        except (LabError, OSError) as problem:
            failure = problem
        seconds = time.monotonic() - began
        self.done.append({"name": name, "ok": failure is None, "seconds": round(seconds, 2), **figures})
        print(f"{'.' * max(3, 84 - len(name))} {'ok' if failure is None else 'FAILED'}, {seconds:.1f} s", flush=True)
        for key, value in figures.items():
            print(f"      {key}: {value}", flush=True)
        if failure is not None:
            raise LabError(f"{name}: {failure}") from failure

    def write(self, path, ok):
        seconds = round(time.monotonic() - self.began, 1)
        Path(path).write_text(json.dumps({"ok": ok, "seconds": seconds, "checks": self.done}, indent=1) + "\n")


def expect(condition, otherwise):
    if not condition:
        raise LabError(otherwise)


class Package:
    """A folder with one version of the three packages."""

    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        debs = sorted(self.folder.glob("*.deb"))
        versions = {deb.name.split("_")[1] for deb in debs}
        if len(debs) != 3 or len(versions) != 1:
            raise LabError(f"{folder} must hold the three packages in one version: ./run package --out {folder}")
        self.version = versions.pop()

    def variables(self):
        return {"common_packages_dir": str(self.folder), "common_version": self.version}


class Rollout:
    def __init__(self, lab, old, new, checks):
        self.lab, self.hosts, self.old, self.new, self._checks = lab, lab.nodes, old, new, checks
        self.operator = Operator(lab)
        self.automation = None
        self.before = {}   # what each host held before
        self.banned = []   # attackers, banned on all hosts, IPv4 and IPv6

    def all(self):
        check = self._checks.check
        check("boot control and four Docker hosts", self.boot)
        check("check mode on fresh hosts changes nothing", self.check_mode)
        check("roll out to four hosts, from nothing", self.roll_out)
        check("a second run changes nothing, and check mode finds nothing to change", self.second_run)
        check("the fleet is well: verify.yml, which changes nothing", self.verify)
        check("an attack on one host is cut on all, IPv4 and IPv6", self.attack)
        check("changed jails and filters come without a restart", self.change_jails)
        check("upgrade hub and nodes under attack", self.upgrade)
        check("change all keys under attack", self.rotate)
        check("cut a host's power: its bans are back before its containers answer", self.power_cycle)
        check("revoke a host", self.revoke)
        check("take all off: nothing is left", self.uninstall)
        check("roll out to one host, from a hub that is its own controller", self.roll_out_from_control)

    # --- the checks -------------------------------------------------------------------------------------------------

    def boot(self):
        self.lab.up()
        self.automation = Automation(self.lab, {**JAILS, **self.old.variables()})
        self.before = {host.name: left_by_packages(host) for host in self.lab.all}

    def check_mode(self):
        recap = self.automation.play("site.yml", "--check", "--diff", *ALL_AT_ONCE)
        expect(len(recap.hosts) == len(self.lab.all), f"not all hosts were looked at: {sorted(recap.hosts)}")
        self._expect_as_before()
        return {"would_change": recap.changed}

    def roll_out(self):
        self.automation.play("site.yml")
        self._expect_version(self.old)

    def second_run(self):
        for options in ((), ("--check", "--diff")):
            recap = self.automation.play("site.yml", *options, *ALL_AT_ONCE)
            expect(recap.changed == 0, "changed: " + "; ".join([*options, *recap.changes()]))
        return {"changed": recap.changed}

    def verify(self):
        recap = self.automation.play("verify.yml")
        expect(recap.changed == 0, "changed: " + "; ".join(recap.changes()))

    def attack(self):
        slowest = 0.0
        for victim, ipv6 in ((self.hosts[0], False), (self.hosts[3], True)):
            attacker = fresh_attacker(ipv6)
            attack_web(victim.name, attacker)
            attacked = time.monotonic()
            wait_cut(self.hosts, attacker, BOUND)
            slowest = max(slowest, time.monotonic() - attacked)
            self.banned.append(attacker)
        wait_open(self.hosts, VISITOR4, 5)
        return {"cut_and_seen_cut_seconds": round(slowest, 2)}

    def change_jails(self):
        """A jail more, its filter, a range in ignoreip; the processes stay the same."""
        changed = [self.lab.control, self.hosts[0]]
        before = [main_pid(host) for host in changed]
        login = {"enabled": True, "backend": "docker", "filter": "login", "maxretry": 3}
        regex = '[Definition]\nfailregex = ^<HOST> .* "POST /wp-login\\.php'
        self.automation.write_inventory({
            **JAILS, **self.old.variables(), "common_ignoreip": ["192.0.2.200", "192.0.2.201"],
            "common_jails": {**JAILS["common_jails"], "login": login},
            "common_filters": {**JAILS["common_filters"], "login": regex}})
        self.automation.play("site.yml", "--tags", "configure", "--limit", ",".join(host.name for host in changed))
        expect(before == [main_pid(host) for host in changed], "a daemon was restarted")
        jails = {row["jail"] for row in self.operator.rows("status")[0]["jails"]}
        expect({"login", "xmlrpc", "sshd"} <= jails, f"the hub knows the jails {sorted(jails)}")

    def upgrade(self):
        self.automation.write_inventory({**JAILS, **self.new.variables()})
        figures = self._under_attack(lambda: self.automation.play("site.yml", *CANARY_THEN_ALL))
        self._expect_version(self.new)
        return {"from": self.old.version, "to": self.new.version, **figures}

    def rotate(self):
        """Stopped in the middle, after the first node, and gone on with: no key may be changed twice."""
        before = self._keys()
        figures = self._under_attack(self._rotate_with_a_stop)
        after = self._keys()
        stale = set(before) & set(after)
        expect(not stale, f"keys that were not changed: {sorted(stale)}")
        left = [path for host in self.lab.all
                for path in host.on("find", "/etc/breakwater", "-name", "*.old*", "-o", "-name", "*.next*").split()]
        expect(not left, f"left over: {left}")
        return {"keys": len(after), **figures}

    def power_cycle(self):
        host = self.hosts[1]
        with Knocking(host.name, self.banned) as knocking:
            host.cut_power()
            wait_for(f"{host.name} is away", lambda: not reachable(host.name, VISITOR4), 5)
            began = time.monotonic()
            host.power_up()
            wait_for("its container answers a visitor", lambda: reachable(host.name, VISITOR4), 60)
            answers = time.monotonic() - began
            host.wait_until_up()
            wait_cut([host], self.banned[0], BOUND)
        through = len(knocking.let_in[plan.WEB_PORT])
        expect(through == 0, f"the container answered banned addresses {through} times")
        wait_for("it is connected", lambda: self._row(host)["state"] == "connected", 20)
        # sshd does not wait for the node: the host must be reachable when the node is not well.
        return {"container_answers_after_s": round(answers, 2), "sshd_open_to_banned_ms": knocking.open_ms(22),
                "tries_of_banned": knocking.tries}

    def revoke(self):
        host, others = self.hosts[3], self.hosts[:3]
        began = time.monotonic()
        self.automation.play("revoke.yml", "-e", f"revoke={host.name}")
        took = time.monotonic() - began
        row = self.operator.rows("nodes", host.name)
        expect(not row or row[0]["state"] in ("lost", "never"), f"still there: {row}")
        attacker = fresh_attacker()
        attack_web(host.name, attacker)   # its word counts no more, but it guards itself
        wait_cut([host], attacker, BOUND)
        expect(not self.operator.banned(attacker), "the hub took an offence of a revoked node")
        wait_open(others, attacker, 1)
        wait_cut([host], self.banned[0], BOUND)  # and it keeps the bans it had
        again = self.automation.play("site.yml", "--limit", host.name, "--tags", "node_configure", check=False)
        expect(not again.ok and "was revoked" in again.output, "site.yml let the revoked key in again")
        return {"playbook_seconds": round(took, 1)}

    def uninstall(self):
        self.automation.play("uninstall.yml", "-e", "uninstall=yes")
        self._expect_as_before()
        wait_open(self.hosts, self.banned[0], 5)

    def roll_out_from_control(self):
        """ansible-playbook runs on the control host: the hub by a local connection, the node by SSH."""
        control, host = self.lab.control, self.hosts[0]
        place = control.path("/root/fleet")
        shutil.copytree(ANSIBLE, place / "ansible", ignore=shutil.ignore_patterns("fleet"))
        shutil.copytree(self.new.folder, place / "packages")
        for name in ("id_ed25519", "known_hosts"):
            shutil.copy(operator_key().parent / name, place / name)
        inventory = {"all": {
            "vars": {**JAILS, "common_packages_dir": "/root/fleet/packages", "common_version": self.new.version,
                     "common_hub_address": plan.address4(control.name)},
            "children": {"hub": {"hosts": {"control": {"ansible_connection": "local"}}},
                         "nodes": {"hosts": {host.name: {
                             "ansible_user": plan.ADMIN, "ansible_ssh_private_key_file": "/root/fleet/id_ed25519",
                             "ansible_ssh_common_args": "-o UserKnownHostsFile=/root/fleet/known_hosts"}}}}}}
        (place / "inventory.yml").write_text(json.dumps(inventory, indent=1))
        began = time.monotonic()
        control.on("bash", "-c", "cd /root/fleet/ansible && LC_ALL=C.UTF-8 ansible-playbook -i ../inventory.yml site.yml")
        took = time.monotonic() - began
        attacker = fresh_attacker()
        attack_web(host.name, attacker)
        wait_cut([host], attacker, BOUND)
        wait_for("the hub has banned it too", lambda: self.operator.banned(attacker), 5)
        return {"playbook_seconds": round(took, 1)}

    # --- what they are made of --------------------------------------------------------------------------------------

    def _under_attack(self, action):
        """action() while attackers come; nobody may get through longer than on a calm day, and no ban may be lost."""
        with Stream(self.lab, self.banned) as calm:
            wait_for("attacks on a calm day", lambda: len(calm.attackers) >= 12, 30)
        with Stream(self.lab, self.banned) as stream:
            wait_for("the stream flows", lambda: len(stream.attackers) >= 4, 15)
            began = time.monotonic()
            action()
            took = time.monotonic() - began
            more = len(stream.attackers) + 4
            wait_for("the stream flows on", lambda: len(stream.attackers) >= more, 15)
        expect(not stream.problems, f"{len(stream.problems)} problems: " + "; ".join(stream.problems[:5]))
        seconds, attacker, victim, host = stream.longest()
        expect(seconds <= BOUND, f"{attacker}, who attacked {victim}, got through to {host} for {seconds:.2f} s")
        wait_for(lambda: f"every kernel holds every attacker; missing: {stream.lost()[:5]}", lambda: not stream.lost(), 5, 0.5)
        bans = {row["who"] for row in self.operator.rows("--limit", "0", "bans")}
        forgotten = set(stream.attackers) - bans
        expect(not forgotten, f"the hub lost the bans of {sorted(forgotten)[:5]}")
        return {"playbook_seconds": round(took, 1), "calm_gap_max_ms": calm.figures()["gap_max_ms"], **stream.figures()}

    def _rotate_with_a_stop(self):
        canary, second = self.hosts[:2]
        key = "/etc/breakwater/node.key"
        second.on("mount", "--bind", key, key)  # it can be neither linked nor replaced
        stopped = self.automation.play("rotate-keys.yml", *CANARY_THEN_ALL, check=False)
        expect(not stopped.ok and stopped.hosts[second.name]["failed"] == 1, "what stands in the way did not stop it")
        used = self._row(canary)["key"]
        second.on("umount", key)
        self.automation.play("rotate-keys.yml", *CANARY_THEN_ALL)
        expect(self._row(canary)["key"] == used, f"{canary.name}'s key was changed twice")

    def _row(self, host):
        rows = self.operator.rows("nodes", host.name)
        return rows[0] if rows else {"state": "unknown"}

    def _keys(self):
        """Ids in use, as the hub tells: of every node, and its own."""
        rows = [self._row(host) for host in self.hosts]
        return [row["key"] for row in rows] + sorted({row["hub_key"] for row in rows})

    def _expect_version(self, package):
        installed = [(self.lab.control, "breakwater-hub"), (self.lab.control, "breakwater"),
                     *((host, "breakwater-node") for host in self.hosts)]
        for host, name in installed:
            found = host.on("dpkg-query", "-W", "-f", "${Version}", name)
            expect(found == package.version, f"{host.name} has {name} {found} instead of {package.version}")
        wanted = "breakwater-node " + package.version.split("-")[0]
        running = {host.name: self._row(host).get("software") for host in self.hosts}
        expect(set(running.values()) == {wanted}, f"running {running} instead of {wanted}")

    def _expect_as_before(self):
        for host in self.lab.all:
            now, before = left_by_packages(host), self.before[host.name]
            for what, lines in now.items():
                extra, gone = sorted(lines - before[what]), sorted(before[what] - lines)
                expect(not extra and not gone, f"{host.name}, {what}: more {extra[:10]}, less {gone[:10]}")


def main_pid(host):
    units = ["breakwater-hub.service" if host.name == plan.CONTROL else "breakwater-node.service"]
    return host.on("systemctl", "show", "--value", "--property", "MainPID", *units)


# Written by others while the proof goes on: logs, caches, docker's own data, what sudo and Ansible leave in the account.
_OTHERS = ("/var/log", "/var/cache", "/var/lib/docker", "/srv/docker", "/var/lib/dpkg", "/var/lib/containerd",
           "/var/lib/systemd", "/var/lib/sudo", "/var/lib/private", f"/home/{plan.ADMIN}", "/root", "/tmp", "/var/tmp",
           "/run", "/proc", "/sys", "/dev")


def left_by_packages(host):
    """What a package could leave behind on a host: names of files, accounts, packages, rules, sets, units."""
    prune = [word for path in _OTHERS for word in ("-path", path, "-prune", "-o")]
    files = host.on("find", "/", *prune, "-print").splitlines()
    traces = host.on("find", "/var", "/run", "/home", "/root", "-not", "-path", "/var/lib/docker/*",
                     "-iname", "*breakwater*").splitlines()
    return {
        "files": set(files) | set(traces),
        "accounts": set(host.on("cat", "/etc/passwd", "/etc/group").splitlines()),
        "packages": set(host.on("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n").splitlines()),
        "rules": {line for tool in ("iptables-save", "ip6tables-save") for line in host.on(tool).splitlines()
                  if "breakwater" in line},
        "sets": set(host.on("ipset", "list", "-name").splitlines()),
        "units": {line.split()[0] for line in host.on("systemctl", "list-unit-files", "--no-legend").splitlines()
                  if line and "docker-" not in line},
    }


def main():
    parser = argparse.ArgumentParser(prog="./run lab rollout", description=__doc__)
    parser.add_argument("--json", metavar="FILE", help='the figures: {"ok":bool,"checks":[{"name","ok","seconds",...}]}')
    parser.add_argument("--keep", action="store_true", help="leave the lab up")
    parser.add_argument("--packages", default="build/packages", help=argparse.SUPPRESS)
    parser.add_argument("--packages-next", default="build/packages-next", help=argparse.SUPPRESS)
    parser.add_argument("--down", action="store_true", help="only end what --keep left")
    args = parser.parse_args()
    skip_unless_root()
    if args.down:
        fleet.down()
        return 0
    checks, ok = Checks(), False
    lab = fleet.Fleet(4)
    rollout = None
    try:
        fleet.down()
        rollout = Rollout(lab, Package(args.packages), Package(args.packages_next), checks)
        rollout.all()
        ok = True
    except LabError as failure:
        print(f"\n  The proof failed: {failure}", file=sys.stderr)
        kept = Path(args.json or "rollout").with_suffix(".log")
        if (plan.OPERATOR_FILES / "ansible.log").exists():
            shutil.copy(plan.OPERATOR_FILES / "ansible.log", kept)
            print(f"  What Ansible said: {kept}", file=sys.stderr)
    finally:
        if rollout and rollout.automation:
            rollout.automation.close()
        if args.keep:
            print(f"\n  It stays up: BREAKWATER_LAB_PREFIX={plan.PREFIX} BREAKWATER_LAB_STATE={plan.STATE} ./run lab on ...;"
                  " python3 tests/system/rollout.py --down ends it.")
        else:
            fleet.down()
        if args.json:
            checks.write(args.json, ok)
    print(f"\n  {len(checks.done)} checks in {time.monotonic() - checks.began:.0f} s: {'all is well' if ok else 'FAILED'}")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
