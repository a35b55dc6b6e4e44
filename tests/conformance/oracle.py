# SPDX-License-Identifier: Apache-2.0
"""The installed fail2ban as an engine: its own Python classes, in this process.

Nothing of it is started, and nothing of it stands in this tree. `available()` says whether it is installed.
"""

import contextlib
import logging
import os
import pathlib
import sys
import time

from tests.conformance.engine import Refused

try:
    import fail2ban
    from fail2ban.client.filterreader import FilterReader
    from fail2ban.server.filter import Filter
    from fail2ban.server.mytime import MyTime
except ImportError:
    fail2ban = None

FILTERS = pathlib.Path("/etc/fail2ban/filter.d")


def available():
    return fail2ban is not None and FILTERS.is_dir()


def version():
    from fail2ban.version import version as text
    return text


def corpus():
    """The samples that its package ships."""
    return pathlib.Path(fail2ban.__file__).parent / "tests" / "files" / "logs"


def set_clock(now, timezone):
    os.environ["TZ"] = timezone
    time.tzset()
    MyTime.setTime(now)


class Fail2ban:
    """One filter at a time, in the mode that the server uses: the first regex that matches decides."""

    name = "fail2ban"

    def __init__(self, filters, now, timezone):
        logging.disable(logging.CRITICAL)
        self._filters = pathlib.Path(filters).resolve()
        self._now = now
        self._timezone = timezone

    def answers(self, run):
        set_clock(self._now, self._timezone)
        made = self.load(run.filter, run.options)
        return [self._answer(made, check, run.journal) for check in run.checks]

    def settings(self, name, options):
        """(what, value) of a jail's filter with these options: prefregex, failregex, ignoreregex, ..."""
        reader = FilterReader(name, "jail", dict(options), basedir=str(self._filters.parent))
        with contextlib.redirect_stdout(sys.stderr):
            if not reader.read():
                raise Refused(f"fail2ban cannot read {name}")
            reader.getOptions({})
        for verb, _, option, value, *_ in reader.convert():
            for one in value if verb == "multi-set" else [value]:
                yield option.removeprefix("add"), one

    def load(self, name, options, names=True):
        """A Filter as a jail with these options would have it. `names`: <HOST> takes names too; none is resolved."""
        made = Filter(None, useDns="raw" if names else "no")
        made.returnRawHost = True
        made.checkFindTime = False
        made.active = True
        setters = {"failregex": made.addFailRegex, "ignoreregex": made.addIgnoreRegex, "maxlines": made.setMaxLines,
                   "datepattern": made.setDatePattern}
        for what, value in self.settings(name, options):
            if what == "prefregex":
                made.prefRegex = value
            elif what in setters:
                setters[what](value)
        return made

    def _answer(self, made, check, journal):
        line = check.text.decode("utf-8", "replace")
        if journal:
            found = made.processLine(("", "", line), self._now)
        else:
            found = made.processLine(line)
        return answer_of(found)


def answer_of(found):
    """What processLine() returned, in the words of breakwater-node test-filter."""
    for regex, who, when, fields in found:
        if who is None or fields.get("nofail"):
            continue
        return {
            "matched": True, "pending": False, "ignored": False, "id": str(who), "address": str(who), "time": when,
            "regex": regex, "attempts": len(fields.get("matches", ())), "users": sorted(fields.get("users") or ()),
            "fields": {key: value for key, value in fields.items() if isinstance(value, str)},
        }
    return {"matched": False, "pending": False, "ignored": False}


class DateMemory:
    """What a filter's date detector learns from line to line: which of its patterns come first, and where in the line
    the last date stood. A newly started fail2ban has learnt nothing."""

    def __init__(self, filter_):
        self._detector = filter_.dateDetector
        if not self._detector.templates:
            self._detector.addDefaultTemplate()
        self._templates = list(self._detector.templates)

    def forget(self):
        self._detector.templates[:] = self._templates
        for template in self._templates:
            template.hits, template.lastUsed, template.distance = 0, 0, 0x7fffffff
        for name, value in (("lastPos", (1, None)), ("lastEndPos", (0x7fffffff, None)), ("lastTemplIdx", 0x7fffffff),
                            ("firstUnused", 0)):
            setattr(self._detector, f"_DateDetector__{name}", value)
