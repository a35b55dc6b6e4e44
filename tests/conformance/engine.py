# SPDX-License-Identifier: Apache-2.0
"""Our engine, asked as a user would: breakwater-node test-filter.

An engine has `name` and `answers(run)`: for each line of the run one object as `test-filter --output json` prints it.
"""

import json
import pathlib
import subprocess
import tempfile

from tests.conformance.corpus import option_text


class Refused(Exception):
    """The filter does not run at all; says why."""


class Breakwater:
    name = "breakwater"

    def __init__(self, program, filters, now, timezone):
        self._program = str(program)
        self._folder = folder_with(filters)
        self._now = now
        self._timezone = timezone

    def answers(self, run):
        if run.journal:
            lines = [self._journal_entry(check.text) for check in run.checks]
        else:
            lines = [check.text for check in run.checks]
        # Names count as hosts here, as they do in fail2ban's own test; none is resolved.
        return self.ask(option_text(run.filter, run.options), lines, "journal-json" if run.journal else "file",
                        "--usedns", "yes")

    def ask(self, spec, lines, log_format, *more):
        command = [self._program, "test-filter", spec, "-", "--config-dir", self._folder.name, "--filter-dir",
                   self._folder.name, "--now", str(self._now), "--timezone", self._timezone, "--format", log_format,
                   "--output", "json", *more]
        done = subprocess.run(command, input=b"".join(line + b"\n" for line in lines), capture_output=True)
        if done.returncode != 0:
            said = last_line(done.stderr).replace(self._folder.name + "/", "")
            raise Refused(said or f"test-filter ended with {done.returncode}")
        answers = [json.loads(text) for text in done.stdout.decode("utf-8", "replace").splitlines()]
        if [answer.get("line") for answer in answers] != list(range(1, len(lines) + 1)):
            raise Refused(f"test-filter gave {len(answers)} answers to {len(lines)} lines")
        return answers

    def _journal_entry(self, text):
        # fail2ban puts host, program and pid of an entry before its message; the samples have them there already.
        return json.dumps({"__REALTIME_TIMESTAMP": str(self._now * 1_000_000),
                           "MESSAGE": text.decode("utf-8", "replace")}).encode()


def folder_with(filters):
    """A folder that has `filters` as its filter.d, for as long as the object lives."""
    folder = tempfile.TemporaryDirectory(prefix="conformance-")
    (pathlib.Path(folder.name) / "filter.d").symlink_to(pathlib.Path(filters).resolve())
    return folder


def last_line(output):
    lines = [line for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""
