#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program that may not make machine code, as the shipped unit runs the node (MemoryDenyWriteExecute).

    bench/no_machine_code.py build/release/bin/bench_filter
"""

import ctypes
import os
import sys

PR_SET_MDWE = 65  # Linux 6.3
PR_MDWE_REFUSE_EXEC_GAIN = 1

if len(sys.argv) < 2:
    sys.exit(__doc__)
if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0:
    sys.exit(f"prctl(PR_SET_MDWE): {os.strerror(ctypes.get_errno())}")
os.execvp(sys.argv[1], sys.argv[1:])
