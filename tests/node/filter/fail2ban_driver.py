#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks the installed fail2ban the questions that our tests ask our own engine.

  fail2ban_driver.py dates             one JSON object a line on stdin {"line", "patterns", "now", "zone"},
                                       one a line on stdout {"before", "cut", "after", "time"} or {}
  fail2ban_driver.py regexes           stdin {"regex", "dns", "text"}, stdout {"groups": {...}} or {} or {"error"}
  fail2ban_driver.py filters           one object a filter and option set on stdout: what it is made of, and fail2ban's
                                       own answer to each line of the samples that its package ships
Only imports the installed package; exits 77 if there is none.
"""
import contextlib
import json
import os
import re
import sys
import time

os.environ["TZ"] = "UTC"
time.tzset()
try:
    from fail2ban.client.filterreader import FilterReader
    from fail2ban.server.datedetector import DateDetector
    from fail2ban.server.failregex import Regex, RegexException
    from fail2ban.server.filter import Filter
    from fail2ban.server.mytime import MyTime
    import fail2ban
except ImportError:
    sys.exit(77)

CONFIG = "/etc/fail2ban"
SAMPLES = os.path.join(os.path.dirname(fail2ban.__file__), "tests", "files", "logs")
SAMPLE_NOW = 1124013600  # when the samples take place: their dates have no year


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


def option_sets(text):
    parsed = json.loads(text)
    for options in parsed if isinstance(parsed, list) else [parsed]:
        yield {key: value for key, value in options.items() if not key.startswith("test.")}


def sample_lines(name):
    """(options, line) of a sample file; each line is asked once for every option set in force."""
    common, current, journal = {}, [{}], False
    with open(os.path.join(SAMPLES, name), encoding="utf-8", errors="replace", newline="\n") as file:
        for line in file:
            control = re.match(r"#+ ?(failJSON|fileOptions|filterOptions|addFILE):(.+)", line)
            if control and control.group(1) == "fileOptions":
                common = next(option_sets(control.group(2)))
            elif control and control.group(1) == "filterOptions":
                current = [dict(common, **options) for options in option_sets(control.group(2))]
            elif line.strip() and not line.startswith("#"):
                for options in current:
                    if options.get("logtype") != "journal":
                        yield options, line.rstrip("\r\n")


def load(name, options):
    reader = FilterReader(name, "jail", dict(options), basedir=CONFIG)
    with contextlib.redirect_stdout(sys.stderr):
        reader.read()
        reader.getOptions({})
    made = Filter(None)
    made.returnRawHost = True
    made.checkFindTime = False
    said = {"prefregex": None, "addfailregex": [], "addignoreregex": [], "datepattern": None, "maxlines": 1}
    for command in reader.convert():
        values = command[3] if command[0] == "multi-set" else [command[3]]
        for value in values:
            what = command[2]
            if what == "prefregex":
                made.prefRegex = said[what] = value
            elif what == "addfailregex":
                made.addFailRegex(value)
                said[what].append(value)
            elif what == "addignoreregex":
                made.addIgnoreRegex(value)
                said[what].append(value)
            elif what == "maxlines":
                made.setMaxLines(value)
                said[what] = int(value)
            elif what == "datepattern":
                made.setDatePattern(value)
                said[what] = value
    return made, said


def ask(made, line):
    for index, identity, when, fields in made.processLine(line):
        if identity is not None and not fields.get("nofail"):
            return {"line": line, "id": str(identity), "time": when, "regex": index}
    return {"line": line}


def run_filters():
    MyTime.setTime(SAMPLE_NOW)
    for name in sorted(os.listdir(SAMPLES)):
        if not os.path.isfile(os.path.join(CONFIG, "filter.d", name + ".conf")):
            continue
        combinations = {}
        for options, line in sample_lines(name):
            key = json.dumps(options, sort_keys=True)
            if key not in combinations:
                combinations[key] = load(name, options) + ([],)
            made, said, answers = combinations[key]
            answers.append(ask(made, line))
        for key, (made, said, answers) in combinations.items():
            reply({"name": name + (key if key != "{}" else ""), "lines": answers, **said})


def main():
    import logging
    logging.disable(logging.CRITICAL)
    what = sys.argv[1]
    if what == "filters":
        run_filters()
        return
    answer = find_date if what == "dates" else search
    for question in questions():
        reply(answer(question))


main()
