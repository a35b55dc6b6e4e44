# SPDX-License-Identifier: Apache-2.0
"""Breakwater on the lab's hosts: packages, keys, configuration. As an operator would, by hand (docs/operations.md).

The configuration is what the packages bring, the article's three files, word for word, and config/ of this folder.
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


def deploy(lab, packages):
    """Installs, enrols and starts everything; again: replaces programs and configuration, keeps keys and state.

    packages: the folder where `./run package` put them.
    """
    install(lab.control, packages, HUB, TOOL)
    each(lab.nodes, lambda host: install(host, packages, NODE))
    each(lab.all, install_configuration)
    hub_key = _prepare_hub(lab.control)
    keys = each(lab.nodes, lambda host: _prepare_node(host, hub_key))
    for host, key in zip(lab.nodes, keys):
        _enrol(lab.control, host.name, key)
    _start(lab.control, HUB)
    each(lab.nodes, lambda host: _start(host, NODE))
    wait_for("all nodes are connected", lambda: connected(lab), 30)


def install(host, packages, *names):
    """Installs packages, or upgrades to these. No network: what they depend on is in the hosts' image."""
    inside = Path("/var/cache/breakwater")
    host.path(str(inside)).mkdir(exist_ok=True)
    files = [package_file(packages, name) for name in names]
    for file in files:
        shutil.copy(file, host.path(str(inside / file.name)))
    host.on("dpkg", "--force-unsafe-io", "--force-confold", "--install", *(str(inside / file.name) for file in files))


def package_file(packages, name):
    found = sorted(Path(packages).glob(f"{name}_*.deb"))
    if len(found) != 1:
        raise LabError(f"{packages}: one {name}_*.deb is wanted, there are {len(found)}: ./run package")
    return found[0]


def connected(lab):
    """True if the hub says that every node of the lab is connected and in step."""
    text = lab.control.on(TOOL, "--output", "json", "nodes", check=False)
    rows = [json.loads(line) for line in text.splitlines()]
    fine = {row["node"] for row in rows if row["state"] == "connected" and row["lag"] == 0}
    return fine >= {host.name for host in lab.nodes}


def install_configuration(host):
    etc = host.path(ETC)
    for source in (ROOT / "tests/fixtures/article", Path(__file__).parent / "config"):
        for part in ("jail.d", "filter.d", "action.d"):
            if (source / part).is_dir():
                shutil.copytree(source / part, etc / part, dirs_exist_ok=True)


def _keygen(host, program, path):
    """Makes the key pair on the host itself; the secret key never leaves it."""
    if not host.path(path).exists():
        host.on(program, "keygen", path)
        host.on("chown", f"{program}:", path)
    return host.path(path + ".pub").read_text().split()[-1]  # below a comment


def _prepare_hub(control):
    control.path(f"{ETC}/hub.local").write_text("[hub]\nname = control\n")
    return _keygen(control, HUB, f"{ETC}/hub.key")


def _prepare_node(host, hub_key):
    host.path(f"{ETC}/node.d/lab.conf").write_text(_NODE_CONF.format(
        name=host.name, hub_key=hub_key, docker_root=plan.docker_root(host.name)))
    return _keygen(host, NODE, f"{ETC}/node.key")


def _enrol(control, name, key):
    enrolled = control.path(f"{ETC}/nodes.d/{name}.pub")
    if not enrolled.exists() or enrolled.read_text().split()[-1] != key:
        control.on(HUB, "enrol", name, key)


def _start(host, program):
    host.on("systemctl", "enable", "--quiet", program)
    host.on("systemctl", "restart", program)
