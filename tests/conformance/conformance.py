#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./run conformance: is our filter engine the same as the installed fail2ban?

Parts, in this order:
  reader     every filter, with the options that it knows: the same regexes after includes, interpolation and tags
  corpus     the samples that fail2ban's package ships, every filter and option set (or --corpus, --filters)
  changed    the same samples, changed at random: line by line what the installed fail2ban says of them
  generated  logs of our own making, hostile ones: the same
  real       the logs of --data: the same
  bans       real and generated logs through whole jails: the same bans from the same second to the same second
"""

import argparse
import collections
import json
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.conformance import bans, differential, logs, oracle, reader  # noqa: E402
from tests.conformance.corpus import CorpusError, read_corpus  # noqa: E402
from tests.conformance.engine import Breakwater, Refused  # noqa: E402
from tests.conformance.score import Miss, Score, run_corpus  # noqa: E402

# When and where the samples of fail2ban's package take place: their dates have no year and no zone.
SAMPLE_NOW = 1124013600
SAMPLE_ZONE = "CET-01CEST-02,M3.5.0,M10.5.0"
SKIPPED = 77
PARTS = ("reader", "corpus", "changed", "generated", "real", "bans")


class Amount:
    """How much is compared: some minutes on one core, or --full."""

    def __init__(self, full):
        self.changes = 50 if full else 10  # of each sample
        self.generated = 10000 if full else 1000  # lines a program
        self.real = None if full else 1000  # lines of a log, for the filters that read its kind
        self.real_for_others = 1000 if full else 50
        self.bans = None if full else 3000


def arguments():
    parser = argparse.ArgumentParser(prog="./run conformance", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE", help="write {checks, agree, misses} of the corpus there, and parts")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one; may be given again")
    parser.add_argument("--real", action="store_const", const=["real"], dest="part", help="--part real")
    parser.add_argument("--full", action="store_true", help="all lines, and more of the generated ones: half an hour")
    parser.add_argument("--seed", type=int, default=1, help="of what is random (%(default)s)")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT.parent / "shared/data", metavar="DIR",
                        help="with logs/ in it (%(default)s)")
    parser.add_argument("--corpus", type=pathlib.Path, metavar="DIR", help="sample files, one a filter")
    parser.add_argument("--filters", type=pathlib.Path, metavar="DIR", help="the filter.d that they are for")
    parser.add_argument("--filter", action="append", metavar="NAME", help="only this one; may be given again")
    parser.add_argument("--now", type=int, default=SAMPLE_NOW, metavar="EPOCH", help="the corpus' clock (%(default)s)")
    parser.add_argument("--timezone", default=SAMPLE_ZONE, metavar="TZ", help="of its dates (%(default)s)")
    parser.add_argument("--engine", choices=("breakwater", "fail2ban"), default="breakwater",
                        help="fail2ban: a check of this harness; all of the corpus must agree")
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/release/bin", metavar="DIR",
                        help="where breakwater-node is (%(default)s)")
    options = parser.parse_args()
    if bool(options.corpus) != bool(options.filters):
        parser.error("--corpus and --filters belong together")
    if options.corpus or options.engine == "fail2ban":
        options.part = ["corpus"]
    return options


def filters_in(folder, wanted=None):
    """Filters, not the files that others include. zzz-* are fail2ban's examples for authors, no filters for use."""
    names = {path.stem for path in folder.glob("*.conf")
             if not path.stem.endswith("common") and not path.stem.startswith("zzz-")}
    return sorted(names & set(wanted) if wanted else names)


# --- telling ----------------------------------------------------------------------------------------------------------

def print_table(score):
    print(f"{'filter':<24}{'checks':>8}{'agree':>8}")
    for name, (checks, agree) in sorted(score.filters.items()):
        print(f"{name:<24}{checks:>8}{agree:>8}{'' if checks == agree else '   <-- ' + str(checks - agree)}")


def print_misses(misses, most=200):
    """Filters that do not run once, with the number of their checks; other misses one by one."""
    refused = collections.Counter((miss.filter, miss.got) for miss in misses if miss.what == "filter")
    for (title, reason), count in refused.items():
        print(f"{title} does not run, {count} checks: {reason}")
    others = [miss for miss in misses if miss.what != "filter"]
    for miss in others[:most]:
        print(miss)
    if len(others) > most:
        print(f"... and {len(others) - most} more (--json has them all)")


# --- the parts --------------------------------------------------------------------------------------------------------

class Parts:
    def __init__(self, options):
        self._options = options
        self._amount = Amount(options.full)
        self._filters = options.filters or oracle.FILTERS
        self._program = options.programs / "breakwater-node"
        self._names = filters_in(self._filters, options.filter)
        self.result = {}

    def run(self, part):
        """Whether all agree."""
        started = time.monotonic()
        score, known = getattr(self, part)()
        print_misses(score.misses)
        for why, count in known.items():
            print(f"{part}: {count} times not compared: {why}")
        print(f"{part}: {score.agree} of {score.checks} checks agree ({time.monotonic() - started:.0f} s)", flush=True)
        self.result[part] = {**score.as_json(), "known": dict(known)}
        return score.agree == score.checks

    def reader(self):
        score = Score()
        results, engines, re2_alone = reader.compare(self._names, self._filters, self._runs()[0], self._program)
        for name, wrong in results:
            score.add(name, wrong)
        for engine, count in engines.most_common():
            print(f"reader: {count} regexes are run by {engine}")
        print(f"reader: {len(re2_alone)} of {len(self._names)} filters are run by RE2 alone")
        return score, {}

    def corpus(self):
        runs, without = self._runs()
        os.environ["TZ"] = self._options.timezone
        time.tzset()
        kind = oracle.Fail2ban if self._options.engine == "fail2ban" else self._breakwater
        score = run_corpus(kind(self._filters, self._options.now, self._options.timezone), runs)
        print_table(score)
        if without:
            print(f"without samples: {' '.join(without)}")
        return score, {}

    def changed(self):
        return self._differential(logs.changed_samples(self._runs()[0], self._amount.changes, self._options.seed))

    def generated(self):
        return self._differential(logs.generated_logs(self._names, self._amount.generated, self._options.seed))

    def real(self):
        if not self._has_logs():
            print(f"real: there are no logs in {self._options.data / 'logs'}")
            return Score(), {}
        return self._differential(logs.real_logs(self._options.data / "logs", self._names, self._amount.real,
                                                 self._amount.real_for_others))

    def bans(self):
        score = Score()
        count = 0
        for log in self._logs_for_bans():
            for jail in bans.jails_for(log):
                wrong, found = self._compare_bans(log, jail)
                count += found
                score.add(log.name, wrong)
        print(f"bans: {count} bans of {score.checks} jails")
        return score, {}

    def _compare_bans(self, log, jail):
        theirs = bans.their_bans(log, jail, self._filters)
        try:
            ours = bans.our_bans(log, jail, self._filters, self._program)
        except Refused as reason:
            return [Miss(jail.title, log.name, "filter", "runs", str(reason), "")], 0
        if theirs == ours:
            return [], len(theirs)
        first = next((a, b) for a, b in zip([*theirs, None], [*ours, None]) if a != b)
        return [Miss(jail.title, log.name, f"bans ({len(theirs)}, {len(ours)})", *map(str, first), "")], len(theirs)

    def _logs_for_bans(self):
        if self._has_logs():
            yield from logs.real_logs(self._options.data / "logs", self._names, self._amount.bans, 0)
        yield from logs.generated_logs(self._names, self._amount.generated, self._options.seed, steady=True)

    def _differential(self, all_logs):
        run = differential.Differential(lambda now, zone: self._breakwater(self._filters, now, zone), self._filters)
        for log in all_logs:
            run.compare(log)
        known = dict(run.known)
        for title in sorted(run.refused):
            known[f"fail2ban itself does not take {title}"] = 1
        return run.score, known

    def _runs(self):
        runs, without = read_corpus(self._options.corpus or oracle.corpus(), self._names)
        if not runs:
            raise CorpusError(f"no sample is for a filter in {self._filters}")
        return runs, without

    def _breakwater(self, filters, now, zone):
        return Breakwater(self._program, filters, now, zone)

    def _has_logs(self):
        return (self._options.data / "logs").is_dir()


def main():
    options = arguments()
    if not oracle.available() and (options.engine == "fail2ban" or not options.corpus):
        print("SKIPPED: fail2ban is not installed")
        return SKIPPED
    parts = Parts(options)
    try:
        good = [parts.run(part) for part in options.part or PARTS]
    except (CorpusError, OSError) as problem:
        sys.exit(f"conformance: {problem}")
    if options.json:
        corpus = parts.result.pop("corpus", {"checks": 0, "agree": 0, "misses": []})
        text = json.dumps({**corpus, "parts": parts.result}, indent=1)
        pathlib.Path(options.json).write_text(text + "\n", encoding="utf-8")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
