# SPDX-License-Identifier: Apache-2.0
"""The lab's network: named namespaces and nothing else.

    outside ----- router ===== fleet (bridge) ===== operator, control, host1, host2, ...

No namespace has a way out; the machine's own namespace gets no rule, route, bridge or link.
"""

import os

from tests.lab import plan
from tests.lab.shell import log, run


def inside(name, *command):
    """The command line that runs `command` in a network namespace of the lab (and only that: files are the machine's)."""
    return ["nsenter", f"--net=/run/netns/{plan.namespace(name)}", *command]


def exists(name):
    return os.path.exists(f"/run/netns/{plan.namespace(name)}")


def _ip(name, *arguments):
    run(["ip", "-n", plan.namespace(name), *arguments])


def _sysctl(name, **values):
    run(inside(name, "sysctl", "-qw", *(f"{key.replace('__', '.')}={value}" for key, value in values.items())))


def _mac(number):
    """Fixed addresses: the neighbours' caches stay right over a power cycle."""
    return f"02:00:00:00:00:{number:02x}"


def _new(name):
    run(["ip", "netns", "add", plan.namespace(name)])
    # A namespace inherits some of these from the machine. Forwarding must be off in a host before dockerd starts:
    # only then dockerd sets the policy of FORWARD to DROP, as on a real host.
    _sysctl(name, net__ipv4__ip_forward=0, net__ipv6__conf__all__accept_dad=0,
            net__ipv6__conf__default__accept_dad=0, net__ipv6__conf__default__accept_ra=0)
    _ip(name, "link", "set", "lo", "up")


def _make_router():
    _new(plan.ROUTER)
    _sysctl(plan.ROUTER, net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
    # A bridge without an address of its own takes the lowest of its ports', and changes it when a host's cable is
    # pulled: all others would then know a router that is gone, over IPv6 for half a minute.
    _ip(plan.ROUTER, "link", "add", "fleet", "address", _mac(1), "type", "bridge")
    _ip(plan.ROUTER, "addr", "add", f"{plan.FLEET4}1/25", "dev", "fleet")
    _ip(plan.ROUTER, "addr", "add", f"{plan.FLEET6}1/64", "dev", "fleet", "nodad")
    _ip(plan.ROUTER, "link", "set", "fleet", "up")


def _make_outside():
    """All clients live in one namespace where every address of two ranges is local; a client picks its source.

    `ip route add local` makes the kernel answer ARP for the range but not neighbour solicitations, so the router
    reaches both ranges through the link's own addresses.
    """
    _new(plan.OUTSIDE)
    _sysctl(plan.OUTSIDE, net__ipv4__ip_nonlocal_bind=1, net__ipv6__ip_nonlocal_bind=1)
    _ip(plan.ROUTER, "link", "add", "outside", "type", "veth", "peer", "name", "eth0",
        "netns", plan.namespace(plan.OUTSIDE))
    for name, link, own4, own6 in ((plan.ROUTER, "outside", plan.LINK4_ROUTER, plan.LINK6_ROUTER),
                                   (plan.OUTSIDE, "eth0", plan.LINK4_OUTSIDE, plan.LINK6_OUTSIDE)):
        _ip(name, "addr", "add", f"{own4}/30", "dev", link)
        _ip(name, "addr", "add", f"{own6}/64", "dev", link, "nodad")
        _ip(name, "link", "set", link, "up")
    _ip(plan.OUTSIDE, "route", "add", "default", "via", plan.LINK4_ROUTER)
    _ip(plan.OUTSIDE, "-6", "route", "add", "default", "via", plan.LINK6_ROUTER)
    _ip(plan.OUTSIDE, "route", "add", "local", plan.OUTSIDE4, "dev", "lo")
    _ip(plan.OUTSIDE, "-6", "route", "add", "local", plan.OUTSIDE6, "dev", "lo")
    _ip(plan.ROUTER, "route", "add", plan.OUTSIDE4, "via", plan.LINK4_OUTSIDE)
    _ip(plan.ROUTER, "-6", "route", "add", plan.OUTSIDE6, "via", plan.LINK6_OUTSIDE)


def plug(name):
    """Gives a host its namespace, with eth0 on the fleet's network; does nothing if it is there."""
    if exists(name):
        return
    _new(name)
    port = f"p-{name}"
    _ip(plan.ROUTER, "link", "add", port, "type", "veth", "peer", "name", "eth0", "address", _mac(plan.number(name)),
        "netns", plan.namespace(name))
    _ip(plan.ROUTER, "link", "set", port, "master", "fleet", "up")
    _ip(name, "addr", "add", f"{plan.address4(name)}/25", "dev", "eth0")
    _ip(name, "addr", "add", f"{plan.address6(name)}/64", "dev", "eth0", "nodad")
    _ip(name, "link", "set", "eth0", "up")
    _ip(name, "route", "add", "default", "via", f"{plan.FLEET4}1")
    _ip(name, "-6", "route", "add", "default", "via", f"{plan.FLEET6}1")


def unplug(name):
    """Pulls a host's cable and removes its namespace, with every rule, set and bridge in it.

    The kernel takes a namespace down when its last socket is gone, which may be many seconds later. Its link to the
    router must not stay as long: the host's next life needs the name.
    """
    run(["ip", "-n", plan.namespace(plan.ROUTER), "link", "del", f"p-{name}"])
    run(["ip", "netns", "del", plan.namespace(name)])


def build(hosts):
    if not exists(plan.ROUTER):
        _make_router()
    if not exists(plan.OUTSIDE):
        _make_outside()
    for name in (plan.OPERATOR, *hosts):
        plug(name)


def remove():
    """Removes all namespaces of the lab and ends what still runs in them: a forgotten client, an ssh connection."""
    if not os.path.isdir("/run/netns"):
        return
    for entry in sorted(os.listdir("/run/netns")):
        if not entry.startswith(plan.PREFIX + "-"):
            continue
        for pid in run(["ip", "netns", "pids", entry], check=False).split():
            log(f"ending process {pid}, left over in {entry}")
            run(["kill", "-KILL", pid], check=False)
        run(["ip", "netns", "del", entry])
