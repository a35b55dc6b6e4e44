#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lab by hand: ./run lab up, then on, attack, ...; README.md tells what is in it."""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.lab import clients, deploy, fleet  # noqa: E402
from tests.lab.host import Host  # noqa: E402
from tests.lab.shell import LabError, log  # noqa: E402


def _up(args):
    lab = fleet.Fleet(args.hosts)
    lab.up()
    if args.packages:
        deploy.deploy(lab, args.packages)
    log("up: " + " ".join(host.name for host in lab.all))


def _down(args):
    fleet.down(args.purge)
    log("down")


def _on(args):
    command = Host(args.host).command(*args.command)
    os.execvp(command[0], command)


def _attack(args):
    code = 0
    for _ in range(args.times):
        code = clients.attack(args.host, args.address)
        print(code or "no answer")
    return 0 if code else 1


def _power_cycle(args):
    Host(args.host).power_cycle()


def _arguments():
    parser = argparse.ArgumentParser(prog="./run lab", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    up = verbs.add_parser("up", help="bring the lab up: control, host1, host2, ...; again: what is missing")
    up.add_argument("--hosts", type=int, default=3, help="Docker hosts (default 3)")
    up.add_argument("--packages", help="where ./run package put them: install and start Breakwater from there")
    up.set_defaults(do=_up)

    down = verbs.add_parser("down", help="end everything, keep the image")
    down.add_argument("--purge", action="store_true", help="remove the image too")
    down.set_defaults(do=_down)

    on = verbs.add_parser("on", help="run a command as root in a host: on host1 iptables -S DOCKER")
    on.add_argument("host")
    on.add_argument("command", nargs=argparse.REMAINDER)
    on.set_defaults(do=_on)

    attack = verbs.add_parser("attack", help="POST /xmlrpc.php from an address of 203.0.113.0/24 or 2001:db8:bad::/48")
    attack.add_argument("address")
    attack.add_argument("host", nargs="?", default="host1", help="whose web container (default host1)")
    attack.add_argument("--times", type=int, default=1)
    attack.set_defaults(do=_attack)

    power = verbs.add_parser("power-cycle", help="cut a host's power and boot it again")
    power.add_argument("host")
    power.set_defaults(do=_power_cycle)
    return parser.parse_args()


if __name__ == "__main__":
    arguments = _arguments()
    try:
        sys.exit(arguments.do(arguments))
    except (LabError, ValueError) as failure:
        print(f"lab: {failure}", file=sys.stderr)
        sys.exit(1)
