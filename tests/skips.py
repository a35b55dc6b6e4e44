#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""skips.py RESULTS.xml: names every test that ctest skipped, with the reason it gave, and counts them."""

import collections
import re
import sys
import xml.etree.ElementTree as xml


def reason(output):
    """GoogleTest: the text after "Skipped"; our Python tests: "SKIPPED: ..."."""
    found = re.search(r"SKIPPED: (.+)", output) or re.search(r": Skipped\n(.+)", output)
    return found.group(1).strip() if found else "no reason given"


def main():
    skipped = collections.defaultdict(list)
    for case in xml.parse(sys.argv[1]).getroot().iter("testcase"):
        if case.get("status") in ("notrun", "disabled") or case.find("skipped") is not None:
            skipped[reason(case.findtext("system-out") or "")].append(case.get("name"))
    for why, names in skipped.items():
        print(f"skipped: {why}")
        for name in names:
            print(f"    {name}")
    print(f"{sum(map(len, skipped.values()))} tests skipped")


if __name__ == "__main__":
    sys.exit(main())
