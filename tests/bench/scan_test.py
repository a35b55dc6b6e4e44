#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The scan benchmark on small logs: it measures all cases, finds what stands in the logs, and notices who does not.

usage: scan_test.py BIN_DIR     (exits 77 = skipped where Debian's fail2ban is not installed: it reads its sshd filter)

Nothing here looks at how fast anything was.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77
SHARES = {"web-20-0.1pct": 0.001, "web-20-1pct": 0.01, "web-20-50pct": 0.5, "sshd-56pct": 0.56, "web-1-1pct": 0.01,
          "web-5-1pct": 0.01, "web-80-1pct": 0.01}

sys.path.insert(0, str(ROOT / "bench/scan"))
import corpora  # noqa: E402
import own_logs  # noqa: E402
import programs  # noqa: E402
import scan  # noqa: E402
import web_filters  # noqa: E402


class Measured(unittest.TestCase):
    """One run of the whole, without peers, on logs of 2 MB."""

    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory(prefix="breakwater-scan-")
        cls.folder = pathlib.Path(cls._folder.name)
        cls.done = subprocess.run(
            [sys.executable, ROOT / "bench/scan/scan.py", "--quick", "--no-peers", "--scale", "32", "--data", "none",
             "--programs", BIN_DIR, "--work", cls.folder, "--json", cls.folder / "scan.json"],
            capture_output=True, text=True)
        if cls.done.returncode == 0:
            cls.rows = json.loads((cls.folder / "scan.json").read_text())["cases"]

    @classmethod
    def tearDownClass(cls):
        cls._folder.cleanup()

    def setUp(self):
        self.assertEqual(self.done.returncode, 0, self.done.stdout + self.done.stderr)

    def test_has_every_case_for_every_program(self):
        self.assertEqual({(row["case"], row["program"]) for row in self.rows},
                         {(case, program) for case in SHARES for program in ("breakwater", "newline")})

    def test_figures_are_those_of_programs_that_ran(self):
        for row in self.rows:
            with self.subTest(case=row["case"], program=row["program"]):
                self.assertGreater(row["lines"], 1000)
                self.assertGreater(row["bytes"], 60 * row["lines"])
                self.assertGreater(row["lines_per_cpu_s"], 0)
                self.assertGreater(row["lines_per_wall_s"], 0)
                self.assertGreater(row["peak_rss_kb"], 500)
                self.assertGreater(row["cpu_s"], 0)

    def test_hits_are_as_many_as_the_case_is_named_for(self):
        for row in self.rows:
            with self.subTest(case=row["case"]):
                share = SHARES[row["case"]]
                noise = 4 * (share * (1 - share) / row["lines"]) ** 0.5
                self.assertAlmostEqual(row["hit_share"], share, delta=noise)

    def test_log_of_one_percent_has_the_same_hits_whoever_reads_it(self):
        shares = {row["hit_share"] for row in self.rows if row["case"].endswith("-1pct")}
        self.assertEqual(len(shares), 1, shares)

    def test_plot_shows_every_figure(self):
        svg = self.folder / "scan.svg"
        subprocess.run([sys.executable, ROOT / "bench/plot_scan.py", self.folder / "scan.json", svg], check=True,
                       capture_output=True)
        tree = xml.etree.ElementTree.parse(svg)
        bars = tree.findall(".//{http://www.w3.org/2000/svg}rect")
        self.assertEqual(len(bars), len(self.rows))


class Filters(unittest.TestCase):
    def test_there_are_eighty_different_ones(self):
        filters = web_filters.read()
        self.assertEqual(len(filters), 80)
        self.assertEqual(len({name for name, _ in filters}), 80)
        self.assertEqual(len({regex for _, regex in filters}), 80)

    def test_grep_is_asked_for_the_same_lines(self):
        filters = web_filters.read()
        chance = own_logs.random.Random(7)
        sources = own_logs.Sources(chance)
        lines = [own_logs.web_line(chance, sources, number % 2 == 0, own_logs.START) for number in range(400)]
        lines += ['1.2.3.4 - - [01/Jan/2026:00:00:00 +0000] "GET /containers/json HTTP/1.1" 404 5 "-" "x"',
                  '1.2.3.4 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "sqlmap/1.7"',
                  '1.2.3.4 - - [01/Jan/2026:00:00:00 +0000] "CONNECT a.example:443 HTTP/1.1" 400 5 "-" "x"']
        wanted = [line for line in lines if web_filters.core_pattern(filters).search(line.encode())]
        self.assertEqual(len(wanted), 203)
        found = subprocess.run(["grep", "-E", "-e", web_filters.core_ere(filters)], input="\n".join(lines), text=True,
                               capture_output=True, env={"LC_ALL": "C"}).stdout
        self.assertEqual(found.splitlines(), wanted)


class OwnLogs(unittest.TestCase):
    def test_same_seed_gives_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            made = [corpora.Corpora(pathlib.Path(folder), None).web(0.1, 100_000) for folder in (one, other)]
            self.assertEqual(made[0].log.read_bytes(), made[1].log.read_bytes())

    def test_docker_twin_says_what_the_plain_log_says(self):
        with tempfile.TemporaryDirectory() as folder:
            made = corpora.Corpora(pathlib.Path(folder), None).web(0.1, 100_000)
            records = [json.loads(line) for line in made.log.read_text().splitlines()]
            self.assertEqual("".join(record["log"] for record in records), made.plain.read_text())
            times = [record["time"] for record in records]
            self.assertEqual(times, sorted(times))
            self.assertTrue(all(re.fullmatch(r"[\dT:-]+\.\d{9}Z", time) for time in times))


class Differences(unittest.TestCase):
    """What the comparison with fail2ban says when the two do not agree."""

    def compare(self, theirs, ours):
        case = scan.Case("web-20-1pct", True, 1, 0.01, 0, corpus=Nothing(), names=("web",))
        peer, own = Said("fail2ban", theirs), Said("breakwater", ours)
        runs = [Done(case, own), Done(case, peer)]
        return scan.compare_with_fail2ban(runs, Nothing())

    def test_same_answers_are_no_problem(self):
        said, problems = self.compare({"web": (2, {"192.0.2.1"})}, {"web": (2, {"192.0.2.1"})})
        self.assertEqual(problems, [])
        self.assertIn("agree in 1 of 1 jails", said[0])

    def test_another_number_of_offences_is_told(self):
        _, problems = self.compare({"web": (2, set())}, {"web": (1, set())})
        self.assertEqual(len(problems), 1)

    def test_another_banned_address_is_told(self):
        said, problems = self.compare({"web": (5, {"192.0.2.1"})}, {"web": (5, {"192.0.2.2"})})
        self.assertEqual(len(problems), 1)
        self.assertIn("agree in 0 of 1 jails", said[0])


class Said(programs.Program):
    def __init__(self, name, found):
        self.name, self._found = name, found

    def command(self, _case, log):
        return [log]

    def offences(self, _case, _output):
        return self._found


class Done:
    """A run that has been."""

    def __init__(self, case, program):
        self.case, self.program, self.figures = case, program, self
        self.lines = 10

    def output(self):
        return ""


class Nothing:
    """A log and a measurer of no account."""
    docker = True
    output = ""

    def slice(self, _lines, _plain):
        return "log"

    def run(self, _command):
        return self


if __name__ == "__main__":
    BIN_DIR = pathlib.Path(sys.argv.pop(1)).resolve()
    if not programs.debian_sshd_filter():
        sys.exit(SKIPPED)
    unittest.main()
