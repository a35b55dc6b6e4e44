# SPDX-License-Identifier: Apache-2.0
"""What happened to one attacker, in milliseconds since the log line that was one too many.

Pieced together from what dockerd or sshd wrote, from the nodes' journals and from the hub's ledger. All hosts of the lab
share one clock. A journal's time is when the message reached it: a little late.
"""

import calendar
import json
import time

from tests.lab.shell import LabError, wait_for


def to_ns(text):
    """RFC 3339 in UTC, with 0 to 9 digits of a second's fraction."""
    whole, _, fraction = text.removesuffix("Z").removesuffix("+00:00").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 10**9 + int(fraction.ljust(9, "0"))


def log_lines(host, attacker, container):
    """Times of the lines about the attacker: in the container's log, or in the host's auth.log. Nanoseconds."""
    if container is None:
        lines = host.path("/var/log/auth.log").read_text().splitlines()
        return [to_ns(line.split(" ", 1)[0]) for line in lines if f" {attacker} " in line]
    path = host.on("docker", "inspect", "--format", "{{.LogPath}}", container)
    records = [json.loads(line) for line in host.path(path).read_text().splitlines()]
    return [to_ns(record["time"]) for record in records if record["log"].startswith(f"{attacker} ")]


def announced(host, attacker):
    """When the node first told its journal of the ban; nanoseconds, None if it has not."""
    for line in host.on("journalctl", "--unit", "breakwater-node", "--output", "json", "--no-pager").splitlines():
        entry = json.loads(line)
        # A message that is not plain text arrives as a list of bytes; ours always is.
        if isinstance(entry["MESSAGE"], str) and f"ban who={attacker} " in entry["MESSAGE"]:
            return int(entry["__REALTIME_TIMESTAMP"]) * 1000
    return None


def decided_at(operator, attacker):
    """When the hub decided, by its own account, which is in whole milliseconds; nanoseconds."""
    bans = [row["decided_at"] for row in operator.rows("why", attacker)
            if row["type"] == "decision" and row["op"] == "ban"]
    return min(bans) * 10**6 if bans else None


def timeline(lab, operator, attacker, victim, container):
    """[(what, ms)] in order of time. `container` None: the attack was on the host's sshd."""
    banned = {host.name: wait_for(f"{host.name} tells of the ban", lambda h=host: announced(h, attacker))
              for host in lab.nodes}
    at_home = banned.pop(victim)
    before = [t for t in log_lines(lab[victim], attacker, container) if t <= at_home]
    if not before:
        raise LabError(f"no line about {attacker} in {victim}'s log")
    written = max(before)
    # A node bans at home before it tells the hub: a time that was cut to the millisecond must not say otherwise.
    decided = max(at_home, wait_for("the hub's decision", lambda: decided_at(operator, attacker)))
    events = [("line written on " + victim, written), ("banned on " + victim, at_home), ("decided by the hub", decided)]
    events += [("enforced on " + name, when) for name, when in banned.items()]
    return [(what, (when - written) / 1e6) for what, when in sorted(events, key=lambda event: event[1])]
