#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The layers hold: core decides and touches nothing, common knows neither node nor hub.

    layers.py [TREE]      every violation as file:line: text; exit code 1 if there is one
    layers.py --self-test plants violations in a copy of the tree and sees each of them refused
"""

import re
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# What decides: handed everything, time included, and touching nothing.
PURE = ("node/core/", "hub/core/", "common/policy/", "common/wire/")

_TOUCHES_THE_WORLD = [
    (re.compile(r'#include\s*<(sys/(?!types)|netinet/|arpa/|net/|linux/|fcntl\.h|unistd\.h|poll\.h|netdb\.h|ifaddrs\.h)'),
     "sockets and files belong into adapters/"),
    (re.compile(r'#include\s*<(fstream|filesystem|iostream)>|\b(f?open|popen|f?printf|std::system)\s*\('),
     "files and processes belong into adapters/"),
    (re.compile(r'#include\s*<(thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|atomic)>'),
     "core has one thread and knows no other"),
    (re.compile(r'#include\s*<(c?signal(\.h)?|ctime|time\.h)>'), "signals and clocks belong into common/runtime"),
    (re.compile(r'#include\s*[<"](zmq|sqlite3|curl/|libmnl/|systemd/)'), "a library that touches the world"),
    (re.compile(r'#include\s*"(common/runtime/|common/log/|node/adapters/|hub/adapters/|hub/query/)'),
     "core must not know its adapters"),
    (re.compile(r'_clock::now\b|\b(gettimeofday|clock_gettime|localtime|localtime_r)\s*\(|\btime\s*\(\s*(nullptr|NULL|0)\s*\)'),
     "time is an argument"),
    (re.compile(r'\b(random_device|std::rand|getrandom|getenv)\b'), "chance and environment are arguments"),
    (re.compile(r'\bstd::j?thread\b|\bstd::async\b|\bpthread_'), "core has one thread"),
]

_EVERYWHERE = [
    (("common/",), re.compile(r'#include\s*"(node|hub)/'), "common/ knows neither node nor hub"),
    (("node/",), re.compile(r'#include\s*"hub/'), "node and hub meet in common/wire only"),
    (("hub/",), re.compile(r'#include\s*"node/'), "node and hub meet in common/wire only"),
    (("node/", "hub/", "common/"), re.compile(r'#include\s*"tests/'), "production code never knows it is tested"),
]
_MSGPACK = re.compile(r'#include\s*<msgpack')


def _code(line):
    """The line without a // comment (one inside a string does not matter here)."""
    return re.sub(r'(?<!:)//.*', "", line)


def violations(tree):
    found = []
    for top in ("common", "node", "hub"):
        for path in sorted((tree / top).rglob("*")):
            if path.suffix not in (".h", ".cpp"):
                continue
            name = path.relative_to(tree).as_posix()
            for number, line in enumerate(path.read_text().splitlines(), 1):
                found += [f"{name}:{number}: {why}: {line.strip()}" for why in _refused(name, _code(line))]
    return found


def _refused(name, line):
    why = [reason for pattern, reason in _TOUCHES_THE_WORLD if name.startswith(PURE) and pattern.search(line)]
    why += [reason for folders, pattern, reason in _EVERYWHERE if name.startswith(folders) and pattern.search(line)]
    if _MSGPACK.search(line) and not name.startswith("common/wire/"):
        why.append("msgpack is known to common/wire only")
    return why


# A check nobody has seen fail is a guess: each of these must be refused.
PLANTED = [
    ("node/core/node_core.h", "#include <zmq.hpp>"),
    ("node/core/node_core.h", "#include <sys/socket.h>"),
    ("node/core/ban_table.cpp", "#include <fstream>"),
    ("node/core/ban_table.cpp", 'auto* planted = std::fopen("/etc/passwd", "r");'),
    ("node/core/ban_table.cpp", "static std::thread worker;"),
    ("node/core/ban_table.cpp", "auto planted() { return std::chrono::system_clock::now(); }"),
    ("node/core/firewall.h", '#include "node/adapters/firewall/iptables_firewall.h"'),
    ("hub/core/peers.h", '#include "common/runtime/reactor.h"'),
    ("hub/core/peers.h", '#include "node/core/ban_table.h"'),
    ("common/policy/ban_time.cpp", "auto planted = time(nullptr);"),
    ("common/wire/messages.h", "#include <mutex>"),
    ("common/base/text.h", '#include "hub/core/peers.h"'),
    ("common/base/text.h", "#include <msgpack.hpp>"),
]


def self_test():
    missed = []
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch)
        for top in ("common", "node", "hub"):
            shutil.copytree(ROOT / top, copy / top)
        clean = violations(copy)
        for name, planted in PLANTED:
            path = copy / name
            before = path.read_text()
            path.write_text(before + planted + "\n")
            refused = [v for v in violations(copy) if v not in clean]
            print(f"{'refused' if refused else 'MISSED '}  {name}  {planted}")
            if not refused:
                missed.append(planted)
            path.write_text(before)
    return missed


def main():
    if sys.argv[1:] == ["--self-test"]:
        return 1 if self_test() else 0
    found = violations(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
    print("\n".join(found) if found else "the layers hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
