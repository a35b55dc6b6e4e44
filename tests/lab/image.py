# SPDX-License-Identifier: Apache-2.0
"""The root file system that all hosts of the lab share, and in it the image of their containers.

Made with mmdebstrap from the machine's own Debian sources, once: made anew only if this file, image/ or the sources
change. It has what a Debian host of a fleet has, dockerd included; nothing of it is installed on the machine itself.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path

from tests.lab import plan
from tests.lab.shell import LabError, log, need, run

FILES = Path(__file__).parent / "image"

PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "kmod",                  # a real init
    "docker.io", "iptables", "ipset", "nftables", "conntrack",  # a Docker host
    "openssh-server", "rsyslog", "sudo", "python3", "python3-apt",  # what is attacked, and what automation logs in to
    "ansible-core", "openssh-client",                           # a control host may be the controller itself
    "iproute2", "iputils-ping", "curl", "procps", "less", "ca-certificates",
    # What our programs are linked to; deploy.py checks that nothing is missing.
    "libzmq5", "libre2-9", "libhyperscan5", "libcurl4", "libsqlite3-0", "libmnl0", "libfmt9", "libstdc++6", "zlib1g", "libsystemd0",
)
# What the containers are made of: taken apart, then removed from the hosts again.
CONTAINER_PACKAGES = ("busybox-static", "nginx-light")

# Of no use here, or they would touch the machine's kernel.
MASKED = (
    "systemd-udevd.service", "systemd-modules-load.service", "systemd-journald-audit.socket", "systemd-sysctl.service",
    "systemd-binfmt.service", "systemd-timesyncd.service", "e2scrub_reap.service", "e2scrub_all.timer",
    "fstrim.timer", "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "logrotate.timer",
    "getty.target", "console-getty.service", "sys-kernel-debug.mount", "sys-kernel-tracing.mount",
    "sys-kernel-config.mount", "dev-hugepages.mount", "proc-sys-fs-binfmt_misc.automount",
)


def _sources():
    for path in (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list")):
        if path.exists():
            return path
    raise LabError("no apt sources: neither /etc/apt/sources.list.d/debian.sources nor /etc/apt/sources.list")


def _stamp():
    digest = hashlib.sha256()
    for path in (Path(__file__), _sources(), *sorted(FILES.iterdir())):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def ready():
    return plan.STAMP.exists() and plan.STAMP.read_text().strip() == _stamp()


def in_use():
    """True if a host stands on it, of whatever lab: each has its overlay in a mount namespace of its own."""
    for mounts in Path("/proc").glob("[0-9]*/mountinfo"):
        try:
            if f"lowerdir={plan.ROOTFS}," in mounts.read_text():
                return True
        except OSError:
            pass  # it ended meanwhile
    return False


def build():
    """Builds the image if it is not there or not up to date. No host may be using it."""
    if ready():
        return
    need("mmdebstrap", "ssh-keygen")
    if in_use():
        raise LabError(f"the image in {plan.IMAGE} is out of date and a lab uses it: take that down first (./run lab down)")
    plan.IMAGE.mkdir(parents=True, exist_ok=True)
    remove()
    log(f"making the hosts' image with {len(PACKAGES)} packages; this happens once and takes a minute or two")
    _bootstrap()
    _make_container_image()
    _configure()
    plan.STAMP.write_text(_stamp() + "\n")
    log(f"the image is ready: {run(['du', '-sh', str(plan.ROOTFS)]).split()[0]} in {plan.ROOTFS}")


def remove():
    plan.STAMP.unlink(missing_ok=True)
    if plan.ROOTFS.exists():
        shutil.rmtree(plan.ROOTFS)


def _bootstrap():
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as options:
        # How the machine fetches packages (a proxy, say) is how the image fetches them.
        fetching = ("Acquire::http", "Acquire::https", "Acquire::Check-", "Acquire::Retries")
        lines = run(["apt-config", "dump", "--no-empty", "--format", '%f "%v";%n', "Acquire"]).splitlines()
        options.write("\n".join(line for line in lines if line.startswith(fetching)))
        options.write('\nAPT::Install-Recommends "false";\n')
        options.flush()
        command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--aptopt={options.name}",
                   "--include=" + ",".join(PACKAGES + CONTAINER_PACKAGES), "--dpkgopt=force-unsafe-io"]
        command += [f"--dpkgopt=path-exclude=/usr/share/{what}/*" for what in ("man", "locale", "doc")]
        run([*command, plan.SUITE, str(plan.ROOTFS), str(_sources())])


def _make_container_image():
    """nginx with the libraries it is linked to, and busybox: 10 MB, and no registry is asked."""
    root = plan.ROOTFS / "tmp/web"
    for folder in ("bin", "etc/nginx", "usr/sbin", "var/log/nginx", "var/lib/nginx", "run", "tmp"):
        (root / folder).mkdir(parents=True)
    run(["chroot", str(plan.ROOTFS), "bash", "-euc", """
        cd /tmp/web
        cp /usr/bin/busybox bin/busybox
        for applet in $(busybox --list); do [ -e bin/$applet ] || ln -s busybox bin/$applet; done
        cp /usr/sbin/nginx usr/sbin/
        ldd /usr/sbin/nginx | grep -o '/[^ ]*' | xargs -I{} cp --parents -L {} ."""])
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\n")
    shutil.copy(FILES / "nginx.conf", root / "etc/nginx/nginx.conf")
    for script in ("ticker",):
        shutil.copy(FILES / script, root / "bin" / script)
        (root / "bin" / script).chmod(0o755)
    (plan.ROOTFS / "usr/share/lab").mkdir(parents=True)
    run(["tar", "-C", str(root), "-cf", str(plan.ROOTFS / "usr/share/lab/web.tar"), "."])
    shutil.rmtree(root)
    run(["chroot", str(plan.ROOTFS), "apt-get", "-qq", "-y", "purge", "nginx-light", "nginx-common", "libnginx-*"])


def _configure():
    etc = plan.ROOTFS / "etc"
    # No package source and no resolver: the lab has no way out.
    shutil.rmtree(etc / "apt/sources.list.d")
    (etc / "apt/sources.list").unlink(missing_ok=True)
    for left in (etc / "apt/apt.conf.d").glob("*mmdebstrap"):
        left.unlink()
    (etc / "machine-id").write_text("")
    (etc / "resolv.conf").write_text("")
    for key in (etc / "ssh").glob("ssh_host_*"):
        key.unlink()
    (etc / "docker").mkdir(exist_ok=True)
    shutil.copy(FILES / "daemon.json", etc / "docker/daemon.json")
    shutil.copy(FILES / "sshd.conf", etc / "ssh/sshd_config.d/lab.conf")
    shutil.copy(FILES / "rsyslog.conf", etc / "rsyslog.conf")
    for unit in MASKED:
        link = etc / "systemd/system" / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")
    # A wrong password is answered at once, not after two seconds: the log line is the same.
    common_auth = etc / "pam.d/common-auth"
    common_auth.write_text(common_auth.read_text().replace("pam_unix.so nullok", "pam_unix.so nullok nodelay"))
    in_image = ["chroot", str(plan.ROOTFS)]
    run([*in_image, "useradd", "--create-home", "--shell", "/bin/bash", plan.ADMIN])
    run([*in_image, "bash", "-euc", f"head -c 24 /dev/urandom | base64 | sed 's/^/{plan.ADMIN}:/' | chpasswd"])
    sudoers = etc / "sudoers.d" / plan.ADMIN
    sudoers.write_text(f"{plan.ADMIN} ALL=(ALL) NOPASSWD: ALL\n")
    sudoers.chmod(0o440)
