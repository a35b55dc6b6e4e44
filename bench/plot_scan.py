#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what `./run bench scan --json FILE` wrote: a bar a program in a group a case, lines a second of one processor on a
logarithmic scale, each figure as text too. Text and lines take their colours from the reader's scheme, light or dark.
"""

import argparse
import json
import math
import pathlib
import sys
from xml.sax.saxutils import escape

ROOT = pathlib.Path(__file__).resolve().parents[1]

TITLES = {
    "web-20-0.1pct": "web log, 20 filters, 0.1 % hits",
    "web-20-1pct": "web log, 20 filters, 1 % hits",
    "web-20-50pct": "web log, 20 filters, 50 % hits",
    "sshd-56pct": "sshd log, stock filter, 56 % hits",
    "web-1-1pct": "web log, 1 filter, 1 % hits",
    "web-5-1pct": "web log, 5 filters, 1 % hits",
    "web-80-1pct": "web log, 80 filters, 1 % hits",
}
# Readable on white and on black.
PROGRAMS = {
    "breakwater": ("breakwater", "#1f8a70"),
    "fail2ban": ("fail2ban", "#c8553d"),
    "crowdsec": ("CrowdSec", "#7b6fd0"),
    "grep": ("grep -E", "#8a8f98"),
    "rg": ("ripgrep", "#b08d57"),
    "newline": ("newline split: the floor", "#5a9bd4"),
}

WIDTH, LEFT, RIGHT = 860, 150, 110
BAR, GAP, HEAD, GROUP_GAP, TOP, BOTTOM = 15, 3, 22, 14, 92, 58

STYLE = """
svg { background: none }
text { font-family: system-ui, -apple-system, "Segoe UI", sans-serif; font-size: 12px; fill: #24292f }
.title { font-size: 17px; font-weight: 600 }
.case { font-weight: 600; font-size: 13px }
.faint { fill: #57606a }
.grid { stroke: #8c959f; stroke-opacity: .35; stroke-width: 1 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .faint { fill: #9da7b3 }
}
"""


def short(rate):
    """In three digits."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if rate >= size:
            return f"{rate / size:.3g} {unit}"
    return f"{rate:.3g}"


class Drawing:
    def __init__(self, rates):
        """rates: {case: {program: lines a second}}"""
        self.rates = rates
        every = [rate for programs in rates.values() for rate in programs.values()]
        self.lowest = 10 ** math.floor(math.log10(max(1, min(every))))
        self.highest = 10 ** math.ceil(math.log10(max(every)))
        self.parts = []
        self.y = TOP

    def x(self, rate):
        span = math.log10(self.highest / self.lowest)
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log10(max(rate, self.lowest) / self.lowest) / span

    def text(self, x, y, words, kind="", anchor="start"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>')

    def group(self, case):
        programs = self.rates[case]
        self.text(LEFT, self.y + 14, TITLES.get(case, case), "case")
        self.y += HEAD
        for name, (title, colour) in PROGRAMS.items():
            if name not in programs:
                continue
            end = self.x(programs[name])
            self.parts.append(f'<rect x="{LEFT}" y="{self.y}" width="{max(end - LEFT, 1):.1f}" height="{BAR}" rx="2" '
                              f'fill="{colour}"/>')
            self.text(LEFT - 8, self.y + 12, title.split(":")[0], "faint", "end")
            self.text(end + 6, self.y + 12, self.figure(programs, name))
            self.y += BAR + GAP
        self.y += GROUP_GAP

    @staticmethod
    def figure(programs, name):
        words = short(programs[name])
        ours, peer = programs.get("breakwater"), programs[name]
        if ours and name in ("fail2ban", "crowdsec"):
            words += f"  (1 / {ours / peer:,.0f})" if ours >= peer else ""
        return words

    def grid(self, bottom):
        lines, power = [], self.lowest
        while power <= self.highest:
            x = self.x(power)
            lines.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{bottom}"/>')
            self.text(x, TOP - 14, short(power), "faint", "middle")
            power *= 10
        self.parts = lines + self.parts

    def svg(self, note):
        self.text(16, 28, "Lines of a log a second, on one processor", "title")
        self.text(16, 48, "logarithmic: each line is ten times the one before; in brackets, as a part of breakwater's",
                  "faint")
        for case in [*filter(self.rates.__contains__, TITLES), *(case for case in self.rates if case not in TITLES)]:
            self.group(case)
        self.grid(self.y)
        self.text(16, self.y + 24, note, "faint")
        height = self.y + BOTTOM
        body = "\n".join(self.parts)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
                f'height="{height}" role="img">\n<title>Lines of a log a second</title>\n<style>{STYLE}</style>\n'
                f"{body}\n</svg>\n")


def note_of(measured):
    versions = measured.get("versions", {})
    peers = [f"{title} {versions[name]}" for name, title in (("fail2ban", "fail2ban"), ("crowdsec", "CrowdSec"))
             if name in versions]
    words = ["./run bench scan", *peers, measured.get("processor", ""), measured.get("date", "")]
    return ", ".join(filter(None, words)) + (" (--quick)" if measured.get("quick") else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=pathlib.Path, help="what the bench wrote")
    parser.add_argument("svg", type=pathlib.Path, nargs="?", default=ROOT / "docs/bench-scan.svg", help="(%(default)s)")
    options = parser.parse_args()
    try:
        measured = json.loads(options.file.read_text())
    except (OSError, ValueError) as error:
        sys.exit(f"{options.file}: {error}")
    rates = {}
    for row in measured["cases"]:
        rates.setdefault(row["case"], {})[row["program"]] = row["lines_per_cpu_s"]
    options.svg.write_text(Drawing(rates).svg(note_of(measured)))
    print(options.svg)


if __name__ == "__main__":
    main()
