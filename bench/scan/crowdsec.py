# SPDX-License-Identifier: Apache-2.0
"""Debian's CrowdSec, unpacked and not installed: no service, no registration with its makers, no firewall rule.

Its local API listens on loopback while it replays a log.
"""

import pathlib
import shutil
import socket
import subprocess

HUB = "usr/share/crowdsec/hub"
DATA = "usr/share/crowdsec/data"

# The least that finds what the jails find: one parser with its enrichers, one scenario.
PARSERS = {"s00-raw": ("syslog-logs",), "s02-enrich": ("dateparse-enrich", "http-logs")}
SETS = {
    "web": {"parser": "nginx-logs", "scenario": "http-probing", "type": "nginx"},
    "sshd": {"parser": "sshd-logs", "scenario": "ssh-bf", "type": "syslog"},
}

CONFIG = """\
common: {{ daemonize: false, log_media: stdout, log_level: warning, log_dir: {root}/log, working_dir: . }}
config_paths: {{ config_dir: {root}/etc/, data_dir: {root}/data/, simulation_path: {root}/etc/simulation.yaml,
  hub_dir: {hub}/, index_path: {hub}/.index.json, notification_dir: {root}/notifications/,
  plugin_dir: {root}/plugins/ }}
crowdsec_service: {{ acquisition_path: {root}/etc/acquis.yaml, parser_routines: 1, buckets_routines: 1,
  output_routines: 1 }}
cscli: {{ output: human, color: "no" }}
db_config: {{ log_level: info, type: sqlite, db_path: {root}/data/crowdsec.db, use_wal: true,
  flush: {{ max_items: 50000, max_age: 7d }} }}
plugin_config: {{ user: nobody, group: nogroup }}
api:
  client: {{ insecure_skip_verify: false, credentials_path: {root}/etc/lapi.yaml }}
  server: {{ log_level: info, listen_uri: "127.0.0.1:{port}", profiles_path: {root}/etc/profiles.yaml,
    trusted_ips: [127.0.0.1, "::1"] }}
prometheus: {{ enabled: false }}
"""


class NotHere(Exception):
    """Why it cannot be run."""


def unpack(folder):
    """Fetches the package into the folder, once; returns where its files are."""
    tree = folder / "deb"
    if (tree / "usr/bin/crowdsec").exists():
        return tree
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise NotHere("there is no apt-get here")
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob("crowdsec_*.deb")):
        got = subprocess.run(["apt-get", "download", "crowdsec"], cwd=folder, capture_output=True, text=True)
        if got.returncode != 0:
            why = (got.stderr.strip() or "apt-get download failed").splitlines()[-1]
            raise NotHere(f"its package cannot be fetched: {why}")
    package = next(iter(folder.glob("crowdsec_*.deb")))
    subprocess.run(["dpkg-deb", "-x", package, tree], check=True)
    # A data file that the scenario asks for by another name than the package gives it.
    link = tree / DATA / "http_path_traversal.txt"
    if not link.exists():
        link.symlink_to("path_traversal.txt")
    return tree


def version(folder):
    package = next(iter(folder.glob("crowdsec_*.deb")), None)
    return package.name.split("_")[1].split("-")[0] if package else None


def make_instance(tree, root, what):
    """A fresh instance with one of SETS. Returns the command that replays a log, but for the log."""
    shutil.rmtree(root, ignore_errors=True)
    for name in ("etc", "log", "notifications", "plugins"):
        (root / name).mkdir(parents=True)
    hub = tree / HUB
    shutil.copytree(tree / DATA, root / "data")
    shutil.copytree(tree / "etc/crowdsec/patterns", root / "etc/patterns")
    for name in ("profiles.yaml", "simulation.yaml"):
        shutil.copy(tree / "etc/crowdsec" / name, root / "etc")
    parsers = {**PARSERS, "s01-parse": (SETS[what]["parser"],)}
    for stage, names in parsers.items():
        _link(hub, root, f"parsers/{stage}", names)
    _link(hub, root, "scenarios", (SETS[what]["scenario"],))
    (root / "etc/acquis.yaml").write_text(f"filenames: [ {root}/log/none.log ]\nlabels: {{ type: syslog }}\n")
    config = root / "etc/config.yaml"
    config.write_text(CONFIG.format(root=root, hub=hub, port=_free_port()))
    (root / "etc/lapi.yaml").touch()
    _run([tree / "usr/bin/cscli", "-c", config, "--error", "machines", "add", "bench", "--password", "bench", "--force",
          "-f", root / "etc/lapi.yaml"])
    return [tree / "usr/bin/crowdsec", "-c", config, "-warning", "-no-capi", "-type", SETS[what]["type"], "-dsn"]


def _link(hub, root, folder, names):
    (root / "etc" / folder).mkdir(parents=True, exist_ok=True)
    for name in names:
        found = next((hub / folder).rglob(f"{name}.yaml"), None)
        if found is None:
            raise NotHere(f"{name} is not in its package")
        (root / "etc" / folder / f"{name}.yaml").symlink_to(found)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _run(words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        raise NotHere(f"{pathlib.Path(words[0]).name}: {(done.stderr or done.stdout).strip()[-300:]}")
