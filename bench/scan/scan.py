#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lines a second of breakwater, fail2ban, CrowdSec, grep and a bare newline split, side by side in one run.

bench/README.md says what is measured, and how.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import sys
import time

import corpora
import crowdsec
import measure
import programs
import report
import web_filters

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77
MB = 1 << 20


@dataclasses.dataclass
class Case:
    name: str
    web: bool
    filters: int
    share: float  # of lines that are hits
    size: int  # bytes of the log
    quick: bool = False
    corpus: object = None
    config: object = None
    names: tuple = ()
    pattern: str = ""


# web-1 to web-80 at 1 % are the same log.
CASES = (
    Case("web-20-0.1pct", True, 20, 0.001, 512 * MB),
    Case("web-20-1pct", True, 20, 0.01, 512 * MB),
    Case("web-20-50pct", True, 20, 0.5, 256 * MB),
    Case("sshd-56pct", False, 1, 0.56, 128 * MB),
    Case("web-1-1pct", True, 1, 0.01, 512 * MB),
    Case("web-5-1pct", True, 5, 0.01, 512 * MB),
    Case("web-80-1pct", True, 80, 0.01, 512 * MB),
)
# Of sshd's own words, for grep: what its stock filter looks for in this log.
SSHD_PATTERN = (r"sshd\[[0-9]+\]: (Failed [a-z]+ for|[Ii]nvalid user|pam_unix\(sshd:auth\): authentication failure|"
                r"Received disconnect from|Connection closed by|error: maximum authentication)")


def arguments():
    parser = argparse.ArgumentParser(prog="./run bench scan", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--quick", action="store_true", help="less than a minute: smaller logs, figures less sure")
    parser.add_argument("--scale", type=int, default=1, metavar="N", help="logs of an N-th of their size")
    parser.add_argument("--no-peers", action="store_true", help="breakwater and the newline split only")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT.parent / "shared/data", metavar="DIR",
                        help="real logs and make_corpus.py (%(default)s); without them logs are made up")
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES], metavar="NAME",
                        help="only this one; may be given again")
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/release/bin", metavar="DIR",
                        help="where breakwater-node is (%(default)s)")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/bench", metavar="DIR",
                        help="where logs are kept (%(default)s)")
    options = parser.parse_args()
    options.scale *= 8 if options.quick else 1
    options.work = options.work.resolve()
    options.programs = options.programs.resolve()
    return options


def prepare(options):
    made = corpora.Corpora(options.work, options.data)
    for case in CASES:
        if options.case and case.name not in options.case:
            continue
        size = case.size // options.scale
        corpus = made.web(case.share, size) if case.web else made.sshd(case.share, size)
        case = dataclasses.replace(case, quick=options.quick, corpus=corpus,
                                   config=options.work / "config" / case.name)
        case.names = programs.make_config(case.config, case)
        case.pattern = web_filters.core_ere(web_filters.read()[:case.filters]) if case.web else SSHD_PATTERN
        yield case


# --- measuring ------------------------------------------------------------------------------------------------------

class Run:
    """One program on one case."""

    def __init__(self, measurer, program, case, starts):
        self._measurer, self.program, self.case = measurer, program, case
        self._log = program.log(case, program.lines_for(case))
        self._one_line = case.corpus.slice(1, program.plain)
        start = starts.setdefault((program.name, program.start_of(case)), [])
        self.figures = measure.Figures(*measure.count_of(self._log), start)

    def once(self):
        if self.program.fast or not self.figures.start:
            self.figures.start.append(self._measurer.run(self.program.command(self.case, self._one_line)))
        self.figures.whole.append(self._measurer.run(self.program.command(self.case, self._log)))

    def output(self):
        return self.figures.whole[0].output


def measure_all(cases, found, measurer, rounds):
    """All programs in turn, round by round, so that a slow hour of the machine meets all of them."""
    starts = {}
    runs = [Run(measurer, program, case, starts) for case in cases for program in found]
    for number in range(rounds):
        for run in runs:
            if number > 0 and not run.program.fast:
                continue
            progress(f"round {number + 1} of {rounds}: {run.case.name} {run.program.name}")
            run.once()
    progress("")
    return runs


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


# --- did they find the same? -----------------------------------------------------------------------------------------

def look_at_hits(runs):
    """({case: share of lines that are hits}, what there is to say, what does not agree)."""
    shares, said, problems = {}, [], []
    for run in runs:
        if run.program.name == "breakwater":
            shares[run.case.name], text = describe(run)
            said.append(text)
    for run in runs:
        if not run.case.web or not isinstance(run.program, programs.Grep):
            continue
        share = int(run.output() or 0) / run.figures.lines
        if share != shares[run.case.name]:
            problems.append(f"{run.case.name}: {run.program.name} finds {share:.4%} of lines, breakwater "
                            f"{shares[run.case.name]:.4%}")
    return shares, said, problems


def describe(run):
    found = run.program.offences(run.case, run.output())
    offences = sum(count for count, _ in found.values())
    banned = len(set().union(*(who for _, who in found.values())))
    hits = run.program.hits(run.output())
    lines = run.figures.lines
    return hits / lines, (f"{run.case.name}: {lines:,} lines ({run.case.corpus.origin} log), hits {hits / lines:.2%}, "
                          f"offences {offences / lines:.2%}, {banned:,} addresses banned")


def compare_with_fail2ban(runs, measurer):
    """breakwater on just the lines that fail2ban had: the same offences and the same addresses in each jail."""
    ours = {run.case.name: run.program for run in runs if run.program.name == "breakwater"}
    said, problems = [], []
    for run in runs:
        if run.program.name != "fail2ban":
            continue
        case, program = run.case, ours[run.case.name]
        log = case.corpus.slice(run.program.lines_for(case), not case.corpus.docker)
        theirs = run.program.offences(case, run.output())
        got = program.offences(case, measurer.run(program.command(case, log)).output)
        wrong = [name for name in case.names if theirs[name] != got[name]]
        said.append(f"{case.name}: on its first {run.figures.lines:,} lines fail2ban and breakwater agree in "
                    f"{len(case.names) - len(wrong)} of {len(case.names)} jails: "
                    f"{sum(count for count, _ in theirs.values()):,} offences, "
                    f"{sum(len(who) for _, who in theirs.values()):,} addresses banned")
        problems += [f"{case.name}, jail {name}: fail2ban {theirs[name][0]} offences, {len(theirs[name][1])} banned; "
                     f"breakwater {got[name][0]}, {len(got[name][1])}" for name in wrong]
    return said, problems


def write_json(path, rows, shares, options, absent):
    versions = {"fail2ban": programs.installed_version("fail2ban"),
                "crowdsec": crowdsec.version(options.work / "crowdsec")}
    for row in rows:
        row["hit_share"] = round(shares.get(row["case"], 0), 6)
    path.write_text(json.dumps({
        "cases": rows, "versions": {name: text for name, text in versions.items() if text}, "left_out": absent,
        "quick": options.quick, "processor": processor(), "date": time.strftime("%Y-%m-%d"),
    }, indent=1) + "\n")


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return os.uname().machine


def main():
    options = arguments()
    if not programs.debian_sshd_filter():
        return SKIPPED
    cases = list(prepare(options))
    found, absent = programs.present(options.programs, options.work, not options.no_peers)
    for name, why in absent.items():
        print(f"without {name}: {why}")
    measurer = measure.Measurer(options.programs, options.work)
    runs = measure_all(cases, found, measurer, 1 if options.quick else 3)
    shares, said, problems = look_at_hits(runs)
    compared, differences = compare_with_fail2ban(runs, measurer)
    problems += differences
    rows = [run.figures.row(run.case.name, run.program.name) for run in runs]
    print("\n".join(said + compared), end="\n\n")
    print(report.table(cases, rows))
    print(report.growth(rows))
    for problem in problems:
        print(f"NOT THE SAME: {problem}")
    if options.json:
        write_json(options.json, rows, shares, options, absent)
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (corpora.CorpusError, measure.Failed) as problem:
        sys.exit(f"bench scan: {problem}")
