# SPDX-License-Identifier: Apache-2.0
"""Clients on the lab's outside, each with its own source address: visitors, attackers, and connections kept open."""

import contextlib
import ctypes
import http.client
import os
import socket

from tests.lab import network, plan
from tests.lab.shell import LabError, run

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def _in_namespace(name):
    """The calling thread is in a network namespace of the lab; a socket made there stays there."""
    with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{plan.namespace(name)}") as there:
        if _libc.setns(there.fileno(), _CLONE_NEWNET) != 0:
            raise LabError(f"cannot enter the namespace of {name}: {os.strerror(ctypes.get_errno())}")
        try:
            yield
        finally:
            _libc.setns(home.fileno(), _CLONE_NEWNET)


def connect(host_name, source, port=plan.WEB_PORT, seconds=1.0):
    """A TCP connection to a host from the outside; raises OSError if none comes about in time."""
    v6 = ":" in source
    with _in_namespace(plan.OUTSIDE):
        client = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_STREAM)
    try:
        client.settimeout(seconds)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.bind((source, 0))
        client.connect((plan.address6(host_name) if v6 else plan.address4(host_name), port))
    except OSError:
        client.close()
        raise
    return client


class WebConnection:
    """A keep-alive HTTP connection."""

    def __init__(self, host_name, source, port=plan.WEB_PORT, seconds=1.0):
        self._http = http.client.HTTPConnection(host_name, port)
        self._http.sock = connect(host_name, source, port, seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._http.close()

    def ask(self, method="GET", path="/"):
        """The status; 0 if no answer came in time. Never connects again."""
        if self._http.sock is None:
            return 0
        try:
            self._http.request(method, path)
            answer = self._http.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            self._http.close()
            return 0


def get(host_name, source, port=plan.WEB_PORT, method="GET", path="/", seconds=1.0):
    """One request over a connection of its own: the HTTP status, 0 if there was no answer in time."""
    try:
        with WebConnection(host_name, source, port, seconds) as connection:
            return connection.ask(method, path)
    except OSError:
        return 0


def attack(host_name, source, port=plan.WEB_PORT):
    """The attack on WordPress that the article's filter looks for."""
    return get(host_name, source, port, "POST", "/xmlrpc.php")


def ssh_greets(host_name, source, seconds=1.0):
    """True if the host's sshd answers a client with that address."""
    try:
        with connect(host_name, source, 22, seconds) as client:
            return client.recv(4) == b"SSH-"
    except OSError:
        return False


def ssh_attempt(host_name, source, user="root", password="wrong"):
    """One password attempt at a host's sshd, by the real client; at most two seconds, for a ban may cut it off."""
    askpass = plan.STATE / "askpass"
    if not askpass.exists():
        askpass.write_text('#!/bin/sh\nexec echo "$BREAKWATER_LAB_PASSWORD"\n')
        askpass.chmod(0o755)
    environment = dict(os.environ, SSH_ASKPASS=str(askpass), SSH_ASKPASS_REQUIRE="force", DISPLAY="",
                       BREAKWATER_LAB_PASSWORD=password)
    address = plan.address6(host_name) if ":" in source else plan.address4(host_name)
    options = {"StrictHostKeyChecking": "no", "UserKnownHostsFile": "/dev/null", "ConnectTimeout": "2",
               "PreferredAuthentications": "password", "PubkeyAuthentication": "no", "NumberOfPasswordPrompts": "1"}
    run(network.inside(plan.OUTSIDE, "timeout", "2", "ssh", "-F", "none", "-b", source, *(f"-o{k}={v}" for k, v in options.items()),
                       f"{user}@{address}", "true"), check=False, env=environment)
