# SPDX-License-Identifier: Apache-2.0
"""Whole jails on real logs: every ban that breakwater-node replay orders, against fail2ban's own Filter, FailManager
and BanManager on the log's own clock. The same addresses in the same order, from the same second to the same second."""

import contextlib
import dataclasses
import ipaddress
import json
import pathlib
import subprocess
import tempfile

from tests.conformance import oracle
from tests.conformance.corpus import option_text
from tests.conformance.differential import ZONE
from tests.conformance.engine import Refused, folder_with, last_line

with contextlib.suppress(ImportError):
    from fail2ban.server.banmanager import BanManager
    from fail2ban.server.failmanager import FailManager
    from fail2ban.server.mytime import MyTime
    from fail2ban.server.ticket import BanTicket, FailTicket


@dataclasses.dataclass(frozen=True)
class Jail:
    filter: str
    options: tuple  # of (name, value)
    maxretry: int
    findtime: int
    bantime: int

    @property
    def title(self):
        return f"{option_text(self.filter, dict(self.options))} {self.maxretry} in {self.findtime} s"


@dataclasses.dataclass(frozen=True)
class Ban:
    address: str
    time: int
    count: int
    until: int


def address(text):
    """Normal form, or None for what is no address: nobody to ban here."""
    try:
        parsed = ipaddress.ip_address(str(text))
    except ValueError:
        return None
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def their_bans(log, jail, filters):
    """fail2ban's classes as its threads would drive them, had they been there when the log was written."""
    oracle.set_clock(log.now, ZONE)
    filter_ = oracle.Fail2ban(filters, log.now, ZONE).load(jail.filter, dict(jail.options), names=False)
    failures, banned = FailManager(), BanManager()
    failures.setMaxRetry(jail.maxretry)
    failures.setMaxTime(jail.findtime)
    banned.setBanTime(jail.bantime)
    bans, clock = [], 0
    for _, line in log.lines:
        for _, who, when, data in filter_.processLine(line.decode("utf-8", "replace").rstrip("\r\n")):
            if when is None:
                when = filter_._Filter__lastDate  # as if the clock were the log's
            if when is None or address(who) is None:
                continue
            clock = max(clock, when)
            MyTime.setTime(clock)
            failures.cleanup(clock)
            banned.unBanList(clock)
            if failures.addFailure(FailTicket(who, when, data=data)) >= jail.maxretry:
                ticket = BanTicket.wrap(failures.toBan(who))
                if banned.addBanTicket(ticket):
                    bans.append(Ban(address(who), int(ticket.getTime()), ticket.getRetry(),
                                    int(ticket.getTime()) + jail.bantime))
            MyTime.setTime(log.now)
    return bans


def our_bans(log, jail, filters, program):
    with folder_with(filters) as folder, tempfile.NamedTemporaryFile(suffix=".log") as file:
        file.write(b"".join(line + b"\n" for _, line in log.lines))
        file.flush()
        (pathlib.Path(folder) / "jail.conf").write_text(
            f"[test]\nenabled = true\nfilter = {option_text(jail.filter, dict(jail.options))}\nlogpath = {file.name}\n"
            f"maxretry = {jail.maxretry}\nfindtime = {jail.findtime}\nbantime = {jail.bantime}\nusedns = no\n"
            "ignoreself = false\n", encoding="utf-8")
        done = subprocess.run(
            [program, "replay", "--config-dir", folder, "--filter-dir", folder, "--jail", "test", "--now", str(log.now),
             "--timezone", ZONE, "--format", "file", "--output", "json", file.name], capture_output=True)
    if done.returncode != 0:
        raise Refused(last_line(done.stderr) or f"replay ended with {done.returncode}")
    rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
    return [Ban(address(row["address"]), int(row["time"]), row["count"], int(row["until"])) for row in rows[:-1]]


def jails_for(log):
    """A few settings for each filter that reads the log: a usual one, a slow one, a hasty one."""
    for name, options in log.filters:
        for maxretry, findtime, bantime in ((5, 600, 600), (3, 86400, 3600), (2, 10, 60)):
            yield Jail(name, tuple(options.items()), maxretry, findtime, bantime)
