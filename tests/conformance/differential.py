# SPDX-License-Identifier: Apache-2.0
"""The same logs through our engine and through the installed fail2ban, line by line, in the mode its server uses.

Compared are, for each line: whether it is a failure, whose, when, by which regex, and what is left of the line when its
date was cut out. The clock stands still, behind the last line of the log.
"""

import collections
import dataclasses
import signal
import time

from tests.conformance import oracle
from tests.conformance.corpus import Check, Run
from tests.conformance.engine import Refused
from tests.conformance.score import Miss, Score, is_failure, same_host

ZONE = "CET-1CEST,M3.5.0,M10.5.0"  # with summer time
PATIENCE = 2.0  # seconds that fail2ban may think about one line: some of its regexes backtrack without end

# Where we differ on purpose; counted, and not held against either.
EARLIER_LINES = "fail2ban's date depends on earlier lines (a newly started one agrees with us)"
DAY_APART = "a date of last year with a zone: fail2ban is a day off"
DOUBLE_HOUR = "the hour that happens twice when summer time ends: fail2ban's choice depends on earlier lines"
TOO_SLOW = f"fail2ban thought longer than {PATIENCE:g} s about the line"
RAISED = "fail2ban failed on the line"


@dataclasses.dataclass
class Log:
    """Lines with their numbers and without their ends, and the filters (name, options) that read such logs."""
    name: str
    lines: list
    filters: list
    now: int


class _TooSlow(Exception):
    pass


def _alarm(_signal, _frame):
    raise _TooSlow()


class Theirs:
    """What fail2ban made of a line: `match` is None or (id, time, regex), `rest` the line without its date. `problem`
    is set if it made nothing of it."""

    def __init__(self, filter_, line, now):
        self.match = self.rest = self.problem = None
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        try:
            answer = oracle.answer_of(filter_.processLine(text))
            self.rest = filter_.processedLine()
        except _TooSlow:
            self.problem = TOO_SLOW
            return
        except Exception:  # its server logs whatever it is, and goes on with the next line
            self.problem = RAISED
            return
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if is_failure(answer):
            self.match = (answer["id"], now if answer["time"] is None else answer["time"], answer["regex"])


class Ours:
    def __init__(self, answer, line):
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        self.rest = text
        self.match = None
        if answer.get("date"):
            begin, end = answer["date"]
            raw = text.encode()
            self.rest = (raw[:begin] + raw[end:]).decode("utf-8", "replace")
        if is_failure(answer):
            self.match = (answer["id"], answer["time"], answer["regex"])


def differences(theirs, ours):
    """(what, expected, got) of each."""
    if theirs.rest != ours.rest:
        return [("date cut", theirs.rest, ours.rest)]
    if (theirs.match is None) != (ours.match is None):
        return [("verdict", theirs.match or "none", ours.match or "none")]
    if theirs.match is None:
        return []
    (who, when, regex), (our_who, our_when, our_regex) = theirs.match, ours.match
    wrong = [] if same_host(who, our_who) else [("host", who, our_who)]
    if int(when * 1000) != round(our_when * 1000):
        wrong.append(("time", when, our_when))
    if regex != our_regex:
        wrong.append(("regex", regex, our_regex))
    return wrong


def time_known(wrong):
    """The known difference in time, if that is the only one."""
    if [what for what, _, _ in wrong] != ["time"]:
        return None
    _, expected, got = wrong[0]
    if abs(expected - got) == 86400:
        return DAY_APART
    return DOUBLE_HOUR if time.localtime(expected)[:6] == time.localtime(got)[:6] else None


class Differential:
    def __init__(self, engine_at, filters):
        """engine_at(now, zone): a Breakwater."""
        self._engine_at = engine_at
        self._filters = filters
        self.score = Score()
        self.known = collections.Counter()
        self.refused = set()  # filters that fail2ban itself does not take
        signal.signal(signal.SIGALRM, _alarm)

    def compare(self, log):
        for name, options in log.filters:
            # NULs at the beginning are the hole that a truncated log leaves: our framing skips them.
            lines = [(number, line.lstrip(b"\0")) for number, line in log.lines]
            run = Run(name, options, False, [Check(log.name, number, line, {}) for number, line in lines])
            try:
                theirs = self._theirs_in_time(run, log.now)
            except Exception:  # whatever its classes raise
                self.refused.add(run.title)
                continue
            try:
                answers = self._engine_at(log.now, ZONE).answers(run)
            except Refused as problem:
                self.score.add(log.name, [Miss(run.title, log.name, "filter", "runs", str(problem), "")])
                continue
            self._judge(log, run, theirs, [Ours(answer, check.text) for check, answer in zip(run.checks, answers)])

    def _theirs_in_time(self, run, now):
        """Leaves out lines on which it loses patience: others of the same connection would be judged without them."""
        theirs = self._theirs(run, now)
        slow = {check.number for check, their in zip(run.checks, theirs) if their.problem == TOO_SLOW}
        if not slow:
            return theirs
        self.known[TOO_SLOW] += len(slow)
        run.checks = [check for check in run.checks if check.number not in slow]
        return self._theirs(run, now)

    def _theirs(self, run, now, forget_dates=False):
        filter_ = oracle.Fail2ban(self._filters, now, ZONE).load(run.filter, run.options)
        oracle.set_clock(now, ZONE)
        forget = oracle.DateMemory(filter_).forget if forget_dates else lambda: None
        answers = []
        for check in run.checks:
            forget()
            answers.append(Theirs(filter_, check.text, now))
        return answers

    def _judge(self, log, run, theirs, ours):
        found = [[] if a.problem else differences(a, b) for a, b in zip(theirs, ours)]
        again = self._theirs(run, log.now, forget_dates=True) if any(found) else theirs
        for check, wrong, their, new, our in zip(run.checks, found, theirs, again, ours):
            known = their.problem
            if wrong:
                known = time_known(wrong)
                if not known and not new.problem and not differences(new, our):
                    known = EARLIER_LINES
            if known:
                self.known[known] += 1
                continue
            text = check.text.decode("utf-8", "replace")
            self.score.add(log.name, [Miss(run.title, check.where, *one, text) for one in wrong])
