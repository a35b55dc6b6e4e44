#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ansible/ is sound on paper: lint, syntax, every input has its specification and its default, only builtin modules."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ANSIBLE = ROOT / "ansible"
ROLES = sorted(path.name for path in (ANSIBLE / "roles").iterdir())
PLAYBOOKS = sorted(ANSIBLE.glob("*.yml"))


def run(*command):
    """Exit code and output; whatever Ansible writes goes to a folder that is removed."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "HOME": home, "ANSIBLE_HOME": home, "XDG_CACHE_HOME": home, "NO_COLOR": "1",
                       "ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(command, cwd=ANSIBLE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, env=environment)
    return done.returncode, done.stdout


def yaml(path):
    """Read by the Python that Ansible itself runs on: ours may have no yaml module."""
    with open(shutil.which("ansible-playbook"), encoding="utf-8") as program:
        python = program.readline().removeprefix("#!").strip()
    done = subprocess.run([python, "-c", "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))", path],
                          stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


class Ansible(unittest.TestCase):
    def test_linters_are_content(self):
        for command in (["yamllint", "--strict", "."], ["ansible-lint", "--offline", "-q", "--nocolor"]):
            code, output = run(*command)
            self.assertEqual(code, 0, f"{command[0]}:\n{output}")

    def test_playbooks_parse(self):
        for playbook in PLAYBOOKS:
            code, output = run("ansible-playbook", "-i", "inventory/example", "--syntax-check", str(playbook))
            self.assertEqual(code, 0, f"{playbook.name}:\n{output}")

    def test_every_input_has_its_specification_with_the_same_default(self):
        for role in ROLES:
            defaults = yaml(ANSIBLE / "roles" / role / "defaults/main.yml")
            options = yaml(ANSIBLE / "roles" / role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
            self.assertEqual({name: option["default"] for name, option in options.items()}, defaults, role)
            for name, option in options.items():
                self.assertTrue(option.get("description"), f"{name} has no description")

    def test_inputs_bear_the_name_of_their_role(self):
        for role in ROLES:
            for name in yaml(ANSIBLE / "roles" / role / "defaults/main.yml"):
                self.assertTrue(name.startswith(role + "_"), f"{name} of role {role}")

    def test_the_readme_names_every_input(self):
        readme = (ANSIBLE / "README.md").read_text()
        for role in ROLES:
            for name in yaml(ANSIBLE / "roles" / role / "defaults/main.yml"):
                self.assertIn(f"`{name}`", readme)

    def test_modules_are_ansibles_own(self):
        for path in [*PLAYBOOKS, *(ANSIBLE / "roles").rglob("*.yml")]:
            for module in re.findall(r"^\s+([a-z_]+\.[a-z_]+\.[a-z_]+):", path.read_text(), re.MULTILINE):
                self.assertTrue(module.startswith("ansible.builtin."), f"{path}: {module}")

    def test_the_version_is_the_projects(self):
        version = re.search(r"project\(breakwater VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
        self.assertEqual(yaml(ANSIBLE / "roles/common/defaults/main.yml")["common_version"], f"{version}-1")

    def test_no_task_reads_a_secret_key(self):
        readers = r"(slurp|fetch|cat|grep|head|lookup)\b.*\.key(?!\S*\.pub)(\s|$|'|\")"
        for path in [*PLAYBOOKS, *(ANSIBLE / "roles").rglob("*.yml")]:
            for line in path.read_text().splitlines():
                self.assertNotRegex(line, readers, str(path))


if __name__ == "__main__":
    missing = [name for name in ("ansible-lint", "ansible-playbook", "yamllint") if shutil.which(name) is None]
    if missing:
        print(f"SKIPPED: not installed: {' '.join(missing)} (./run deps)")
        sys.exit(77)
    unittest.main(verbosity=2)
