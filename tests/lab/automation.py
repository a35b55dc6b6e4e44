# SPDX-License-Identifier: Apache-2.0
"""The operator's Ansible: ansible-playbook over SSH, from the lab's operator namespace.

It runs on this machine, but reaches the lab's hosts only. All that it writes is below plan.OPERATOR_FILES: facts,
temporary files, its connections' sockets. Which hosts there are is told by an inventory made here.
"""

import json
import os
import re
import subprocess
from pathlib import Path

from tests.lab import network, plan
from tests.lab.host import operator_key
from tests.lab.shell import LabError, run

ANSIBLE = Path(__file__).resolve().parents[2] / "ansible"


class Recap:
    """What ansible-playbook said at its end: {host: {"ok": n, "changed": n, ...}}, and all of its output."""

    def __init__(self, code, output):
        self.code, self.output = code, output
        lines = re.findall(r"^(\S+)\s+: (ok=.*)$", output, re.MULTILINE)
        self.hosts = {host: {key: int(n) for key, n in re.findall(r"(\w+)=(\d+)", counts)} for host, counts in lines}

    @property
    def ok(self):
        return self.code == 0

    @property
    def changed(self):
        return sum(counts["changed"] for counts in self.hosts.values())

    def changes(self):
        """The tasks that changed something, for a failure's text."""
        task, found = "", []
        for line in self.output.splitlines():
            if line.startswith(("TASK [", "RUNNING HANDLER [")):
                task = line.rstrip("* ")
            elif line.startswith("changed:"):
                found.append(f"{task} {line}")
        return found


class Operator:
    """Makes the inventory from `variables` (of all hosts) and plays playbooks against it."""

    def __init__(self, lab, variables):
        self._lab = lab
        self.inventory = plan.OPERATOR_FILES / "inventory.yml"
        self.known_hosts = plan.OPERATOR_FILES / "known_hosts"
        plan.OPERATOR_FILES.mkdir(parents=True, exist_ok=True)
        (plan.OPERATOR_FILES / "cp").mkdir(exist_ok=True)
        self.known_hosts.write_text("".join(f"{h.name},{plan.address4(h.name)} {_host_key(h)}\n" for h in lab.all))
        self.write_inventory(variables)

    def write_inventory(self, variables):
        def hosts(members):
            return {"hosts": {host.name: {"ansible_host": plan.address4(host.name)} for host in members}}
        ssh = {"ansible_user": plan.ADMIN, "ansible_ssh_private_key_file": str(operator_key()),
               "ansible_ssh_common_args": f"-F none -o UserKnownHostsFile={self.known_hosts} -o StrictHostKeyChecking=yes"}
        tree = {"all": {"vars": {**ssh, **variables},
                        "children": {"hub": hosts([self._lab.control]), "nodes": hosts(self._lab.nodes)}}}
        self.inventory.write_text(json.dumps(tree, indent=1))

    def play(self, playbook, *options, check=True):
        """Runs ansible/PLAYBOOK; with check a LabError if it fails."""
        command = network.inside(plan.OPERATOR, "ansible-playbook", "-i", str(self.inventory), *options,
                                 str(ANSIBLE / playbook))
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", env=self._environment())
        recap = Recap(done.returncode, done.stdout)
        with open(plan.OPERATOR_FILES / "ansible.log", "a", encoding="utf-8") as log:
            log.write(f"\n##### {' '.join(command)}\n{done.stdout}")
        if check and not recap.ok:
            raise LabError(f"ansible-playbook {playbook} {' '.join(options)}: exit code {recap.code}\n{_tail(recap)}")
        return recap

    def close(self):
        """Ends the connections that ssh keeps for a while."""
        for path in (plan.OPERATOR_FILES / "cp").iterdir():
            run(["ssh", "-F", "none", "-o", f"ControlPath={path}", "-O", "exit", "none"], check=False)

    def _environment(self):
        files = plan.OPERATOR_FILES
        kept = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "TERM") if key in os.environ}
        return {**kept, "LC_ALL": "C.UTF-8", "HOME": str(files), "ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"),
                "ANSIBLE_HOME": str(files / "home"), "ANSIBLE_LOCAL_TEMP": str(files / "tmp"),
                "ANSIBLE_SSH_CONTROL_PATH_DIR": str(files / "cp"), "ANSIBLE_NOCOLOR": "1"}


def _host_key(host):
    return " ".join(host.path("/etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[:2])


def _tail(recap):
    """The failures and the recap: what a person looks for."""
    wanted = re.findall(r"^(?:fatal|failed|ERROR).*$|^.*\"msg\":.*$", recap.output, re.MULTILINE)
    return "\n".join([*wanted[-12:], *recap.output.splitlines()[-8:]])
