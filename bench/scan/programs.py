# SPDX-License-Identifier: Apache-2.0
"""What is measured: each program says how it is run on a case, on how much of the log, and what it found there."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import crowdsec
import web_filters

MAXRETRY = 5
FINDTIME = 600
DEBIAN_FILTERS = pathlib.Path("/etc/fail2ban")
PYTHON = "/usr/bin/python3"  # Debian's: fail2ban's package installs its modules for that one
HERE = pathlib.Path(__file__).resolve().parent

CONF = """\
[DEFAULT]
maxretry = {maxretry}
findtime = {findtime}
bantime = 3600
usedns = no
ignoreself = false
"""


def installed_version(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
    return done.stdout.split("-")[0] if done.returncode == 0 and done.stdout else None


def make_config(folder, case):
    """The case's jails, one a filter, as breakwater reads them and fail2ban would. Returns the names of the filters."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    text = CONF.format(maxretry=MAXRETRY, findtime=FINDTIME)
    names = ["sshd"]
    if case.web:
        chosen = web_filters.read()[:case.filters]
        web_filters.write(folder, chosen)
        names = [name for name, _ in chosen]
    else:
        shutil.copytree(DEBIAN_FILTERS / "filter.d", folder / "filter.d")
    source = "backend = docker\n" if case.web else f"logpath = {case.corpus.log.parent}/*.log\n"
    for name in names:
        text += f"\n[{name}]\nenabled = true\nfilter = {name}\n{source}"
    (folder / "jail.conf").write_text(text)
    return names


class Program:
    """Has a name, and command(case, log)."""

    fast = True  # measured several times
    plain = False  # reads the plain twin

    def lines_for(self, _case):
        """How much of the log it is given; None: all."""
        return None

    def log(self, case, lines):
        if lines is None:
            return case.corpus.log
        return case.corpus.slice(lines, self.plain)

    def start_of(self, case):
        """Its start is measured once for all cases for which this is the same."""
        return case.name

    def offences(self, _case, _output):
        """{jail: (offences, banned addresses)} if it tells."""
        return None


class Newline(Program):
    name = "newline"

    def __init__(self, programs):
        self._program = programs / "bench_newlines"

    def command(self, _case, log):
        return [self._program, log]


class Breakwater(Program):
    name = "breakwater"

    def __init__(self, programs):
        self._program = programs / "breakwater-node"

    def command(self, case, log):
        words = [self._program, "replay", "--config-dir", case.config, "--output", "json", "--timezone", "UTC"]
        return words + [word for name in case.names for word in ("--jail", name)] + [log]

    def offences(self, case, output):
        banned = {name: set() for name in case.names}
        *bans, summary = map(json.loads, output.splitlines())
        for ban in bans:
            banned[ban["jail"]].add(ban["address"])
        return {jail["jail"]: (jail["offences"], banned[jail["jail"]]) for jail in summary["summary"]["jails"]}

    def hits(self, output):
        """Lines that a regex matches: offences, and what is none by itself."""
        summary = json.loads(output.splitlines()[-1])["summary"]
        return sum(jail["offences"] + jail["pending"] for jail in summary["jails"])


class Grep(Program):
    """Which lines there are, no addresses, no counting: one alternation of all that the filters ask of a request."""

    def __init__(self, name):
        self.name = name

    def command(self, case, log):
        words = ["grep", "-cE"] if self.name == "grep" else ["rg", "-c", "--no-mmap"]
        return words + ["-e", case.pattern, log]


class Fail2ban(Program):
    name = "fail2ban"
    fast = False
    plain = True

    def lines_for(self, case):
        return min((100_000 if case.quick else 400_000) // case.filters, 10_000 if case.quick else 40_000)

    def command(self, case, log):
        return [PYTHON, HERE / "fail2ban_scan.py", case.config, log, MAXRETRY, FINDTIME, *case.names]

    def offences(self, _case, output):
        jails = json.loads(output.splitlines()[-1])["jails"]
        return {name: (jail["offences"], set(jail["banned"])) for name, jail in jails.items()}


class Crowdsec(Program):
    name = "crowdsec"
    fast = False
    plain = True

    def __init__(self, folder):
        tree = crowdsec.unpack(folder)
        self._commands = {what: crowdsec.make_instance(tree, folder / what, what) for what in crowdsec.SETS}

    def start_of(self, case):
        return case.web

    def lines_for(self, case):
        return 1000 if case.quick else 6000

    def command(self, case, log):
        return [*self._commands["web" if case.web else "sshd"], f"file://{log}"]


def present(programs, folder, peers):
    """([Program], {name: why it is left out})."""
    found = [Breakwater(programs), Newline(programs)]
    absent = {}
    if not peers:
        return found, absent
    for name in ("grep", "rg"):
        if shutil.which(name):
            found.append(Grep(name))
        else:
            absent[name] = "not installed"
    if installed_version("fail2ban"):
        found.append(Fail2ban())
    else:
        absent["fail2ban"] = "not installed"
    try:
        found.append(Crowdsec(folder / "crowdsec"))
    except (crowdsec.NotHere, OSError, subprocess.CalledProcessError) as problem:
        absent["crowdsec"] = str(problem)
    return found, absent


def environment():
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC", "HOME": "/nonexistent"}


def debian_sshd_filter():
    path = DEBIAN_FILTERS / "filter.d" / "sshd.conf"
    if not path.exists():
        print(f"{path} is not there: install Debian's fail2ban", file=sys.stderr)
    return path.exists()
