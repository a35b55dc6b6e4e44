# SPDX-License-Identifier: Apache-2.0
"""What the system tests share: where the programs are, fresh attackers, and the fleet as a test sees it."""

import os
import sys
from pathlib import Path


def skip(reason):
    """ctest counts it as skipped (code 77); tests/skips.py prints the reason."""
    print(f"SKIPPED: {reason}")
    sys.exit(77)


def skip_unless_root():
    if os.geteuid() != 0:
        skip("needs root: the lab makes network namespaces and boots hosts in them")


def programs():
    """The bin directory of the build whose programs are tested."""
    return Path(os.environ["BREAKWATER_PROGRAMS"]).resolve()
