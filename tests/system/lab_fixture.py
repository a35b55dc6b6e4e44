#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lab that the system tests share: `up` boots it and puts Breakwater on it, `down` takes it away."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.lab import deploy, fleet  # noqa: E402
from tests.system.support import packages, skip_unless_root  # noqa: E402


def main():
    skip_unless_root()
    if sys.argv[1] == "down":
        fleet.down()
        return
    lab = fleet.Fleet()
    lab.up()
    deploy.deploy(lab, packages())


if __name__ == "__main__":
    main()
