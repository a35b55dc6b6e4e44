#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./run bench latency: from the attack line to dropped packets, on every host.

Each attack comes from an address that has done nothing before and sends as many requests as the jail allows.

  starts  when the line that completes the offence is written: the `time` that dockerd gave the line, or the moment at
          which the attacker had the answer to that request, whichever is earlier
  ends    when the first packet is dropped that is not let through again, on the way into a container, as a probe of
          every 0.2 ms sees it (tests/system/drop_probe.cpp): at most one interval late, never early

p50, p99 and max are of the slowest host of each attack: dropped on all of them. Per host beside it.
"""

import argparse
import ipaddress
import json
import random
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.lab import deploy, fleet, plan  # noqa: E402
from tests.lab.shell import LabError, log, wait_for  # noqa: E402
from tests.system.support import WEB_MAXRETRY  # noqa: E402
from tests.system.timeline import to_ns  # noqa: E402


def attackers(count):
    """IPv4 while they last, then IPv6."""
    first = ipaddress.ip_address("203.0.113.1")
    v4 = [str(first + i) for i in range(min(count, 240))]
    first = ipaddress.ip_address("2001:db8:bad:1::1")
    return v4 + [str(first + i) for i in range(count - len(v4))]


class Probe:
    """tests/system/drop_probe.cpp, one attack at a time."""

    def __init__(self, lab, programs):
        command = [str(programs / "drop_probe"), f"/run/netns/{plan.namespace(plan.OUTSIDE)}"]
        for host in lab.nodes:
            pid = host.on("docker", "inspect", "--format", "{{.State.Pid}}", "ticker")
            netns = host.path(f"/proc/{pid}/ns/net")
            command.append(f"{host.name}={netns}={plan.address4(host.name)}={plan.address6(host.name)}")
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def attack(self, address, victim):
        print(address, victim, WEB_MAXRETRY, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise LabError("the probe ended")
        return json.loads(answer)

    def close(self):
        self._process.stdin.close()
        self._process.wait()


class ContainerLog:
    """host1's web container's log file, as dockerd writes it."""

    def __init__(self, host):
        name = host.on("docker", "inspect", "--format", "{{.LogPath}}", "web")
        self._file = open(host.path(name), encoding="utf-8")
        self._file.seek(0, 2)
        self._partial = ""
        self._times = {}  # address -> times of its lines, ns

    def times_of(self, address, count):
        def arrived():
            self._read()
            return len(self._times.get(address, ())) >= count
        wait_for(f"{count} lines of {address} in the container's log", arrived, 3)
        return self._times[address]

    def _read(self):
        *lines, self._partial = (self._partial + self._file.read()).split("\n")
        for line in lines:
            record = json.loads(line)
            self._times.setdefault(record["log"].split(" ", 1)[0], []).append(to_ns(record["time"]))


def percentile(values, percent):
    """The smallest value that is not less than `percent` of all (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def figures(values):
    return {"p50_ms": round(percentile(values, 50), 3), "p99_ms": round(percentile(values, 99), 3),
            "max_ms": round(max(values), 3)}


def measure(lab, programs, count):
    probe, lines = Probe(lab, programs), ContainerLog(lab.nodes[0])
    latencies = []  # one dictionary an attack: host -> ms
    try:
        for address in attackers(count):
            seen = probe.attack(address, lab.nodes[0].name)
            if not seen["settled"]:
                raise LabError(f"{address} was not dropped on all hosts within 3 s: {seen}")
            written = lines.times_of(address, WEB_MAXRETRY)[WEB_MAXRETRY - 1]
            answers = seen["response_ns"]
            start = min(written, answers[WEB_MAXRETRY - 1]) if len(answers) >= WEB_MAXRETRY else written
            latencies.append({host: (dropped - start) / 1e6 for host, dropped in seen["dropped_ns"].items()})
            time.sleep(random.uniform(0.01, 0.06))  # no beat with any timer of the fleet
    finally:
        probe.close()
    return latencies


def report(lab, latencies):
    slowest = [max(attack.values()) for attack in latencies]
    result = {"hosts": len(lab.nodes), "attacks": len(latencies), **figures(slowest),
              "per_host": {h.name: figures([attack[h.name] for attack in latencies]) for h in lab.nodes}}
    print(f"\n  attack line written -> packets dropped, {result['attacks']} attacks, ms\n")
    print(f"  {'':12}{'p50':>9}{'p99':>9}{'max':>9}")
    for name, of in (*result["per_host"].items(), ("all hosts", result)):
        print(f"  {name:12}{of['p50_ms']:9.2f}{of['p99_ms']:9.2f}{of['max_ms']:9.2f}")
    return result


def main():
    parser = argparse.ArgumentParser(prog="./run bench latency", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attacks", type=int, default=100)
    parser.add_argument("--hosts", type=int, default=3)
    parser.add_argument("--json", metavar="FILE", help="the figures")
    parser.add_argument("--raw", metavar="FILE", help="every attack's times")
    parser.add_argument("--packages", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--programs", type=Path, required=True, help=argparse.SUPPRESS)
    args = parser.parse_args()
    lab = fleet.Fleet(args.hosts)
    was_up = lab.is_up()
    try:
        lab.up()
        deploy.deploy(lab, args.packages)
        wait_for("every node is connected", lambda: deploy.connected(lab), 30)
        latencies = measure(lab, args.programs.resolve(), args.attacks)
        result = report(lab, latencies)
        for path, content in ((args.json, result), (args.raw, latencies)):
            if path:
                Path(path).write_text(json.dumps(content) + "\n")
    except LabError as failure:
        log(f"error: {failure}")
        return 1
    finally:
        if not was_up:
            fleet.down()
    return 0


if __name__ == "__main__":
    sys.exit(main())
