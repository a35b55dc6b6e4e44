#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A plain log through the installed fail2ban's own classes, in one process: its side of `bench scan`.

    fail2ban_scan.py CONFIG LOG MAXRETRY FINDTIME FILTER...     CONFIG: the folder with filter.d

A jail each filter: date, regexes, counting, its clock that of the log. Kinder than its server would be: each line is
read and decoded once for all jails, nothing is logged, no name is resolved, no database is written, no action is run.
Prints {"lines", "jails": {name: {"offences", "banned": [...]}}}.
"""

import contextlib
import json
import logging
import os
import sys
import time

os.environ["TZ"] = "UTC"
time.tzset()
try:
    from fail2ban.client.filterreader import FilterReader
    from fail2ban.server.filter import Filter
    from fail2ban.server.mytime import MyTime
except ImportError:
    sys.exit(77)


class Jail:
    """What a filter wants of its jail: somewhere to put whom it would ban."""

    def __init__(self, name):
        self.name = name
        self.banned = set()

    def putFailTicket(self, ticket):
        self.banned.add(str(ticket.getID()))


class LogClockFilter(Filter):
    """Its clock shows the time of the last failure."""

    def processLine(self, line, date=None):
        found = super().processLine(line, date)
        if found:
            MyTime.setTime(found[-1][2])
        return found


def load(config, name, maxretry, findtime):
    reader = FilterReader(name, name, {}, basedir=config)
    with contextlib.redirect_stdout(sys.stderr):
        if not reader.read():
            sys.exit(f"fail2ban cannot read the filter {name}")
        reader.getOptions({})
    made = LogClockFilter(Jail(name))
    made.checkFindTime = False
    made.ignoreSelf = False
    made.setUseDns("no")
    made.setMaxRetry(maxretry)
    made.setFindTime(findtime)
    setters = {"addfailregex": made.addFailRegex, "addignoreregex": made.addIgnoreRegex,
               "maxlines": made.setMaxLines, "datepattern": made.setDatePattern}
    for verb, _, option, value, *_ in reader.convert():
        for one in value if verb == "multi-set" else [value]:
            if option == "prefregex":
                made.prefRegex = one
            elif option in setters:
                setters[option](one)
    return made


def main():
    config, log, maxretry, findtime, *names = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    filters = [load(config, name, int(maxretry), int(findtime)) for name in names]
    lines = 0
    with open(log, "rb") as file:
        for raw in file:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            lines += 1
            for one in filters:
                one.processLineAndAdd(line)
    jails = {one.jail.name: {"offences": one.failManager.getFailTotal(), "banned": sorted(one.jail.banned)}
             for one in filters}
    print(json.dumps({"lines": lines, "jails": jails}))


main()
