# SPDX-License-Identifier: Apache-2.0
"""Breakwater on the lab's hosts: programs, units, keys, configuration. As an operator would, by hand.

The configuration is the article's three files, word for word, the project's own defaults and sshd jail (configs/), and
config/ of this folder.
"""

import json
import shutil
from pathlib import Path

from tests.lab import plan
from tests.lab.fleet import each
from tests.lab.shell import LabError, wait_for

ROOT = Path(__file__).resolve().parents[2]
ETC = "/etc/breakwater"
HUB, NODE, TOOL = "breakwater-hub", "breakwater-node", "breakwater"

_NODE_CONF = """[node]
name = {name}
hub = tcp://control:7199
hub_public_key = {hub_key}
docker_root = {docker_root}
"""


def deploy(lab, programs):
    """Installs, enrols and starts everything; again: replaces programs and configuration, keeps keys and state."""
    programs = Path(programs).resolve()
    for program in (HUB, NODE, TOOL):
        if not (programs / program).exists():
            raise LabError(f"{programs}/{program} is not there: ./run build")
    _install(lab.control, programs, (HUB, TOOL))
    each(lab.nodes, lambda host: _install(host, programs, (NODE,)))
    hub_key = _prepare_hub(lab.control)
    keys = each(lab.nodes, lambda host: _prepare_node(host, hub_key))
    for host, key in zip(lab.nodes, keys):
        _enrol(lab.control, host.name, key)
    _start(lab.control, HUB)
    each(lab.nodes, lambda host: _start(host, NODE))
    wait_for("all nodes are connected", lambda: connected(lab), 30)


def connected(lab):
    """True if the hub says that every node of the lab is connected and in step."""
    text = lab.control.on(TOOL, "--output", "json", "nodes", check=False)
    rows = [json.loads(line) for line in text.splitlines()]
    fine = {row["node"] for row in rows if row["state"] == "connected" and row["lag"] == 0}
    return fine >= {host.name for host in lab.nodes}


def set_node_option(host, key, value):
    """One option of node.conf, until unset_node_options()."""
    host.path(f"{ETC}/node.local").write_text(f"[node]\n{key} = {value}\n")


def unset_node_options(host):
    host.path(f"{ETC}/node.local").unlink(missing_ok=True)


def _install(host, programs, names):
    for name in names:
        target = host.path(f"/usr/bin/{name}")
        shutil.copy(programs / name, target.with_suffix(".new"))
        target.with_suffix(".new").rename(target)  # a running program's file cannot be written
    missing = [line.strip() for name in names for line in host.on("ldd", f"/usr/bin/{name}").splitlines()
               if "not found" in line]
    if missing:
        raise LabError(f"the hosts' image lacks libraries, see PACKAGES in tests/lab/image.py: {missing}")
    units = ROOT / "configs/systemd"
    for name in names:
        if (units / f"{name}.service").exists():
            shutil.copy(units / f"{name}.service", host.path("/etc/systemd/system"))
    host.on("systemctl", "daemon-reload")
    _install_configuration(host)


def _install_configuration(host):
    etc = host.path(ETC)
    for source in (ROOT / "configs", ROOT / "tests/fixtures/article", Path(__file__).parent / "config"):
        for part in ("jail.conf", "jail.d", "filter.d", "action.d"):
            if (source / part).is_dir():
                shutil.copytree(source / part, etc / part, dirs_exist_ok=True)
            elif (source / part).exists():
                etc.mkdir(exist_ok=True)
                shutil.copy(source / part, etc / part)


def _keygen(host, program, path):
    """Makes the key pair on the host itself; the secret key never leaves it."""
    if not host.path(path).exists():
        host.on(program, "keygen", path)
    return host.path(path + ".pub").read_text().split()[-1]  # below a comment


def _prepare_hub(control):
    shutil.copy(ROOT / "configs/systemd/breakwater-hub.sysusers", control.path("/etc/breakwater-hub.sysusers"))
    control.on("systemd-sysusers", "/etc/breakwater-hub.sysusers")
    for folder in ("nodes.d", "admins.d"):  # the hub itself may not write below /etc
        control.path(f"{ETC}/{folder}").mkdir(exist_ok=True)
    control.path(f"{ETC}/hub.conf").write_text("[hub]\nname = control\n")
    key = _keygen(control, HUB, f"{ETC}/hub.key")
    control.on("chown", "breakwater-hub:", f"{ETC}/hub.key")
    return key


def _prepare_node(host, hub_key):
    host.path(f"{ETC}/node.conf").write_text(_NODE_CONF.format(
        name=host.name, hub_key=hub_key, docker_root=plan.docker_root(host.name)))
    return _keygen(host, NODE, f"{ETC}/node.key")


def _enrol(control, name, key):
    enrolled = control.path(f"{ETC}/nodes.d/{name}.pub")
    if not enrolled.exists() or enrolled.read_text().split()[-1] != key:
        control.on(HUB, "enrol", name, key, "--config", f"{ETC}/hub.conf")


def _start(host, program):
    host.on("systemctl", "enable", "--quiet", program)
    host.on("systemctl", "restart", program)
