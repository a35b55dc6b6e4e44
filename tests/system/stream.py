# SPDX-License-Identifier: Apache-2.0
"""A stream of attacks, and what gets through: how long each attacker still reaches each host after his attack."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.lab import clients, plan
from tests.system.support import VISITOR4, VISITOR6, Background, KernelView, attack_web, fresh_attacker

_SILENCE = 0.15   # no answer for so long is no answer
_GIVE_UP = 20.0   # an attacker who is not cut by then never is
_MOST_IPV4 = 150  # the range of attackers has no more than 250 addresses


class Stream(Background):
    """A fresh attacker every `every` seconds, at one host after the other, one in four over IPv4.

    Beside it, all the time: attackers who were banned before try every host, and visitors want an answer from it.
    """

    def __init__(self, lab, banned, every=0.4):
        self._hosts = [host.name for host in lab.nodes]
        self._lab, self._banned, self._every = lab, banned, every
        self._lock = threading.Lock()
        self._probes = ThreadPoolExecutor(max_workers=48)
        self.attackers = []
        self.gaps = []       # (seconds, attacker, victim, host)
        self.problems = []   # what must not happen, as text
        self.tries = 0       # of those who were banned before
        self.visits = 0
        super().__init__((self._attack, self._try_banned, self._visit))

    def __exit__(self, *_):
        super().__exit__()
        self._probes.shutdown(wait=True)

    def longest(self):
        """(seconds, attacker, victim, host) of who got through longest."""
        return max(self.gaps)

    def figures(self):
        ordered = sorted(gap for gap, *_ in self.gaps)
        seconds, _, victim, host = self.longest()
        return {"attackers": len(self.attackers), "gap_p50_ms": _ms(ordered[len(ordered) // 2]),
                "gap_p99_ms": _ms(ordered[len(ordered) * 99 // 100]), "gap_max_ms": _ms(seconds),
                "gap_max_of": f"attack on {victim}, seen on {host}", "tries_of_banned": self.tries, "visits": self.visits}

    def lost(self):
        """Attackers that some host's kernel does not hold."""
        return [f"{attacker} on {host.name}" for host in self._lab.nodes for attacker in _missing(host, self.attackers)]

    # --- the threads ------------------------------------------------------------------------------------------------

    def _attack(self):
        for number, victim in enumerate(itertools.cycle(self._hosts)):
            if self.over.wait(self._every):
                return
            attacker = fresh_attacker(ipv6=number % 4 != 0 or number > 4 * _MOST_IPV4)
            try:
                attack_web(victim, attacker)
            except Exception as failure:  # whatever it is, the proof has to tell it
                self.problems.append(str(failure))
                continue
            attacked = time.monotonic()
            self.attackers.append(attacker)
            for host in self._hosts:
                self._probes.submit(self._follow, attacker, victim, host, attacked)

    def _follow(self, attacker, victim, host, attacked):
        """Connects until nobody answers twice in a row; the gap ends with the last answer."""
        last, silent = attacked, 0
        while silent < 2:
            if _answers(host, attacker, _SILENCE):
                last, silent = time.monotonic(), 0
                if last - attacked > _GIVE_UP:
                    break
                time.sleep(0.01)
            else:
                silent += 1
        with self._lock:
            self.gaps.append((last - attacked, attacker, victim, host))

    def _try_banned(self):
        for host, attacker in itertools.cycle(itertools.product(self._hosts, self._banned)):
            if self.over.is_set():
                return
            self.tries += 1
            if _answers(host, attacker, 0.05):
                self.problems.append(f"{attacker}, banned before, got through to {host}")

    def _visit(self):
        for host, visitor in itertools.cycle(itertools.product(self._hosts, (VISITOR4, VISITOR6))):
            if self.over.wait(0.1):
                return
            self.visits += 1
            if clients.get(host, visitor, seconds=3) != 200:
                self.problems.append(f"the visitor {visitor} got no answer from {host}")


class Knocking(Background):
    """Banned attackers knock at one host's ports all the time; notes when somebody was let in, and where."""

    def __init__(self, host_name, banned):
        self._host, self._banned = host_name, banned
        self.tries = 0
        self.let_in = {plan.WEB_PORT: [], 22: []}  # port -> when
        super().__init__(partial(self._knock, attacker, port) for attacker in banned for port in (plan.WEB_PORT, 22))

    def open_ms(self, port):
        """From the first to the last time that one of them was let in."""
        times = self.let_in[port]
        return _ms(max(times) - min(times)) if times else 0

    def _knock(self, attacker, port):
        while not self.over.wait(0.01):
            self.tries += 1
            if _answers(self._host, attacker, 0.05, port):
                self.let_in[port].append(time.monotonic())


def _answers(host_name, source, seconds, port=plan.WEB_PORT):
    try:
        clients.connect(host_name, source, port, seconds).close()
        return True
    except OSError:
        return False


def _missing(host, attackers):
    held = {line.split()[2] for line in KernelView.sets(host).splitlines() if line.startswith("add ")}
    return [attacker for attacker in attackers if attacker not in held]


def _ms(seconds):
    return round(seconds * 1000, 1)
