# SPDX-License-Identifier: Apache-2.0
"""Runs programs on one processor and keeps the best of several runs."""

import dataclasses
import json
import os
import subprocess

import programs


class Failed(Exception):
    pass


@dataclasses.dataclass
class Usage:
    cpu: float  # seconds, of the program and of the kernel for it
    wall: float
    rss: int  # kB, at its peak
    output: str = ""


@dataclasses.dataclass
class Figures:
    """Of one program on one case."""
    lines: int
    bytes: int
    start: list  # Usage on the log's first line
    whole: list = dataclasses.field(default_factory=list)  # Usage

    def rate(self, what):
        """Lines a second behind what it takes to start; of a log too short to tell the two apart, both together."""
        whole = min(getattr(usage, what) for usage in self.whole)
        start = min(getattr(usage, what) for usage in self.start)
        behind = whole - start
        return (self.lines - 1) / max(behind if behind > start / 10 else whole, 1e-6)

    def row(self, case, program):
        return {
            "case": case, "program": program,
            "lines_per_cpu_s": round(self.rate("cpu")), "lines_per_wall_s": round(self.rate("wall")),
            "peak_rss_kb": max(usage.rss for usage in self.whole),
            "lines": self.lines, "bytes": self.bytes,
            "cpu_s": round(min(usage.cpu for usage in self.whole), 4),
            "startup_cpu_s": round(min(usage.cpu for usage in self.start), 4),
            "runs": len(self.whole),
        }


class Measurer:
    def __init__(self, bin_dir, folder):
        self._usage = bin_dir / "bench_usage"
        self._report = folder / "usage.json"
        self._cpu = max(os.sched_getaffinity(0))

    def run(self, command):
        words = [str(word) for word in [self._usage, self._report, self._cpu, *command]]
        done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env=programs.environment())
        if done.returncode != 0:
            raise Failed(done.stderr.strip()[-500:])
        used = json.loads(self._report.read_text())
        # grep says 1 for "no such line".
        if used["status"] not in (0, 1) or (used["status"] == 1 and done.stderr):
            raise Failed(f"{words[3]} ended with {used['status']}: {done.stderr.strip()[-500:]}")
        return Usage(used["user_s"] + used["system_s"], used["wall_s"], used["peak_rss_kb"], done.stdout)


def count_of(log):
    """(lines, bytes) of a file."""
    lines = size = 0
    with open(log, "rb") as file:
        while block := file.read(1 << 20):
            lines += block.count(b"\n")
            size += len(block)
    return lines, size
