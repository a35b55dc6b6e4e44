# SPDX-License-Identifier: Apache-2.0
"""The whole lab: the network, the control host, the Docker hosts with their containers, and the clients outside."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor

from tests.lab import host as hosts
from tests.lab import clients, image, network, plan
from tests.lab.host import Host
from tests.lab.shell import LabError, need, wait_for


class Fleet:
    def __init__(self, count=3):
        self.control = Host(plan.CONTROL)
        self.nodes = [Host(name) for name in plan.docker_hosts(count)]
        self.all = [self.control, *self.nodes]

    def __getitem__(self, name):
        return next(h for h in self.all if h.name == name)

    def up(self):
        """Brings up what is not up yet; at once if all is."""
        require_root()
        need("ip", "nft", "ipset", "systemd-nspawn", "unshare", "nsenter", "findmnt", "ssh-keygen")
        image.build()
        network.build([h.name for h in self.all])
        for host in self.all:
            host.start()
        each(self.all, Host.wait_until_up)
        each(self.nodes, start_containers)

    def is_up(self):
        return all(h.leader() for h in self.all)


def down(purge=False):
    """Ends and removes all of the lab but the image; with purge that too. Safe to repeat."""
    require_root()
    hosts.remove_cgroups()
    network.remove()
    if plan.HOSTS.exists():
        shutil.rmtree(plan.HOSTS)
    propagate = "/run/systemd/nspawn/propagate"
    for left in os.listdir(propagate) if os.path.isdir(propagate) else []:
        if left.startswith(plan.PREFIX + "-"):
            os.rmdir(f"{propagate}/{left}")
    if plan.OPERATOR_FILES.exists():
        shutil.rmtree(plan.OPERATOR_FILES)
    if purge and plan.STATE.exists():
        shutil.rmtree(plan.STATE)


def start_containers(host):
    """web: nginx. ticker: pushes lines over a connection; in the same container a port for the latency bench."""
    if host.succeeds("docker", "inspect", "web", "ticker"):
        return
    if not host.succeeds("docker", "image", "inspect", "lab/web"):
        host.on("docker", "import", "--change", 'CMD ["/usr/sbin/nginx"]', "/usr/share/lab/web.tar", "lab/web")
    run_web(host)
    host.on("docker", "run", "--detach", "--init", "--name", "ticker", "--restart", "unless-stopped",
            "--publish", f"{plan.TICKER_PORT}:{plan.TICKER_PORT}",
            "--publish", f"{plan.DRAIN_PORT}:{plan.DRAIN_PORT}/udp",
            "lab/web", "nc", "-ll", "-p", str(plan.TICKER_PORT), "-e", "/bin/ticker")


def run_web(host, *options, name="web", port=plan.WEB_PORT):
    """Runs a web container; options are docker's, --log-opt for instance."""
    host.on("docker", "run", "--detach", "--init", "--name", name, "--hostname", name, "--restart", "unless-stopped",
            "--publish", f"{port}:80", *options, "lab/web")
    wait_for(f"{host.name}'s container {name} answers",
             lambda: clients.get(host.name, plan.LINK4_OUTSIDE, port=port) == 200)


def each(things, action):
    """action(thing) for all at once; returns the results in order, raises the first failure."""
    with ThreadPoolExecutor(max_workers=max(1, len(things))) as pool:
        return list(pool.map(action, things))


def require_root():
    if os.geteuid() != 0:
        raise LabError("the lab needs root: it makes network namespaces and boots hosts in them")
