# SPDX-License-Identifier: Apache-2.0
"""The packages under test, taken apart."""

import os
import subprocess
from pathlib import Path

NAMES = ("breakwater", "breakwater-hub", "breakwater-node")
ROOT = Path(__file__).resolve().parents[2]


def folder():
    return Path(os.environ.get("BREAKWATER_PACKAGES", ROOT / "build/packages"))


def build():
    """The build folder that they were made of."""
    return Path(os.environ.get("BREAKWATER_BUILD", ROOT / "build/release"))


def file_of(name):
    found = list(folder().glob(f"{name}_*.deb"))
    assert len(found) == 1, f"{folder()}: one {name}_*.deb is wanted, there are {len(found)}: ./run package"
    return found[0]


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout


def unpack(name, into):
    """Everything of a package below `into`, its control files in DEBIAN/."""
    run("dpkg-deb", "--raw-extract", str(file_of(name)), str(into))
    return Path(into)


def field(name, key):
    return run("dpkg-deb", "--field", str(file_of(name)), key).strip()


def entries(name):
    """mode, owner, size, path of everything in it."""
    rows = [line.split(None, 5) for line in run("dpkg-deb", "--contents", str(file_of(name))).splitlines()]
    return [(row[0], row[1], int(row[2]), row[5].removeprefix(".")) for row in rows]


def relations(text):
    """The names in a Depends line."""
    return {word.split()[0] for part in text.split(",") for word in part.split("|") if word.strip()}
