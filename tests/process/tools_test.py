#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""breakwater-node test-filter and replay, as a filter's author runs them: hostile logs, pipes, terminals, no root.

usage: tools_test.py BIN_DIR
"""

import json
import os
import pty
import random
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

try:
    from fail2ban.server.banmanager import BanManager
    from fail2ban.server.failmanager import FailManager
    from fail2ban.server.mytime import MyTime
    from fail2ban.server.ticket import BanTicket, FailTicket
except ImportError:
    FailManager = None

PROGRAM = Path()
NOBODY = 65534
FILTER = r"^\s*bad <F-USER>\S*</F-USER> ?from <HOST>"
RECORD = '{"log":"%s\\n","stream":"stdout","time":"2026-01-01T00:00:00.5Z"}\n'

# Name -> bytes; what a filter's author may get to see, and what a stranger may write.
HOSTILE = {
    "empty": b"",
    "a line end": b"\n",
    "no line end": b"bad joe from 192.0.2.7",
    "CRLF": b"bad joe from 192.0.2.7\r\n" * 3,
    "all bytes": bytes(range(256)) * 20,
    "invalid UTF-8": b"bad \xff\xfe\xc3 from 192.0.2.7\n\xed\xa0\x80\xf4\x90\x80\x80\n" * 10,
    "NULs": b"\0" * 5000 + b"bad \0 from 192.0.2.7\n\0\n" + b"\0" * 5000,
    "a line of 1 MB": b"bad joe from 192.0.2.7 " + b"x" * 1_000_000 + b"\nbad joe from 192.0.2.7\n",
    "1 MB of bad bytes": b"\xff" * 1_000_000,
    "3 MB without a line end": b"A " * 1_500_000,
    "control characters": b"\x1b[2J\x07bad \x1b]0;x\x07 from 192.0.2.7\n",
    "JSON that never ends": b'{"log":"' * 50_000 + b"\n" + b'{"MESSAGE":' * 50_000,
    "records and rubbish": (RECORD % "bad joe from 192.0.2.7").encode() + b"torn{\n\n" + b'{"log":"x","time":1}\n',
    "odd escapes": RECORD.encode() % rb"bad \ud800\udc00\ud800 \u0000 from 192.0.2.7",
    "dates that are none": b"2026-02-31 25:61:61 bad joe from 192.0.2.7\n99999999999999999999 bad joe from 192.0.2.8\n",
}


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="breakwater-tools-"))
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "filter.d").mkdir()
        (self.folder / "filter.d/own.conf").write_text(f"[Definition]\nfailregex = {FILTER}\n")
        self.jails("[own]\nenabled = true\nbackend = docker\nlogpath = /var/log/own.log\nmaxretry = 1\n")

    def jails(self, text):
        text = text.replace("backend = docker\n", "")  # the log is named, so no container is asked for
        (self.folder / "jail.conf").write_text(text)

    def log(self, data, name="own.log"):
        path = self.folder / name
        path.write_bytes(data)
        return str(path)

    def words(self, *more):
        return [str(PROGRAM), more[0], *more[1:], "--config-dir", str(self.folder), "--filter-dir", str(self.folder),
                "--now", "1793588645", "--timezone", "UTC"]

    def run_words(self, *more, **how):
        return subprocess.run(self.words(*more), capture_output=True, timeout=120, **how)

    def objects(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.decode("utf-8", "strict").splitlines()]


class HostileLogs(Case):
    def test_test_filter_answers_in_json_whatever_comes(self):
        for name, data in HOSTILE.items():
            for form in ("auto", "file", "docker", "journal-json"):
                with self.subTest(name, form=form):
                    answers = self.objects(self.run_words("test-filter", "own", self.log(data), "--output", "json",
                                                          "--format", form))
                    self.assertLessEqual(len({tuple(answer) for answer in answers}), 1, "the same keys in each")
                    if form == "file":
                        *_, last = data.split(b"\n")
                        lines = data.count(b"\n") + bool(last.strip(b"\0"))
                        self.assertEqual([answer["line"] for answer in answers], list(range(1, lines + 1)))

    def test_the_table_is_text_whatever_comes(self):
        for name, data in HOSTILE.items():
            with self.subTest(name):
                done = self.run_words("test-filter", "own", self.log(data), "--print-missed", "--explain")
                self.assertEqual(done.returncode, 0, done.stderr)
                text = done.stdout.decode("utf-8", "strict")
                self.assertFalse({c for c in text if ord(c) < 32 or 127 <= ord(c) < 160} - {"\n"})

    def test_replay_ends_with_a_summary_whatever_comes(self):
        for name, data in HOSTILE.items():
            for form in ("auto", "file", "docker", "journal-json"):
                with self.subTest(name, form=form):
                    answers = self.objects(self.run_words("replay", "--jail", "own", self.log(data), "--output", "json",
                                                          "--format", form))
                    self.assertEqual(list(answers[-1]), ["summary"])
                    self.assertEqual(answers[-1]["summary"]["bytes"], len(data))

    def test_both_find_the_same(self):
        for name, data in HOSTILE.items():
            with self.subTest(name):
                log = self.log(data)
                tried = self.objects(self.run_words("test-filter", "own", log, "--output", "json"))
                replayed = self.objects(self.run_words("replay", "--jail", "own", log, "--output", "json"))
                self.assertEqual(replayed[-1]["summary"]["offences"],
                                 sum(answer["matched"] and answer["address"] is not None for answer in tried))


class BadInput(Case):
    def said(self, status, *words):
        done = self.run_words(*words)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr.decode()

    def test_a_folder(self):
        for verb in (["test-filter", "own"], ["replay", "--jail", "own"]):
            self.assertIn("is a directory", self.said(1, *verb, str(self.folder)))

    def test_a_file_that_is_not_there(self):
        for verb in (["test-filter", "own"], ["replay", "--jail", "own"]):
            self.assertIn("/nowhere/x.log: No such file", self.said(1, *verb, "/nowhere/x.log"))

    @unittest.skipUnless(os.geteuid() == 0, "SKIPPED: needs root to become nobody")
    def test_a_file_that_must_not_be_read(self):
        log = self.log(b"x\n")
        os.chmod(log, 0)
        done = self.run_words("test-filter", "own", log, user=NOBODY, group=NOBODY, extra_groups=[])
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"Permission denied", done.stderr)

    def test_a_filter_that_is_not_there(self):
        said = self.said(78, "test-filter", "owm", "x")
        self.assertIn('filter "owm" does not exist', said)
        self.assertIn("did you mean own?", said)

    def test_a_filter_that_does_not_compile(self):
        (self.folder / "filter.d/wrong.conf").write_text("[Definition]\nfailregex = ^a <HOST>\n ^b( <HOST>\n")
        self.assertIn("wrong.conf:3: ", self.said(78, "test-filter", "wrong", "x"))

    def test_a_zone_that_is_none(self):
        done = self.run_words("test-filter", "own", "x", "--timezone", "Europe/Nowhere")
        self.assertNotEqual(done.returncode, 0)

    def test_no_jail_configuration_at_all(self):
        (self.folder / "jail.conf").unlink()
        self.assertIn("no jail.conf", self.said(78, "replay", self.log(b"x\n")))


class WithoutRoot(Case):
    @unittest.skipUnless(os.geteuid() == 0, "SKIPPED: is not root")
    def test_both_need_none(self):
        program = self.folder / "breakwater-node"
        shutil.copy(PROGRAM, program)
        log = self.log(b"bad joe from 192.0.2.7\n")
        for verb in (["test-filter", "own"], ["replay", "--jail", "own"]):
            words = self.words(*verb, log, "--output", "json")
            done = subprocess.run([str(program), *words[1:]], capture_output=True, user=NOBODY, group=NOBODY,
                                  extra_groups=[], timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"192.0.2.7", done.stdout)


class Pipes(Case):
    def test_a_line_is_answered_before_the_next_comes(self):
        running = subprocess.Popen(self.words("test-filter", "own", "-", "--output", "json", "--format", "file"),
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with running:
            for number in (1, 2):
                running.stdin.write(b"bad joe from 192.0.2.7\n")
                running.stdin.flush()
                ready, _, _ = select.select([running.stdout], [], [], 60)
                self.assertTrue(ready)
                self.assertEqual(json.loads(running.stdout.readline())["line"], number)
            running.stdin.close()
            self.assertEqual(running.wait(60), 0)

    def test_a_reader_that_has_enough_ends_it(self):
        log = self.log(b"bad joe from 192.0.2.7\n" * 200_000)
        running = subprocess.Popen(self.words("test-filter", "own", log, "--output", "json"), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        running.stdout.readline()
        running.stdout.close()
        _, said = running.stderr.read(), running.wait(60)
        running.stderr.close()
        self.assertNotEqual(said, 0)


class Terminals(Case):
    def stderr_on_a_terminal(self, words):
        ours, theirs = pty.openpty()
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=theirs) as running:
            os.close(theirs)
            seen = b""
            while True:
                try:
                    piece = os.read(ours, 4096)
                except OSError:  # EIO: nobody has the other end any more
                    break
                if not piece:
                    break
                seen += piece
            running.wait(60)
        os.close(ours)
        return seen

    def test_a_bar_shows_progress_on_a_terminal_only(self):
        log = self.log(b"something else from 192.0.2.7\n" * 500_000)
        words = self.words("replay", "--jail", "own", log)
        self.assertIn(b"%", self.stderr_on_a_terminal(words))
        self.assertNotIn(b"%", subprocess.run(words, capture_output=True, timeout=120).stderr)


@unittest.skipIf(FailManager is None, "SKIPPED: fail2ban is not installed")
class SameAsFail2ban(Case):
    """Bans of fail2ban's own FailManager and BanManager, its clock set to each offence in turn."""

    def theirs(self, offences, maxretry, findtime, bantime):
        failures, bans, banned = FailManager(), BanManager(), []
        failures.setMaxRetry(maxretry)
        failures.setMaxTime(findtime)
        bans.setBanTime(bantime)
        for when, who in offences:
            MyTime.setTime(when)
            failures.cleanup(when)
            bans.unBanList(when)
            if failures.addFailure(FailTicket(who, when, [])) < maxretry:
                continue
            ticket = BanTicket.wrap(failures.toBan(who))
            if bans.addBanTicket(ticket):
                banned.append((who, ticket.getTime(), ticket.getRetry()))
        MyTime.setTime(None)
        return banned

    def ours(self, offences, maxretry, findtime, bantime):
        self.jails(f"[own]\nenabled = true\nlogpath = /var/log/own.log\nmaxretry = {maxretry}\nfindtime = {findtime}\n"
                   f"bantime = {bantime}\n")
        lines = "".join(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(when)) + f" bad joe from {who}\n"
                        for when, who in offences)
        answers = self.objects(self.run_words("replay", self.log(lines.encode()), "--output", "json"))
        return [(ban["address"], ban["time"], ban["count"]) for ban in answers[:-1]]

    def test_bans_at_the_same_second(self):
        bans = 0
        for seed in range(15):
            dice = random.Random(seed)
            maxretry, findtime, bantime = dice.choice([1, 2, 3, 5, 10]), dice.choice([30, 60, 600]), dice.choice(
                [1, 30, 600, 100_000, -1])
            when, offences = 1_600_000_000, []
            for _ in range(600):
                when += dice.choice([0, 0, 1, 1, 2, 5, dice.randrange(60), dice.randrange(findtime * 2)])
                offences.append((when, f"192.0.2.{dice.randrange(1, 9)}"))
            with self.subTest(seed=seed, maxretry=maxretry, findtime=findtime, bantime=bantime):
                theirs = self.theirs(offences, maxretry, findtime, bantime)
                bans += len(theirs)
                self.assertEqual(self.ours(offences, maxretry, findtime, bantime), theirs)
        self.assertGreater(bans, 250)


def main():
    global PROGRAM
    PROGRAM = Path(sys.argv.pop(1)) / "breakwater-node"
    unittest.main()


if __name__ == "__main__":
    main()
