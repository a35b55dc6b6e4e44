# SPDX-License-Identifier: Apache-2.0
"""The logs of `bench scan`, kept from run to run in a folder of the build.

With --data DIR (../shared/data if it is there) they are made by DIR/make_corpus.py from real logs: sessions of real
visitors and attackers in their own order, shuffled by a seed. Without, by own_logs.py. In both an attack line of the
web log is one that the first filter of web-filters.list finds, and no filter finds any other line: so a log has the
same hits however many filters read it.
"""

import dataclasses
import hashlib
import json
import pathlib
import subprocess
import sys

import own_logs
import web_filters

SEED = 42
SLICE = 50_000  # lines kept of the plain twin, for programs that are too slow for all of it
# Shares of lines that sshd's stock filter finds, as a failure or as part of a connection: of the attackers' in the real
# logs, of the others' in our own.
SSHD_FOUND = 0.779
OWN_SSHD_LOGINS = 0.2


class CorpusError(Exception):
    pass


@dataclasses.dataclass
class Corpus:
    log: pathlib.Path  # all of it: docker's records, or plain
    plain: pathlib.Path  # the first SLICE lines, plain
    docker: bool
    lines: int
    bytes: int
    origin: str

    def slice(self, lines, plain):
        """A log of its first lines, made when first asked for."""
        whole = self.plain if plain else self.log
        path = whole.with_name(f"{whole.stem}.{lines}{whole.suffix}")
        if not path.exists():
            with open(whole, "rb") as source, open(path, "wb") as target:
                for _ in range(min(lines, self.lines)):
                    target.write(source.readline())
        return path


class Corpora:
    def __init__(self, folder, data):
        self._folder = folder
        self._data = data if data and (data / "make_corpus.py").is_file() else None
        folder.mkdir(parents=True, exist_ok=True)

    def web(self, hits, size):
        return self._kept("web", hits, size, docker=True)

    def sshd(self, hits, size):
        return self._kept("sshd", hits, size, docker=False)

    def _kept(self, what, hits, size, docker):
        origin = "real" if self._data else "own"
        kind = f"{what}-{hits * 100:g}pct-{size >> 10}k-seed{SEED}-{origin}"
        name = f"{kind}-{self._fingerprint()}"
        log = self._folder / (name + ("-json.log" if docker else "-all.log"))
        plain, about = self._folder / f"{name}.log", self._folder / f"{name}.about"
        if not about.exists():
            print(f"making {log.name}", file=sys.stderr)
            for old in self._folder.glob(f"{kind}-*"):
                old.unlink()
            whole = self._folder / f"{name}.whole" if docker else log
            make = self._from_real_logs if self._data else self._made_up
            lines = make(what, hits, size, whole, log if docker else None)
            _head(whole, plain)
            if docker:
                whole.unlink()
            about.write_text(json.dumps({"lines": lines, "bytes": log.stat().st_size}))
        return Corpus(log, plain, docker, **json.loads(about.read_text()), origin=origin)

    def _made_up(self, what, hits, size, plain, docker):
        if what == "web":
            return own_logs.write(own_logs.web_line, hits, size, SEED, plain, docker)
        attacks = (hits - OWN_SSHD_LOGINS) / (1 - OWN_SSHD_LOGINS)
        return own_logs.write(own_logs.sshd_line, attacks, size, SEED, plain)

    def _fingerprint(self):
        """Of what a corpus is made by."""
        makers = [pathlib.Path(__file__), pathlib.Path(own_logs.__file__), web_filters.LIST]
        if self._data:
            makers.append(self._data / "make_corpus.py")
        return hashlib.sha256(b"".join(path.read_bytes() for path in makers)).hexdigest()[:8]

    # --- from real logs ---------------------------------------------------------------------------------------------

    def _from_real_logs(self, what, hits, size, plain, docker):
        attack, benign = self._web_inputs() if what == "web" else self._sshd_inputs()
        share = hits if what == "web" else hits / SSHD_FOUND
        out = docker or plain
        words = [sys.executable, self._data / "make_corpus.py", "--out", out, "--size", size, "--seed", SEED,
                 "--attack-share", share, "--attack", attack, "--benign", benign]
        words += ["--plain", plain] if docker else ["--format", "plain"]
        pool = self._data / "lists" / "ipsum_level1.txt"
        if pool.is_file():
            words += ["--ip-pool", pool]
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
        if done.returncode != 0:
            raise CorpusError(f"make_corpus.py: {done.stderr.strip()[-500:]}")
        return json.loads(done.stdout.splitlines()[-1])["lines"]

    def _web_inputs(self):
        filters = web_filters.read()
        first, rest = web_filters.core_pattern(filters[:1]), web_filters.core_pattern(filters[1:])
        attack, benign = [], []
        for line in self._lines_of("web"):
            if first.search(line):
                attack.append(line)
            elif not rest.search(line):
                benign.append(line)
        return self._inputs("web", attack, benign)

    def _sshd_inputs(self):
        """Brute force from one log; from the other what a host logs besides, logins and cron."""
        attack = self._lines_of("ssh/OpenSSH_2k.log")
        benign = [line for line in self._lines_of("ssh/drillworkshop_auth.log")
                  if b" sshd[" not in line or b"Accepted" in line or b"session" in line]
        return self._inputs("sshd", attack, benign)

    def _lines_of(self, name):
        path = self._data / "logs" / name
        if not path.exists():
            raise CorpusError(f"{path} is not there")
        files = sorted(path.glob("*.log")) if path.is_dir() else [path]
        return [line for file in files for line in file.read_bytes().splitlines(keepends=True)]

    def _inputs(self, name, attack, benign):
        paths = self._folder / f"{name}-attack.txt", self._folder / f"{name}-benign.txt"
        for path, lines in zip(paths, (attack, benign)):
            path.write_bytes(b"".join(lines))
        return paths


def _head(source, target):
    with open(source, "rb") as whole, open(target, "wb") as first:
        for _ in range(SLICE):
            first.write(whole.readline())
