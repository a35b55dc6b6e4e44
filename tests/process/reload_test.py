#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: the real programs read their configuration and keys again under a stream of attacks, and lose nothing.

Two nodes and a hub as in kill_test.py. Twenty times in a row both nodes read everything again while jails come and go;
node keys and the hub's key are changed on the way. At the end the ledger holds every offence exactly once, and both
kernels hold exactly the addresses that offended often enough.

usage: reload_test.py BIN_DIR [--seed N]     (root; exits 77 = skipped otherwise)
"""

import random
import signal
import sys
import time
from datetime import datetime

from kill_test import Attackers, arguments, run_on_fleet, wait_until_agreed

READ_AGAIN = "configuration read again"
STAYS = "the one in use stays"


def wait_for(what, condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


class Reloaded:
    """A fleet whose configuration changes; each check is one claim."""

    def __init__(self, fleet):
        self.fleet, self.node = fleet, fleet.nodes[0]
        self.addresses = (f"192.0.2.{i}" for i in range(1, 250))

    def hup(self, node, expect=READ_AGAIN):
        before = node.log().count(expect)
        node.process.send_signal(signal.SIGHUP)
        wait_for(f"{node.name} says: {expect}", lambda: node.log().count(expect) > before)

    def row(self, node):
        return next(row for row in self.fleet.hub.ask("nodes") if row["node"] == node.name)

    def wait_for_row(self, node, what, condition):
        def holds():
            try:
                return condition(self.row(node))
            except (RuntimeError, StopIteration):
                return False  # the hub is on its way
        wait_for(f"{node.name} in `breakwater nodes`: {what}", holds, 30)

    def banned(self, address):
        return address in self.node.banned()

    def wait_for_ban(self, address):
        wait_for(f"{address} is banned", lambda: self.banned(address))

    def mail_lines(self, address, count):
        with open(self.node.directory / "mail.log", "a") as log:
            for _ in range(count):
                log.write(f"{datetime.now():%b %d %H:%M:%S} mx smtpd: refused {address}\n")

    def sentinel(self):
        """Everything that was written before has been read when its ban is there."""
        address = next(self.addresses)
        for number in range(3):
            self.node.attack(address, f"s{number}")
        self.wait_for_ban(address)

    # --- claims

    def a_count_goes_on(self):
        address = next(self.addresses)
        self.node.attack(address, "c1")
        self.node.attack(address, "c2")
        self.sentinel()
        assert not self.banned(address)
        self.hup(self.node)
        self.node.attack(address, "c3")
        self.wait_for_ban(address)

    def a_new_jail_catches_and_a_removed_one_stops(self):
        caught, late = next(self.addresses), next(self.addresses)
        self.mail_lines(caught, 2)  # before anybody looks: caught up with
        jail = self.fleet.jails / "jail.d" / "mail.conf"
        jail.parent.mkdir(exist_ok=True)
        (self.fleet.jails / "filter.d" / "mail.conf").write_text("[Definition]\nfailregex = smtpd: refused <HOST>$\n")
        jail.write_text(f"[mail]\nenabled = true\nfilter = mail\nmaxretry = 3\n"
                        f"logpath = {self.node.directory}/mail.log\nfleet.scope = node\n")
        self.hup(self.node)
        self.mail_lines(caught, 1)
        self.wait_for_ban(caught)
        jail.unlink()
        self.hup(self.node)
        self.mail_lines(late, 5)
        self.sentinel()
        assert not self.banned(late), "a jail that is gone bans"
        assert self.banned(caught), "its ban went with the jail"

    def a_broken_file_changes_nothing(self):
        address = next(self.addresses)
        self.node.attack(address, "b1")
        self.node.attack(address, "b2")
        self.sentinel()
        jail = self.fleet.jails / "jail.d" / "broken.conf"
        jail.write_text("[web]\nmaxretry = 99\nfindtime = soon\n")
        self.hup(self.node, STAYS)
        assert f"{jail}:3" in self.node.log(), "the mistake is not named with file and line"
        self.wait_for_row(self.node, "an alarm", lambda row: any(STAYS in alarm for alarm in row["alarms"]))
        self.node.attack(address, "b3")
        self.wait_for_ban(address)
        jail.unlink()
        key = self.node.directory / "etc/node.key"
        kept = key.read_text()
        key.write_text("not a key\n")
        self.hup(self.node, STAYS)
        assert self.row(self.node)["state"] == "connected"
        key.write_text(kept)

    def an_ignored_address_is_lifted(self):
        address = next(self.addresses)
        for number in range(3):
            self.node.attack(address, f"i{number}")
        self.wait_for_ban(address)
        local = self.node.directory / "etc/node.local"
        local.write_text(f"[node]\nignoreip = {address}\n")
        self.hup(self.node)
        wait_for("it is lifted", lambda: not self.banned(address), 2)
        local.unlink()
        self.hup(self.node)
        wait_for("it is banned again", lambda: self.banned(address), 2)

    def twenty_in_a_row(self):
        jail = self.fleet.jails / "jail.d" / "more.conf"
        for number in range(20):
            if number % 2 == 0:
                jail.write_text(f"[mail]\nenabled = true\nfilter = mail\nlogpath = {self.node.directory}/mail.log\n")
            else:
                jail.unlink()
            for node in self.fleet.nodes:
                node.process.send_signal(signal.SIGHUP)
            time.sleep(0.1)
        for node in self.fleet.nodes:
            self.hup(node)

    def node_keys_change(self):
        for node in self.fleet.nodes:
            etc, old = node.directory / "etc", node.public
            node.public = node.run(self.fleet.bin / "breakwater-node", "keygen", etc / "new.key").stdout.split()[-1]
            self.fleet.hub.enrol(node)
            (etc / "new.key").rename(etc / "node.key")
            self.hup(node)
            self.wait_for_row(node, "the new key", lambda row: row.get("key") == node.public[:16])
            self.fleet.hub.verb("revoke", node.name, "--key", old)
            time.sleep(0.3)
            assert self.row(node)["state"] == "connected"
        lost = [line for node in self.fleet.nodes for line in node.log().splitlines() if "hub away" in line]
        assert not lost, f"the connection was lost on the way: {lost}"

    def the_hubs_key_changes(self):
        hub = self.fleet.hub
        etc, old = hub.directory / "etc", hub.public
        hub.public = hub.run(self.fleet.bin / "breakwater-hub", "keygen", etc / "new.key").stdout.split()[-1]
        for node in self.fleet.nodes:
            (node.directory / "etc/node.local").write_text(f"[node]\nhub_public_key = {old} {hub.public}\n")
            self.hup(node)
            self.wait_for_row(node, "both keys", lambda row: set(row.get("hub_keys", [])) == {old[:16], hub.public[:16]})
        hub.kill()
        (etc / "new.key").rename(etc / "hub.key")
        hub.start()
        started = time.monotonic()
        for node in self.fleet.nodes:
            self.wait_for_row(node, "the new hub key", lambda row: row.get("hub_key") == hub.public[:16])
        print(f"  nodes were back {time.monotonic() - started:.1f} s after the hub's start with its new key")
        for node in self.fleet.nodes:
            (node.directory / "etc/node.local").write_text(f"[node]\nhub_public_key = {hub.public}\n")
            self.hup(node)
            self.wait_for_row(node, "the new key alone", lambda row: row.get("hub_keys") == [hub.public[:16]])


def check(fleet, seed):
    test = Reloaded(fleet)
    for node in fleet.nodes:
        test.wait_for_row(node, "connected", lambda row: row["state"] == "connected")
    claims = [test.a_count_goes_on, test.a_new_jail_catches_and_a_removed_one_stops, test.a_broken_file_changes_nothing,
              test.an_ignored_address_is_lifted]
    for claim in claims:
        print(f"{claim.__name__}", flush=True)
        claim()
    attackers = Attackers(fleet.nodes, random.Random(seed))
    attackers.start()
    try:
        for claim in (test.twenty_in_a_row, test.node_keys_change, test.the_hubs_key_changes):
            print(f"under a stream of attacks: {claim.__name__}", flush=True)
            claim()
    finally:
        attackers.stopping.set()
        attackers.join()
    problems = wait_until_agreed(fleet, attackers, others={f"192.0.2.{i}" for i in range(256)})
    print(f"{attackers.written} offences of {len(attackers.counts)} addresses")
    return problems


def said(host):
    return "\n".join([line for line in host.log().splitlines() if "info ban who=" not in line][-40:])


def main():
    options = arguments().parse_args()
    print(f"seed {options.seed}")

    def claims(fleet):
        try:
            return check(fleet, options.seed)
        except AssertionError as error:
            return [str(error) or repr(error)]

    return run_on_fleet(options.bin_dir, claims, said)


if __name__ == "__main__":
    sys.exit(main())
