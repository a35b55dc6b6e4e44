#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./run conformance: the same lines through our engine and through what fail2ban's own samples expect."""

import argparse
import collections
import json
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.conformance import oracle  # noqa: E402
from tests.conformance.corpus import CorpusError, read_corpus  # noqa: E402
from tests.conformance.engine import Breakwater  # noqa: E402
from tests.conformance.score import run_corpus  # noqa: E402

# When and where the samples of fail2ban's package take place: their dates have no year and no zone.
SAMPLE_NOW = 1124013600
SAMPLE_ZONE = "CET-01CEST-02,M3.5.0,M10.5.0"
SKIPPED = 77


def arguments():
    parser = argparse.ArgumentParser(prog="./run conformance", description=__doc__)
    parser.add_argument("--json", metavar="FILE", help="write {checks, agree, misses} there")
    parser.add_argument("--corpus", type=pathlib.Path, metavar="DIR", help="sample files, one a filter (fail2ban's own)")
    parser.add_argument("--filters", type=pathlib.Path, metavar="DIR", help="a filter.d (fail2ban's own)")
    parser.add_argument("--filter", action="append", metavar="NAME", help="only this one; may be given again")
    parser.add_argument("--now", type=int, default=SAMPLE_NOW, metavar="EPOCH", help="the clock (%(default)s)")
    parser.add_argument("--timezone", default=SAMPLE_ZONE, metavar="TZ", help="of dates without a zone (%(default)s)")
    parser.add_argument("--engine", choices=("breakwater", "fail2ban"), default="breakwater",
                        help="fail2ban: a check of this harness, all must agree")
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/release/bin", metavar="DIR",
                        help="where breakwater-node is (%(default)s)")
    return parser.parse_args()


def filters_in(folder, wanted):
    """Filters, not the files that others include. zzz-* are fail2ban's examples for authors, no filters for use."""
    names = {path.stem for path in folder.glob("*.conf")
             if not path.stem.endswith("common") and not path.stem.startswith("zzz-")}
    return names & set(wanted) if wanted else names


def print_table(score):
    print(f"{'filter':<24}{'checks':>8}{'agree':>8}")
    for name, (checks, agree) in sorted(score.filters.items()):
        print(f"{name:<24}{checks:>8}{agree:>8}{'' if checks == agree else '   <-- ' + str(checks - agree)}")


def print_misses(misses):
    """Filters that do not run once, with the number of their checks; other misses one by one."""
    refused = collections.Counter((miss.filter, miss.got) for miss in misses if miss.what == "filter")
    for (title, reason), count in refused.items():
        print(f"{title} does not run, {count} checks: {reason}")
    for miss in misses:
        if miss.what != "filter":
            print(miss)


def main():
    options = arguments()
    if not oracle.available() and (options.engine == "fail2ban" or not (options.corpus and options.filters)):
        print("SKIPPED: fail2ban is not installed")
        return SKIPPED
    filters = options.filters or oracle.FILTERS
    corpus = options.corpus or oracle.corpus()
    os.environ["TZ"] = options.timezone
    time.tzset()
    if options.engine == "fail2ban":
        engine = oracle.Fail2ban(filters, options.now, options.timezone)
    else:
        engine = Breakwater(options.programs / "breakwater-node", filters, options.now, options.timezone)
    try:
        runs, without = read_corpus(corpus, filters_in(filters, options.filter))
    except (CorpusError, OSError) as problem:
        sys.exit(f"conformance: {problem}")
    if not runs:
        sys.exit(f"conformance: no sample in {corpus} is for a filter in {filters}")
    score = run_corpus(engine, runs)
    print_table(score)
    print_misses(score.misses)
    if without:
        print(f"without samples: {' '.join(without)}")
    print(f"{engine.name}: {score.agree} of {score.checks} checks agree")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(score.as_json(), indent=1) + "\n", encoding="utf-8")
    return 0 if score.agree == score.checks else 1


if __name__ == "__main__":
    sys.exit(main())
