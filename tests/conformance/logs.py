# SPDX-License-Identifier: Apache-2.0
"""The logs of the differential run: real ones, changed samples of fail2ban's package, and generated ones."""

import datetime
import random
import re

from tests.conformance.differential import Log
from tests.conformance.generated import SERVICES, generated_log

LATER = 1893456000  # 2030: no line is later, so one without a date is of now, and not of the line before

MODES = {
    "sshd": ("normal", "ddos", "extra", "aggressive"),
    "postfix": ("more", "normal", "auth", "rbl", "ddos", "errors", "extra", "aggressive"),
    "dovecot": ("normal", "aggressive"),
    "exim": ("normal", "aggressive"),
    "apache-auth": ("normal", "aggressive"),
    "nginx-http-auth": ("normal", "auth", "fallback", "aggressive"),
    "traefik-auth": ("normal", "ddos", "aggressive"),
    "sendmail-reject": ("normal", "extra", "aggressive"),
}
# What reads the logs of a folder of the data; other filters are tried on a sample.
READ_BY = {
    "ssh": ("sshd", "pam-generic", "dropbear", "selinux-ssh", "recidive", "vsftpd", "proftpd", "wuftpd"),
    "web": ("apache-badbots", "apache-botsearch", "apache-fakegooglebot", "apache-pass", "nginx-bad-request",
            "nginx-botsearch", "nginx-http-auth", "php-url-fopen", "traefik-auth", "squid", "lighttpd-auth", "suhosin"),
    "err": ("apache-auth", "apache-botsearch", "apache-modsecurity", "apache-nohome", "apache-noscript",
            "apache-overflows", "apache-shellshock"),
    "mail": ("postfix", "dovecot", "exim", "sendmail-auth", "sendmail-reject", "cyrus-imap", "courier-smtp", "sieve",
             "pam-generic"),
}


def with_modes(names):
    return [(name, {"mode": mode} if mode else {}) for name in names for mode in MODES.get(name, ("",))]


def numbered(content):
    lines = content.split(b"\n")
    return list(enumerate(lines[:-1] if content.endswith(b"\n") else lines, 1))


def sample(lines, most, block=50):
    """Blocks of neighbouring lines, evenly spread: filters remember earlier lines."""
    if most is None or len(lines) <= most:
        return lines
    blocks = [lines[at:at + block] for at in range(0, len(lines), block)]
    wanted = max(1, most // block)
    return [line for index in range(wanted) for line in blocks[index * len(blocks) // wanted]]


def clock_for(content):
    """A day behind the last year that the log names; for one without years, early in 2017."""
    years = [int(year) for year in re.findall(rb"\b(20[0-3]\d)[-/ :]", content)]
    year = max((year for year in years if year <= 2029), default=2016)
    return int(datetime.datetime(year + 1, 1, 2, tzinfo=datetime.timezone.utc).timestamp())


def real_logs(folder, all_filters, most=None, most_of_others=None):
    """Each log below `folder` for the filters that read its kind, and for all others (unless of no line)."""
    for path in sorted(folder.glob("*/*")):
        content = path.read_bytes()
        lines, now, name = numbered(content), clock_for(content), f"{path.parent.name}/{path.name}"
        fitting = [one for one in READ_BY.get(path.parent.name, ()) if one in all_filters]
        yield Log(name, sample(lines, most), with_modes(fitting), now)
        others = [(one, {}) for one in all_filters if one not in fitting]
        if most_of_others != 0:
            yield Log(name, sample(lines, most_of_others), others, now)


def generated_logs(all_filters, lines, seed, steady=False):
    """`steady`: for counting, where the clock is the log's own."""
    for service, readers in SERVICES.items():
        filters = with_modes(one for one in readers if one in all_filters)
        log, end = generated_log(service, lines, seed, steady)
        yield Log(f"generated {service}", list(enumerate(log, 1)), filters, end if steady else LATER)


JUNK = (b"\r", b"\x00", b"\xff", b"\xc3\xa9", b"\xe2\x80\x8b", b"\xc2\xa0", b"\x1b[31m", b"  ", b"\t", b'"', b"'", b"[",
        b"]", b"<", b">", b"198.51.100.1", b" from 198.51.100.1 port 22", b"::ffff:198.51.100.1", b"2001:db8::66",
        b"[198.51.100.1]", b"client: 198.51.100.1, ", b"rhost=198.51.100.1", b"2026-01-01 00:00:00", b"1124013600",
        b"Jan  1 00:00:00 ", b"[01/Jan/2026:00:00:00 +0000]", b"host.example.org", b"user=<x>, rip=198.51.100.1",
        b"sshd[1]: Failed password for x from 198.51.100.1", b"%n%s", b"\\x22")


def changed(line, others, chance):
    """The line with something done to it that an attacker, a program or a disk might do."""
    kind = chance.randrange(8)
    at = chance.randrange(len(line) + 1)
    if kind < 3:
        return line[:at] + chance.choice(JUNK) + line[at:]
    if kind == 3:
        return line[:at] + line[at + 1 + chance.randrange(4):]
    if kind == 4:
        words = line.split(b" ")
        chosen = chance.randrange(len(words))
        words[chosen] = chance.choice((*JUNK, words[chosen] * 2, words[chosen] + b" " + words[chosen], b""))
        return b" ".join(words)
    if kind == 5:
        other = chance.choice(others)
        return line[:at] + other[chance.randrange(len(other) + 1):]
    if kind == 6:
        return line.swapcase() if chance.randrange(2) else line + b" " + chance.choice(others)
    return line[:at]


def changed_samples(runs, times, seed):
    """For each run of a corpus its own samples, each of them also changed `times` over."""
    chance = random.Random(seed)
    for run in runs:
        if run.journal:
            continue
        originals = [check.text for check in run.checks]
        lines = []
        for original in originals:
            lines.append(original)
            lines.extend(changed(original, originals, chance).replace(b"\n", b" ") for _ in range(times))
        yield Log(f"changed samples of {run.title}", list(enumerate(lines, 1)), [(run.filter, run.options)], LATER)
