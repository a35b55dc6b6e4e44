#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Built in another folder and packed under another umask, the packages are the same to the last byte."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.packaging import debs  # noqa: E402


def main():
    twin, out = debs.ROOT / "build/release-twin", debs.ROOT / "build/packages-twin"
    version = debs.field("breakwater", "Version").rpartition("-")[0]
    os.umask(0o077)
    try:
        subprocess.run(["./run", "package", "--build", str(twin), "--out", str(out), "--version", version], check=True,
                       cwd=debs.ROOT)
        different = [name for name in debs.NAMES
                     if debs.file_of(name).read_bytes() != (out / debs.file_of(name).name).read_bytes()]
    finally:
        shutil.rmtree(out, ignore_errors=True)
        shutil.rmtree(twin, ignore_errors=True)
    print("different: " + " ".join(different) if different else "the same bytes")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
