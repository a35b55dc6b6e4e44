# SPDX-License-Identifier: Apache-2.0
"""Running commands and waiting for things: the few helpers that all of the lab shares."""

import shutil
import subprocess
import sys
import time


class LabError(Exception):
    """Something outside failed; the text is for people."""


def log(text):
    print(f"{time.strftime('%T')} lab: {text}", file=sys.stderr, flush=True)


def run(command, check=True, text=None, env=None):
    """Runs a command and returns its standard output without the last newline."""
    done = subprocess.run(command, input=text, stdin=subprocess.DEVNULL if text is None else None,
                          capture_output=True, text=True, errors="replace", env=env)
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.rstrip("\n")


def succeeds(command):
    """True if the command's exit code is 0."""
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


def need(*commands):
    missing = [c for c in commands if shutil.which(c) is None]
    if missing:
        raise LabError(f"missing: {' '.join(missing)} (./run deps installs what the lab needs)")


def wait_for(what, condition, seconds=10.0, every=0.02):
    """Polls until condition() is true and returns its value; `what` is the sentence of the failure.

    `what` may be a function, asked at the end: it can tell what was seen last.
    """
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise LabError(f"not within {seconds:g} s: {what() if callable(what) else what}")
        time.sleep(every)
