#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The harness itself: reads a corpus as it is meant, and sees each kind of difference."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tests.conformance.corpus import CorpusError, holds, read_corpus  # noqa: E402
from tests.conformance.differential import Ours, differences as line_differences  # noqa: E402
from tests.conformance.engine import Refused  # noqa: E402
from tests.conformance.generated import SERVICES, generated_log  # noqa: E402
from tests.conformance.logs import changed_samples, numbered, sample  # noqa: E402
from tests.conformance.reader import parse_explanation  # noqa: E402
from tests.conformance.score import differences, epoch, run_corpus  # noqa: E402

SAMPLES = """\
# A comment.
# failJSON: {"match": true, "host": "192.0.2.1"}
# not a comment, but the sample
plain, and no match

# filterOptions: [{"mode": "a"}, {"mode": "b", "logtype": "journal", "test.prefix-line": "host x: "}]
# failJSON: {"match": true, "constraint": "opts.get('mode') == 'a'"}
of a alone
# failJSON: {"match": false}
of both
# filterOptions: {"test.condition": "name != 'web'"}
of nobody
# addFILE: "more"
# filterOptions: {"mode": "a"}
of a again
"""
MORE = b"""\
# fileOptions: {"logtype": "journal"}
of a too\r
# filterOptions: {"mode": "c"}
# failJSON: {"match": true}
of c \xff
"""


def corpus(**files):
    folder = tempfile.TemporaryDirectory()
    for name, content in files.items():
        (pathlib.Path(folder.name) / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with folder:
        return read_corpus(pathlib.Path(folder.name), {"web", "absent"})


class Corpus(unittest.TestCase):
    def test_each_option_set_gets_its_own_lines_in_order(self):
        runs, without = corpus(web=SAMPLES, more=MORE)
        self.assertEqual(without, ["absent"])
        seen = {run.title: [(check.where, check.text, check.matches) for check in run.checks] for run in runs}
        self.assertEqual(seen, {
            "web": [("web:3", b"# not a comment, but the sample", True), ("web:4", b"plain, and no match", False)],
            'web[mode="a"]': [("web:8", b"of a alone", True), ("web:10", b"of both", False),
                              ("web:15", b"of a again", False), ("more:2", b"of a too", False)],
            'web[mode="b", logtype="journal"]': [("web:10", b"host x: of both", False)],
            'web[logtype="journal", mode="c"]': [("more:5", b"of c \xff", True)],
        })
        self.assertEqual([run.journal for run in runs], [False, False, True, True])

    def test_errors_name_the_line(self):
        with self.assertRaisesRegex(CorpusError, r"web:2: "):
            corpus(web="x\n# failJSON: {match: true}\nx\n")
        with self.assertRaisesRegex(CorpusError, r"web:1: expression"):
            corpus(web="""# filterOptions: {"test.condition": "open('/etc/passwd')"}\nx\n""")


class Expressions(unittest.TestCase):
    def test_compare_names_and_options(self):
        opts = {"mode": "extra"}
        for text in ("name == 'sshd'", "opts['mode'] != 'ddos' and not opts.get('x')", "'mode' in opts or opts['x']",
                     "opts.get('x', 1) == 1", "opts.get('mode') in ('extra', 'ddos')"):
            self.assertTrue(holds(text, "sshd", opts), text)

    def test_nothing_else_is_run(self):
        for text in ("__import__('os')", "name.upper()", "opts.clear()", "opts.get.__class__", "[x for x in opts]",
                     "opts['absent']", "name ==", "2 ** 99"):
            with self.assertRaises(CorpusError, msg=text):
                holds(text, "sshd", {})


class Fake:
    def __init__(self, answer):
        self._answer = answer

    def answers(self, run):
        if isinstance(self._answer, Exception):
            raise self._answer
        return [self._answer for _ in run.checks]


RIGHT = {"matched": True, "pending": False, "ignored": False, "id": "192.0.2.1", "address": "192.0.2.1",
         "time": 1110000000, "regex": 0, "fields": {"user": "bob"}, "users": ["b", "a"], "attempts": 2}


class Scoring(unittest.TestCase):
    def check(self, expected, answer):
        runs, _ = corpus(web=f"# failJSON: {expected}\nline\n")
        return [what for what, _, _ in differences(runs[0].checks[0], answer)]

    def test_agreement(self):
        self.assertEqual(epoch("1970-01-01T00:00:01.5") - epoch("1970-01-01T00:00:00"), 1.5)
        self.assertEqual(self.check('{"match": true, "user": "bob", "users": ["a", "b"], "attempts": 2}', RIGHT), [])
        self.assertEqual(self.check('{"match": false}', {"matched": True, "pending": True}), [])
        self.assertEqual(self.check('{"match": false}', {"matched": True, "ignored": True}), [])

    def test_each_difference_is_seen(self):
        self.assertEqual(self.check('{"match": false}', RIGHT), ["verdict"])
        self.assertEqual(self.check('{"match": true}', {"matched": False}), ["verdict"])
        self.assertEqual(self.check('{"match": true}', {**RIGHT, "pending": True}), ["verdict"])
        self.assertEqual(self.check('{"match": true, "host": "192.0.2.2"}', RIGHT), ["host"])
        self.assertEqual(self.check('{"match": true, "time": "2005-03-07T20:05:38"}', RIGHT), ["time"])
        self.assertEqual(self.check('{"match": true, "user": "eve", "ip4": "x"}', RIGHT), ["user", "ip4"])
        self.assertEqual(self.check('{"match": true, "users": ["a"], "attempts": 1}', RIGHT), ["users", "attempts"])

    def test_hosts_are_compared_as_addresses(self):
        answer = {**RIGHT, "id": "2001:DB8:0::1"}
        self.assertEqual(self.check('{"match": true, "host": "2001:db8::1"}', answer), [])

    def test_a_filter_that_does_not_run_misses_all_its_checks(self):
        runs, _ = corpus(web=SAMPLES, more=MORE)
        score = run_corpus(Fake(Refused("lookbehind")), runs)
        self.assertEqual((score.checks, score.agree, len(score.misses)), (8, 0, 8))
        self.assertEqual({miss.got for miss in score.misses}, {"lookbehind"})
        self.assertEqual(score.filters, {"web": [8, 0]})


class Side:
    """One side of a line of the differential run."""

    def __init__(self, match, rest="rest"):
        self.match = match
        self.rest = rest


class LineByLine(unittest.TestCase):
    def what(self, theirs, ours):
        return [what for what, _, _ in line_differences(theirs, ours)]

    def test_each_difference_is_seen(self):
        same = ("192.0.2.1", 5.0, 0)
        self.assertEqual(self.what(Side(same), Side(same)), [])
        self.assertEqual(self.what(Side(None), Side(None)), [])
        self.assertEqual(self.what(Side(None, "a"), Side(None, "b")), ["date cut"])
        self.assertEqual(self.what(Side(same), Side(None)), ["verdict"])
        self.assertEqual(self.what(Side(None), Side(same)), ["verdict"])
        self.assertEqual(self.what(Side(same), Side(("192.0.2.2", 6.0, 1))), ["host", "time", "regex"])

    def test_what_remains_is_counted_in_bytes_of_valid_text(self):
        answer = {"matched": False, "date": [5, 8]}
        self.assertEqual(Ours(answer, b"\xff [now] x\r").rest, "\ufffd [] x")

    def test_changed_samples_are_the_same_for_a_seed(self):
        runs, _ = corpus(web=SAMPLES, more=MORE)
        first, second = ([log.lines for log in changed_samples(runs, 5, seed=7)] for _ in range(2))
        self.assertEqual(first, second)
        self.assertNotEqual(first, [log.lines for log in changed_samples(runs, 5, seed=8)])

    def test_a_sample_is_spread_over_the_log(self):
        lines = numbered(b"".join(b"%d\n" % n for n in range(1, 1001)))
        chosen = [number for number, _ in sample(lines, 100)]
        self.assertEqual(chosen, [*range(1, 51), *range(501, 551)])
        self.assertEqual(sample(lines, None), lines)

    def test_every_service_writes(self):
        for service in SERVICES:
            log, _ = generated_log(service, 200, seed=1)
            self.assertEqual(len(log), 200)
            self.assertFalse([line for line in log if b"\n" in line])


EXPLANATION = """\
test filter web
|- prefregex: no section
prefregex:
|   1) filter.d/web.conf:3: RE2
|      ^<F-CONTENT>.+</F-CONTENT>$
|      gate: any line
`-

failregex:
|   1) filter.d/web.conf:41: RE2
|       1) x:1: RE2 <HOST>
|      gate: "x"
|   2) filter.d/web.conf:42: RE2 as a gate, then PCRE2: conditional (?(...)...) at column 107
|      <HOST>
`-
"""


class Reader(unittest.TestCase):
    def test_an_explanation_is_taken_apart(self):
        read = parse_explanation(EXPLANATION)
        self.assertEqual(read.regexes, {"prefregex": ["^<F-CONTENT>.+</F-CONTENT>$"],
                                        "failregex": ["1) x:1: RE2 <HOST>", "<HOST>"], "ignoreregex": []})
        self.assertEqual([engine.split(":")[0] for engine in read.engines],
                         ["RE2", "RE2", "RE2 as a gate, then PCRE2"])


if __name__ == "__main__":
    unittest.main()
