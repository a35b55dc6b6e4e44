#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks the installed fail2ban the questions that our tests ask our own engine.

  fail2ban_driver.py dates             one JSON object a line on stdin {"line", "patterns", "now", "zone"},
                                       one a line on stdout {"before", "cut", "after", "time"} or {}
  fail2ban_driver.py regexes           stdin {"regex", "dns", "text"}, stdout {"groups": {...}} or {} or {"error"}
Only imports the installed package; exits 77 if there is none.
"""
import json
import os
import re
import sys
import time

os.environ["TZ"] = "UTC"
time.tzset()
try:
    from fail2ban.server.datedetector import DateDetector
    from fail2ban.server.failregex import Regex, RegexException
    from fail2ban.server.mytime import MyTime
except ImportError:
    sys.exit(77)


def reply(value):
    print(json.dumps(value))


def questions():
    for text in sys.stdin:
        yield json.loads(text)


def find_date(question):
    MyTime.setTime(question["now"])
    detector = DateDetector()
    if question.get("zone"):
        detector.default_tz = question["zone"]
    line = question["line"]
    try:
        for pattern in question.get("patterns") or []:
            detector.appendTemplate(pattern)
        found = detector.matchTime(line)
    except (re.error, TypeError, ValueError) as problem:
        return {"error": str(problem)}
    match = found[0]
    if not match:
        return {}
    begin, end = match.start(1), match.end(1)
    cut = line[begin:end]
    when = None
    if cut:
        try:
            date = detector.getTime(cut, found)
            when = date[0] if date else None
        except (KeyError, ValueError, OverflowError):
            when = None
    return {"before": line[:begin], "cut": cut, "after": line[end:], "time": when}


def search(question):
    try:
        regex = Regex(question["regex"], useDns="yes" if question.get("dns") else "no")
    except RegexException as problem:
        return {"error": str(problem)}
    regex.search([(question["text"], "", "")])
    return {"groups": regex.getGroups()} if regex.hasMatched() else {}


def main():
    import logging
    logging.disable(logging.CRITICAL)
    what = sys.argv[1]
    answer = find_date if what == "dates" else search
    for question in questions():
        reply(answer(question))


main()
