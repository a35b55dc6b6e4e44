#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's own checker of packages finds no error and warns of nothing."""

import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.packaging import debs  # noqa: E402


def main():
    if not shutil.which("lintian"):
        print("SKIPPED: lintian is not installed (./run deps)")
        return 77
    done = subprocess.run(["lintian", "--fail-on", "error,warning", *(str(debs.file_of(name)) for name in debs.NAMES)])
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
