# SPDX-License-Identifier: Apache-2.0
"""Compares answers with what a corpus expects, and keeps the score."""

import dataclasses
import datetime
import ipaddress
import time

from tests.conformance.engine import Refused


@dataclasses.dataclass
class Miss:
    filter: str
    where: str
    what: str  # "verdict", "host", "time", a field, or "filter" if it does not run
    expected: object
    got: object
    line: str

    def __str__(self):
        return f"{self.filter}: {self.where}: {self.what}: expected {self.expected!r}, got {self.got!r}\n  {self.line}"


@dataclasses.dataclass
class Score:
    checks: int = 0
    agree: int = 0
    misses: list = dataclasses.field(default_factory=list)
    filters: dict = dataclasses.field(default_factory=dict)  # name -> [checks, agree]

    def add(self, name, misses_of_check):
        of_filter = self.filters.setdefault(name, [0, 0])
        self.checks += 1
        of_filter[0] += 1
        if misses_of_check:
            self.misses.extend(misses_of_check)
        else:
            self.agree += 1
            of_filter[1] += 1

    def as_json(self):
        misses = [dataclasses.asdict(miss) for miss in self.misses]
        return {"checks": self.checks, "agree": self.agree, "misses": misses}


def is_failure(answer):
    return bool(answer.get("matched") and not answer.get("ignored") and not answer.get("pending"))


def epoch(text):
    """A corpus' local time without zone; the caller has set TZ."""
    moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S" + (".%f" if "." in text else ""))
    return time.mktime(moment.timetuple()) + moment.microsecond / 1e6


def same_host(expected, got):
    try:
        return ipaddress.ip_address(expected) == ipaddress.ip_address(got)
    except ValueError:
        return expected == got


def same(expected, got):
    if isinstance(expected, list) and isinstance(got, (list, tuple, set)):
        return sorted(expected) == sorted(got)
    return expected == got


def found_field(answer, key):
    """What the answer has for a key of failJSON."""
    fields = answer.get("fields", {})
    if key in fields:
        return fields[key]
    if key in ("users", "attempts"):
        return answer.get(key)
    if key == "host":
        return answer.get("id") or answer.get("address")
    return None


def differences(check, answer):
    """(what, expected, got) of each thing that is not as expected."""
    if is_failure(answer) != check.matches:
        words = {True: "a failure", False: "none"}
        return [("verdict", words[check.matches], words[is_failure(answer)])]
    if not check.matches:
        return []
    wrong = []
    for key, expected in check.fields.items():
        got = found_field(answer, key)
        if not (same_host(expected, got) if key == "host" else same(expected, got)):
            wrong.append((key, expected, got))
    expected_time = check.expected.get("time")
    if expected_time is not None and epoch(expected_time) != answer.get("time"):
        wrong.append(("time", epoch(expected_time), answer.get("time")))
    return wrong


def run_corpus(engine, runs):
    score = Score()
    for run in runs:
        try:
            answers = engine.answers(run)
            found = [differences(check, answer) for check, answer in zip(run.checks, answers)]
        except Refused as reason:
            found = [[("filter", "runs", str(reason))] for _ in run.checks]
        for check, wrong in zip(run.checks, found):
            line = check.text.decode("utf-8", "replace")
            score.add(run.filter, [Miss(run.title, check.where, *one, line) for one in wrong])
    return score
