#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./run demo: an attack on one Docker host is banned on three. Nothing here is simulated but the network's cables.

Brings up the lab (tests/lab), puts Breakwater on it, attacks, and proves with real connections what it says.
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.lab import deploy, fleet  # noqa: E402
from tests.lab.shell import LabError, wait_for  # noqa: E402
from tests.system.support import (VISITOR4, VISITOR6, Operator, attack_ssh, attack_web, wait_cut,  # noqa: E402
                                  wait_open)
from tests.system.timeline import timeline  # noqa: E402

WEB_ATTACKER, SSH_ATTACKER, IPV6_ATTACKER = "203.0.113.66", "203.0.113.77", "2001:db8:bad::66"
SSH_ATTEMPTS = 6


class Story:
    """What happens, step by step: told on the screen, kept for --json."""

    def __init__(self):
        self.steps = []
        self._color = sys.stdout.isatty()

    def chapter(self, text):
        print(f"\n{self._bold(text)}\n", flush=True)

    def step(self, name, action):
        """Runs one step and says how it went and how long it took; returns what the action returned."""
        print(f"  {name} ", end="", flush=True)
        start = time.monotonic()
        try:
            result = action()
        except (LabError, OSError) as failure:
            self._done(name, False, start)
            raise LabError(f"{name}: {failure}") from failure
        self._done(name, True, start)
        return result

    def tell(self, text):
        print("\n".join(f"      {line}" for line in text.splitlines()), flush=True)

    def event(self, attacker, what, ms):
        self.steps.append({"name": f"{attacker}: {what}", "ok": True, "ms": round(ms, 3)})
        print(f"      {ms:9.1f} ms  {what}", flush=True)

    def _done(self, name, ok, start):
        ms = (time.monotonic() - start) * 1000
        self.steps.append({"name": name, "ok": ok, "ms": round(ms, 1)})
        took = f"{ms / 1000:.1f} s" if ms >= 1000 else f"{ms:.0f} ms"
        print(f"{'.' * max(3, 76 - len(name))} {'ok' if ok else self._bold('FAILED')}, {took}", flush=True)

    def _bold(self, text):
        return f"\033[1m{text}\033[0m" if self._color else text


class Demo:
    def __init__(self, lab, story):
        self.lab, self.story = lab, story
        self.hosts = lab.nodes
        self.operator = Operator(lab)

    def fleet(self, packages):
        self.story.chapter("1. A fleet: a control host, three Docker hosts with a web container and sshd each")
        self.story.step("boot control, host1, host2, host3", self.lab.up)
        self.story.step("start the hub on control, a node on every host", lambda: deploy.deploy(self.lab, packages))
        self.story.step("all three nodes are connected",
                        lambda: wait_for("three connected nodes", lambda: deploy.connected(self.lab), 30))
        self.story.step("visitors get 200 from every host", self.visitors_pass)

    def web(self):
        self.story.chapter(f"2. {WEB_ATTACKER} attacks WordPress's xmlrpc.php in host1's container")
        self.story.step("one request: POST /xmlrpc.php", lambda: attack_web("host1", WEB_ATTACKER))
        self.cut_everywhere(WEB_ATTACKER)
        self.show_timeline(WEB_ATTACKER, "host1", "web")
        self.explain(WEB_ATTACKER)
        self.forgive(WEB_ATTACKER)

    def ssh(self):
        self.story.chapter(f"3. {SSH_ATTACKER} guesses passwords at host2's sshd")
        self.story.step(f"{SSH_ATTEMPTS} attempts to log in", lambda: attack_ssh("host2", SSH_ATTACKER, SSH_ATTEMPTS))
        self.cut_everywhere(SSH_ATTACKER)
        self.show_timeline(SSH_ATTACKER, "host2", None)

    def ipv6(self):
        self.story.chapter(f"4. {IPV6_ATTACKER} attacks host3's container, over IPv6")
        self.story.step("one request: POST /xmlrpc.php", lambda: attack_web("host3", IPV6_ATTACKER))
        self.cut_everywhere(IPV6_ATTACKER)
        self.show_timeline(IPV6_ATTACKER, "host3", "web")
        self.forgive(IPV6_ATTACKER)

    # --- what the chapters are made of ----------------------------------------------------------------------------

    def visitors_pass(self):
        for visitor in (VISITOR4, VISITOR6):
            wait_open(self.hosts, visitor, seconds=5)

    def cut_everywhere(self, attacker):
        self.story.step(f"{attacker}: no answer from any host, web or ssh",
                        lambda: wait_cut(self.hosts, attacker, seconds=5))
        self.story.step("other visitors still get 200 from every host", self.visitors_pass)

    def show_timeline(self, attacker, victim, container):
        events = self.story.step("what happened, from the line that was one too many",
                                 lambda: timeline(self.lab, self.operator, attacker, victim, container))
        for what, ms in events:
            self.story.event(attacker, what, ms)

    def explain(self, attacker):
        story = self.story.step(f"breakwater why {attacker}", lambda: self.operator.run("why", attacker))
        self.story.tell(story)

    def forgive(self, attacker):
        self.story.step(f"breakwater unban {attacker}",
                        lambda: self.operator.run("unban", attacker, "--reason", "the demo goes on"))
        self.story.step(f"{attacker} gets 200 from every host again", lambda: wait_open(self.hosts, attacker, seconds=5))


def play(args, story):
    lab = fleet.Fleet()
    demo = Demo(lab, story)
    try:
        demo.fleet(args.packages.resolve())
        demo.web()
        demo.ssh()
        demo.ipv6()
    finally:
        if args.keep:
            print("\n  The lab stays up: ./run lab on control breakwater status; ./run lab down ends it.")
        else:
            story.chapter("5. The end")
            story.step("take everything down", fleet.down)


def main():
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__)
    parser.add_argument("--json", metavar="FILE", help='the steps: {"ok":true,"steps":[{"name","ok","ms"}]}')
    parser.add_argument("--keep", action="store_true", help="leave the lab up")
    parser.add_argument("--packages", type=Path, required=True, help=argparse.SUPPRESS)
    args = parser.parse_args()
    story, ok = Story(), False
    try:
        play(args, story)
        ok = True
        print("\n  One attack, banned on the whole fleet.")
    except LabError as failure:
        print(f"\n  The demo failed: {failure}", file=sys.stderr)
    finally:
        if args.json:
            Path(args.json).write_text(json.dumps({"ok": ok, "steps": story.steps}, indent=1) + "\n")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
