# SPDX-License-Identifier: Apache-2.0
"""Filters as the two programs read them: after includes, interpolation and tags the same regexes in the same order.

Ours are read off `breakwater-node test-filter --explain`, which names the engine of each regex too.
"""

import collections
import dataclasses
import re
import subprocess

from tests.conformance import oracle
from tests.conformance.corpus import option_text
from tests.conformance.engine import Refused, folder_with, last_line
from tests.conformance.score import Miss

ROLES = ("prefregex", "failregex", "ignoreregex")
_HEAD = re.compile(rf"({'|'.join(ROLES)}):")
_ORIGIN = re.compile(r"\|\s+\d+\) .*?:\d+: (.+)")
_TEXT = re.compile(r"\| {6}(.*)")


@dataclasses.dataclass
class Read:
    """A filter's regexes by role; `engines` beside them."""
    regexes: dict
    engines: list


def option_sets(name, path, runs):
    """What a filter is read with: nothing, what the samples use, and each mode and logtype that it might know."""
    yield {}
    yield from (run.options for run in runs if run.filter == name and run.options)
    text = path.read_text(encoding="utf-8")
    if "mode>" in text:
        yield from ({"mode": mode} for mode in sorted(set(re.findall(r"^\w*re-([\w-]+)\s*=", text, re.MULTILINE))))
    if "common.conf" in text:
        yield from ({"logtype": logtype} for logtype in ("journal", "short", "rfc5424"))


def their_regexes(name, options, filters):
    regexes = {role: [] for role in ROLES}
    for role, regex in oracle.Fail2ban(filters, 0, "UTC").settings(name, options):
        if role in regexes:
            regexes[role].append(regex.strip())
    return regexes


class OurReader:
    def __init__(self, program, filters):
        self._program = program
        self._folder = folder_with(filters)

    def read(self, name, options):
        done = subprocess.run(
            [self._program, "test-filter", option_text(name, options), "-", "--config-dir", self._folder.name,
             "--filter-dir", self._folder.name, "--explain"], stdin=subprocess.DEVNULL, capture_output=True)
        text = (done.stdout + done.stderr).decode()
        if "failregex:" not in text:
            raise Refused(last_line(done.stderr).replace(self._folder.name + "/", ""))
        return parse_explanation(text)


def parse_explanation(text):
    read = Read({role: [] for role in ROLES}, [])
    role = None
    awaited = False  # the line behind an origin is the regex
    for line in text.splitlines():
        head = _HEAD.fullmatch(line)
        if head:
            role = head.group(1)
        elif not line.startswith("|"):
            role = None
        elif role and awaited:
            read.regexes[role].append(_TEXT.match(line).group(1).strip())
            awaited = False
        elif role and (origin := _ORIGIN.match(line)):
            read.engines.append(origin.group(1))
            awaited = True
    return read


def compare(names, filters, runs, program):
    """(misses by (filter, options), Counter of engines, names of the filters that RE2 alone runs)."""
    ours = OurReader(program, filters)
    engines, re2_alone, results = collections.Counter(), set(), []
    for name in names:
        seen = []
        for options in option_sets(name, filters / f"{name}.conf", runs):
            if options in seen:
                continue
            seen.append(options)
            wrong, read = _compare_one(ours, name, options, filters)
            results.append((name, wrong))
            if read and not options:
                kinds = [engine.split(":")[0] for engine in read.engines]
                engines.update(kinds)
                re2_alone.update({name} if set(kinds) == {"RE2"} else ())
    return results, engines, re2_alone


def _compare_one(ours, name, options, filters):
    title = option_text(name, options)
    try:
        theirs = their_regexes(name, options, filters)
        oracle.Fail2ban(filters, 0, "UTC").load(name, options)
    except Exception:  # whatever its classes raise for options that make no sense
        return [], None
    try:
        read = ours.read(name, options)
    except Refused as reason:
        return [Miss(title, name, "filter", "is read", str(reason), "")], None
    return [Miss(title, name, role, theirs[role], read.regexes[role], "") for role in ROLES
            if theirs[role] != read.regexes[role]], read
