# SPDX-License-Identifier: Apache-2.0
"""Names, addresses and places of the lab. Nothing here touches the world.

Addresses are of the documentation ranges only (RFC 5737, RFC 3849), docker's included: should a packet ever leave the
lab, nobody's network is meant by it.
"""

import os
from pathlib import Path

PREFIX = os.environ.get("BREAKWATER_LAB_PREFIX", "bwlab")  # of network namespaces, cgroup and machine names
STATE = Path(os.environ.get("BREAKWATER_LAB_STATE", "/var/tmp/breakwater-lab"))
IMAGE = Path(os.environ.get("BREAKWATER_LAB_IMAGE", STATE))  # labs may share one
SUITE = "bookworm"

ROOTFS = IMAGE / "rootfs"   # shared by all hosts, read-only
STAMP = IMAGE / "rootfs.stamp"
HOSTS = STATE / "hosts"     # one directory a host: what it has changed, docker's data, console
OPERATOR_FILES = STATE / "operator"  # what automation logs in with, and all that it writes

ADMIN = "deploy"  # the account that automation logs in to; sudo without a password

# The fleet's network: one bridge. .1 router, .2 operator, .10 control, .11 and up the Docker hosts.
FLEET4, FLEET6 = "198.51.100.", "2001:db8:1::"
DOCKER_BRIDGE = "198.51.100.129/26"   # docker0, the same inside every host
DOCKER_POOL = "198.51.100.192/27"     # further docker networks
DOCKER_BRIDGE6 = "2001:db8:d0c::/64"
# Between the router and the outside.
LINK4_ROUTER, LINK4_OUTSIDE = "198.51.100.253", "198.51.100.254"
LINK6_ROUTER, LINK6_OUTSIDE = "2001:db8:f::1", "2001:db8:f::2"
# Every address in here is a client on the outside.
OUTSIDE4, OUTSIDE6 = "203.0.113.0/24", "2001:db8:bad::/48"

ROUTER, OUTSIDE, OPERATOR, CONTROL = "router", "outside", "operator", "control"

WEB_PORT = 80
TICKER_PORT = 9000  # pushes a line every 20 ms and echoes what it is told
DRAIN_PORT = 9001   # udp: swallows what arrives; where the latency bench sends its probes


def namespace(name):
    return f"{PREFIX}-{name}"


def docker_hosts(count):
    return [f"host{i}" for i in range(1, count + 1)]


def number(name):
    """The last number of the host's addresses."""
    if name == OPERATOR:
        return 2
    if name == CONTROL:
        return 10
    if name.startswith("host") and name[4:].isdigit() and 1 <= int(name[4:]) <= 50:
        return 10 + int(name[4:])
    raise ValueError(f"no such host: {name}")


def docker_root(name):
    """Where a host's dockerd keeps its data: the fourth shows that it need not be the usual place."""
    return "/srv/docker" if name == "host4" else "/var/lib/docker"


def address4(name):
    return f"{FLEET4}{number(name)}"


def address6(name):
    return f"{FLEET6}{number(name)}"


def url(name, path="/", ipv6=False, port=WEB_PORT):
    where = f"[{address6(name)}]" if ipv6 else address4(name)
    return f"http://{where}:{port}{path}"
