# SPDX-License-Identifier: Apache-2.0
"""Logs for those who have no real ones: a web server's and sshd's, the same bytes for the same seed.

Real logs (see corpora.py) are to be preferred: they hold what nobody thinks of.
"""

import ipaddress
import json
import random
import time

START = 1767225600  # 2026-01-01T00:00:00Z
RATE = 500  # lines a second of the log's time

AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (compatible; Examplebot/2.1; +http://www.example.org/bot.html)",
    "Tiny RSS/1.11 (http://rss.example.org/)",
    "curl/8.5.0",
)
PAGES = ("/", "/blog/{}/how-to-brew-tea", "/static/css/site.min.css?v={}", "/images/photo-{}.jpg", "/favicon.ico",
         "/api/v1/items?page={}&sort=name", "/robots.txt", "/projects/{}/", "/login", "/files/report%20{}.pdf",
         "/search?q=term{}", "/wp-content/uploads/{}.png", "/admin/")
ATTACKS = (("POST", "/wp-login.php", 200), ("POST", "/xmlrpc.php", 200), ("GET", "/wp-login.php", 404),
           ("POST", "/join_form", 302), ("POST", "/blog/login_form", 200))
REFERERS = ("-", "https://search.example.com/", "http://blog.example.org/2026/how-to-brew-tea")
NAMES = ("root", "admin", "test", "oracle", "ubuntu", "git", "postgres", "user")
BURST = 8  # attack lines of one address


class Sources:
    """Addresses: visitors come and go, an attacker stays for BURST lines."""

    def __init__(self, chance):
        self._chance = chance
        self._visitors = [self._new() for _ in range(3000)]
        self._attackers = [[self._new(), 0] for _ in range(20)]

    def _new(self):
        while True:
            address = ipaddress.ip_address(self._chance.getrandbits(32))
            if address.is_global:
                return str(address)

    def visitor(self):
        return self._chance.choice(self._visitors)

    def attacker(self):
        slot = self._chance.randrange(len(self._attackers))
        if self._attackers[slot][1] == BURST:
            self._attackers[slot] = [self._new(), 0]
        self._attackers[slot][1] += 1
        return self._attackers[slot][0]


def web_line(chance, sources, attack, when):
    date = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(when))
    if attack:
        method, path, status = chance.choice(ATTACKS)
        who = sources.attacker()
    else:
        method, path, status = "GET", chance.choice(PAGES).format(chance.randrange(10000)), 200
        who = sources.visitor()
    return (f'{who} - - [{date}] "{method} {path} HTTP/1.1" {status} {chance.randrange(100, 50000)} '
            f'"{chance.choice(REFERERS)}" "{chance.choice(AGENTS)}"')


def sshd_line(chance, sources, attack, when):
    date = time.strftime("%b %e %H:%M:%S", time.gmtime(when))
    pid, port = chance.randrange(1000, 99999), chance.randrange(1024, 65000)
    if attack:
        user, who = chance.choice(NAMES), sources.attacker()
        text = chance.choice((
            f"Failed password for {user} from {who} port {port} ssh2",
            f"Failed password for invalid user {user} from {who} port {port} ssh2",
            f"Invalid user {user} from {who} port {port}",
            f"Received disconnect from {who} port {port}:11: Bye Bye [preauth]",
        ))
        return f"{date} host1 sshd[{pid}]: {text}"
    user, who = "deploy", sources.visitor()
    return f"{date} host1 " + chance.choice((
        f"sshd[{pid}]: Accepted publickey for {user} from {who} port {port} ssh2: RSA SHA256:abc",
        f"sshd[{pid}]: pam_unix(sshd:session): session opened for user {user}(uid=1000) by (uid=0)",
        f"CRON[{pid}]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
        f"CRON[{pid}]: pam_unix(cron:session): session closed for user root",
        f"systemd[1]: session-{pid}.scope: Deactivated successfully.",
    ))


def docker_record(line, when):
    """As dockerd's json-file driver writes it: Go's escapes."""
    text = json.dumps(line + "\n", ensure_ascii=False)
    for plain in "<>&":
        text = text.replace(plain, f"\\u{ord(plain):04x}")
    clock = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(when)) + f".{int(when % 1 * 1e9):09d}"
    return f'{{"log":{text},"stream":"stdout","time":"{clock}Z"}}\n'


def write(make_line, attacks, size, seed, plain_path, docker_path=None):
    """About `size` bytes of the log that counts: docker's if there is one. Returns the number of lines."""
    chance = random.Random(seed)
    sources = Sources(chance)
    lines = written = 0
    when = float(START)
    with open(plain_path, "w") as plain, open(docker_path or "/dev/null", "w") as docker:
        while written < size:
            when += chance.expovariate(RATE)
            line = make_line(chance, sources, chance.random() < attacks, when)
            plain.write(line + "\n")
            record = docker_record(line, when) if docker_path else line + "\n"
            if docker_path:
                docker.write(record)
            written += len(record)
            lines += 1
    return lines
