# SPDX-License-Identifier: Apache-2.0
"""One host of the lab: systemd as process 1, on an overlay of the shared image, in its own namespaces and cgroup.

`python3 host.py NAME` is its supervisor: a loop around systemd-nspawn, which lives as long as the host does.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.lab import network, plan
from tests.lab.shell import LabError, run, succeeds, wait_for

_REBOOT = 133  # systemd-nspawn's exit code when the host asked for a reboot
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Host:
    def __init__(self, name):
        plan.number(name)  # a name we know, or ValueError
        self.name = name
        self.dir = plan.HOSTS / name

    # --- running things in it -------------------------------------------------------------------------------------

    def leader(self):
        """The process id of the host's process 1, seen from here; None if it is not up."""
        try:
            supervisor = int((self.dir / "pid").read_text())
            nspawn = _children(supervisor, "systemd-nspawn")
            return _children(nspawn[0])[0] if nspawn else None
        except (OSError, ValueError, IndexError):
            return None

    def command(self, *command):
        """The command line that runs `command` as root inside the host."""
        pid = self.leader()
        if pid is None:
            raise LabError(f"{self.name} is not up")
        return ["nsenter", "-t", str(pid), "--all", "env", "-i", "HOME=/root", "LANG=C.UTF-8", "TERM=dumb",
                f"PATH={_PATH}", *command]

    def on(self, *command, check=True, text=None):
        """Runs a command as root inside the host; returns what it printed. For daemons use systemctl: what is
        started here is not in the host's cgroup."""
        return run(self.command(*command), check=check, text=text)

    def succeeds(self, *command):
        return succeeds(self.command(*command))

    def path(self, inside):
        """Where a file of the host is seen from here."""
        pid = self.leader()
        if pid is None:
            raise LabError(f"{self.name} is not up")
        return Path(f"/proc/{pid}/root") / inside.lstrip("/")

    # --- its life -------------------------------------------------------------------------------------------------

    def start(self):
        """Boots it in the background; does nothing if it is up."""
        if self.leader() is not None:
            return
        self._prepare()
        with open(self.dir / "console.log", "ab") as console:
            supervisor = subprocess.Popen([sys.executable, __file__, self.name], stdin=subprocess.DEVNULL,
                                          stdout=console, stderr=console, start_new_session=True)
        (self.dir / "pid").write_text(str(supervisor.pid))

    def wait_until_up(self, seconds=90):
        def state():
            return run(self.command("systemctl", "is-system-running"), check=False) if self.leader() else "not started"

        def settled():
            return state() in ("running", "degraded")

        wait_for(lambda: f"{self.name} is {state()}; see {self.dir}/console.log", settled, seconds, every=0.1)
        if state() == "degraded":
            raise LabError(f"{self.name}: some units failed:\n" + self.on("systemctl", "--failed", "--no-pager"))

    def cut_power(self):
        """Ends everything in it at once. Files survive, as on a real host."""
        for path in _cgroups(self.name):
            kill_cgroup(path)
        (self.dir / "pid").unlink(missing_ok=True)
        if network.exists(self.name):
            network.unplug(self.name)  # netfilter's state is the kernel's: it dies with the power

    def power_up(self):
        network.plug(self.name)
        self.start()

    def power_cycle(self):
        self.cut_power()
        self.power_up()
        self.wait_until_up()

    def _prepare(self):
        for folder in ("upper/etc/ssh", "work", "root", "docker"):
            (self.dir / folder).mkdir(parents=True, exist_ok=True)
        etc = self.dir / "upper/etc"
        key = etc / "ssh/ssh_host_ed25519_key"
        if key.exists():
            return  # it has been up before
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", self.name, "-f", str(key)])
        (etc / "hostname").write_text(self.name + "\n")
        hosts = ["127.0.0.1 localhost", "::1 localhost"]
        for name in (plan.CONTROL, *plan.docker_hosts(9)):
            hosts += [f"{plan.address4(name)} {name}", f"{plan.address6(name)} {name}"]
        (etc / "hosts").write_text("\n".join(hosts) + "\n")
        self._let_admin_in()
        self._place_docker_data()
        if self.name == plan.CONTROL:  # runs no containers
            (etc / "systemd/system").mkdir(parents=True, exist_ok=True)
            for unit in ("docker.service", "docker.socket", "containerd.service"):
                (etc / "systemd/system" / unit).symlink_to("/dev/null")


    def _let_admin_in(self):
        """The operator's key logs in to the account that automation uses."""
        key = operator_key()
        accounts = (plan.ROOTFS / "etc/passwd").read_text().splitlines()
        uid, gid = next(map(int, line.split(":")[2:4]) for line in accounts if line.startswith(plan.ADMIN + ":"))
        home, ssh = self.dir / f"upper/home/{plan.ADMIN}", self.dir / f"upper/home/{plan.ADMIN}/.ssh"
        ssh.mkdir(parents=True)
        (ssh / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
        for path, mode in ((home, 0o755), (ssh, 0o700), (ssh / "authorized_keys", 0o600)):
            os.chown(path, uid, gid)
            path.chmod(mode)

    def _place_docker_data(self):
        root = plan.docker_root(self.name)
        if root == "/var/lib/docker":
            return
        settings = json.loads((plan.ROOTFS / "etc/docker/daemon.json").read_text())
        daemon = self.dir / "upper/etc/docker/daemon.json"
        daemon.parent.mkdir()
        daemon.write_text(json.dumps({**settings, "data-root": root}, indent=2) + "\n")


def operator_key():
    """The operator's private key for ssh, made at the first call."""
    key = plan.OPERATOR_FILES / "id_ed25519"
    if not key.exists():
        plan.OPERATOR_FILES.mkdir(parents=True, exist_ok=True)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "operator", "-f", str(key)])
    return key


def _children(pid, command=None):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(c) for c in children if command is None or Path(f"/proc/{c}/comm").read_text().strip() == command]


# --- cgroups ------------------------------------------------------------------------------------------------------


def _hierarchies():
    """Where the machine's cgroup hierarchies that systemd-nspawn uses are mounted: version 2 first."""
    found = run(["findmnt", "-rnt", "cgroup2", "-o", "TARGET"], check=False).splitlines()
    if not found:
        raise LabError("the machine has no cgroup version 2 hierarchy mounted")
    hierarchies = [Path(found[0])]
    legacy = Path("/sys/fs/cgroup/systemd")  # a hybrid machine
    if legacy.is_dir() and hierarchies[0] != Path("/sys/fs/cgroup"):
        hierarchies.append(legacy)
    return hierarchies


def _cgroups(name):
    return [hierarchy / plan.PREFIX / name for hierarchy in _hierarchies()]


def kill_cgroup(path):
    """Ends all processes below it and removes it."""
    if not path.is_dir():
        return
    if (path / "cgroup.kill").exists():
        (path / "cgroup.kill").write_text("1")
        # Not kill -0 in a loop: a machine's process 1 may be slow to reap.
        wait_for(f"the processes of {path} are gone",
                 lambda: "populated 0" in (path / "cgroup.events").read_text(), every=0.02)
    for folder, _, _ in os.walk(path, topdown=False):
        try:
            os.rmdir(folder)
        except OSError:
            pass  # a hybrid machine's second tree empties a little later; harmless, and tried again at `down`


def remove_cgroups():
    for hierarchy in _hierarchies():
        kill_cgroup(hierarchy / plan.PREFIX)


# --- the supervisor -----------------------------------------------------------------------------------------------


def _enter():
    """First half: a cgroup of its own (ended as a whole), then a mount namespace of its own (the overlay goes when
    the host goes), then the second half."""
    for path in _cgroups(sys.argv[1]):
        path.mkdir(parents=True, exist_ok=True)
        (path / "cgroup.procs").write_text(str(os.getpid()))
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "slave", sys.executable, __file__, sys.argv[1],
                          "inside"])


def _supervise(name):
    host = Host(name)
    root = host.dir / "root"
    run(["mount", "-t", "overlay", "overlay", "-o",
         f"lowerdir={plan.ROOTFS},upperdir={host.dir}/upper,workdir={host.dir}/work", str(root)])
    # The unified hierarchy inside; /proc/sys and /sys writable and no system call filter, for dockerd.
    environment = dict(os.environ, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY="1", SYSTEMD_NSPAWN_API_VFS_WRITABLE="1",
                       SYSTEMD_SECCOMP="0", SYSTEMD_NSPAWN_LOCK="0")
    command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot",
               f"--machine={plan.PREFIX}-{name}", f"--hostname={name}", f"--directory={root}",
               f"--network-namespace-path=/run/netns/{plan.namespace(name)}", "--capability=all", "--private-users=no",
               f"--bind={host.dir}/docker:{plan.docker_root(name)}",  # docker's data must not lie on an overlay
               "--link-journal=no", "--resolv-conf=off", "--timezone=off", "--console=pipe"]
    while (code := subprocess.run(command, env=environment).returncode) == _REBOOT:
        _clear_network(name)
    return code


def _clear_network(name):
    """A reboot clears what lives in the kernel; the network namespace outlives it."""
    namespace = plan.namespace(name)
    for line in run(["ip", "-n", namespace, "-br", "link", "show", "type", "bridge"]).splitlines():
        run(["ip", "-n", namespace, "link", "del", line.split()[0]], check=False)
    run(network.inside(name, "nft", "flush", "ruleset"))
    run(network.inside(name, "ipset", "destroy"), check=False)
    run(network.inside(name, "sysctl", "-qw", "net.ipv4.ip_forward=0"))


if __name__ == "__main__":
    if sys.argv[2:] == ["inside"]:
        sys.exit(_supervise(sys.argv[1]))
    _enter()
