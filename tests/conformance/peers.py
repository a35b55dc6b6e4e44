#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The filters that we ship on lines of real applications that another project collected, with the address that its parser
takes from each; and whole jails on its logs, with the addresses that must be banned.

Needs ../shared/data/peers (line_addresses.tsv, bans/); skips without.
"""

import argparse
import ipaddress
import itertools
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.conformance.engine import last_line  # noqa: E402

SKIPPED = 77
NOW = 1793588645  # behind the last line of all
ALL = re.compile("")
NONE = re.compile(r"(?!)")

# Where a set of lines is read by one of our filters: the filter, and what a line that is no failure has in it.
# any-request (tests/conformance/filter.d) is every request in an access log: the addresses must be right in all of them,
# and filters that look for bad requests are built on it.
FILTERS = {
    "adguardhome-logs": [("adguardhome", re.compile(r"/control/login: invalid"))],
    "audiobookshelf-logs": [("audiobookshelf", NONE)],
    "authentik-logs": [("authentik", NONE)],
    "CVE-2022-40684": [("any-request", NONE)],
    "apache2-malformed": [("any-request", NONE), ("nginx-bad-request", NONE)],
    "bunkerweb-logs": [("any-request", NONE), ("http-scan", ALL), ("nginx-bad-request", ALL)],
    "caddy-logs": [("any-request", NONE), ("caddy-auth", re.compile(r'^(?!.*"Authorization":.*"status":401)'))],
    "calibre-web-whitelist": [("any-request", NONE), ("http-scan", ALL)],
    "cve_2022_37042": [("any-request", NONE)],
    "dovecot-logs": [("dovecot[mode=aggressive]", re.compile(r"Login: user="))],
    "dovecot-slow-bf-no-overlap": [("dovecot", NONE)],
    "dovecot-time-based-bf": [("dovecot", NONE)],
    "dropbear-logs": [("dropbear[mode=aggressive]", NONE)],
    # Envoy's default text has no address but what X-Forwarded-For claims: not read, on purpose.
    "envoy-logs": [("any-request", re.compile(r"stdout F \["))],
    "exim-logs": [("exim[mode=aggressive]", NONE), ("exim", re.compile(r"rejected|verify fail"))],
    "geoip-enrich": [("sshd", NONE)],
    "grafana-logs": [("grafana", NONE)],
    "haproxy-nextcloud-whitelist": [("any-request", NONE), ("haproxy-auth", ALL)],
    "immich-logs": [("immich", NONE)],
    "jellyfin-logs": [("jellyfin", NONE)],
    "jellyfin-whitelist": [("any-request", NONE), ("http-scan", ALL)],
    "jellyseerr-whitelist": [("any-request", NONE), ("http-scan", ALL)],
    "mariadb-logs": [("mysql", NONE)],
    "miniflux-logs": [("miniflux", NONE)],
    "navidrome-logs": [("navidrome", NONE)],
    "nextcloud-whitelist": [("any-request", NONE), ("http-scan", ALL)],
    # Mail through nginx is no filter of ours; the others must not take its lines.
    "nginx-mail-logs": [("nginx-http-auth", ALL), ("nginx-limit-req", ALL), ("nginx-forbidden", ALL)],
    "nginx-proxy-manager-malformed": [("any-request", NONE), ("nginx-bad-request", NONE)],
    # Paths in nginx's error log are not escaped, and stand before the address: such lines are not read, on purpose.
    "nginx_http-logs": [("any-request", re.compile(r"\[error\]")), ("nginx-botsearch", ALL)],
    "npmplus-logs": [("any-request", re.compile(r"\[error\]"))],
    "overseerr-logs": [("overseerr", NONE)],
    "pfsense-rfc5424-nginx": [("nginx-forbidden", ALL)],
    "pgsql-user-enum": [("postgresql", NONE)],
    "postscreen-logs": [("postfix[mode=aggressive]", NONE)],
    "prowlarr-logs": [("servarr", NONE)],
    "proxmox-backup-auth-bf": [("proxmox", NONE)],
    "qbittorrent-logs": [("qbittorrent", NONE)],
    "radarr-nonsyslog-logs": [("servarr", NONE)],
    "rocketchat-whitelist": [("any-request", NONE), ("http-scan", ALL)],
    "sftpgo-logs": [("sftpgo[mode=aggressive]", re.compile(r"logged in with"))],
    "sonarr-logs": [("servarr", NONE)],
    "spring4shell_cve-2022-22965": [("any-request", NONE)],
    "sshd-logs": [("sshd[mode=aggressive]", NONE)],
    "supabase-docker-pgsql-logs": [("postgresql", NONE)],
    "traefik_json": [("any-request", NONE), ("traefik-auth", ALL)],
    "vaultwarden-logs": [("vaultwarden", NONE)],
}

NO_FILTER = "no filter for this application yet"
NO_BAN = "nothing that a ban on the host could answer"
NOT_COVERED = {
    **dict.fromkeys(
        """apache-guacamole-logs asterisk-logs baikal-logs baserow-logs bind9-syslog bookstack-logs cowrie-logs
        endlessh-logs exchange-pop-logs fireflyiii-bf fortinet-vpn-bf gitlab-logs hestiacp-logs kasm
        lemonldap-ng-logs mailscanner-logs magento-extension-logs meshcentral-logs modsecurity-logs-nginx
        mssql-text-logs odoo-bf_user-enum ombi-logs opensearch-dashboard-logs opnsense-gui-auth
        pterodactyl-wings pureftpd-logs sshesame synology-dsm-logs technitium-bf teleport-logs thehive-logs
        webmin-logs wireguard-logs zoneminder-logs""".split(),
        NO_FILTER),
    **dict.fromkeys("aws-cloudfront-logs fastly-logs".split(), "the log of a CDN: " + NO_BAN),
    **dict.fromkeys(
        "palo-alto-threat pf-logs proxmox-iptables-logs suricata-logs-fastlog tcpudp-flood-traefik unifi-logs".split(),
        "packets that a firewall or sensor saw: source addresses can be forged"),
    "configserver-lfd-logs": "bans of another program",
    "iis-xml-logs": "Windows",
}

# The jails of ../shared/data/README.md: filter, maxretry, findtime, who must be banned.
BANS = {
    "ssh-bf": ("sshd", 6, "50", {"35.188.49.176"}),
    "ssh-slow-bf": ("sshd", 11, "600", {"103.100.210.198"}),
    "sshd-invalid-bf": ("sshd[mode=aggressive]", 6, "50", {"179.43.183.98"}),
    "sshd_banner_exchange": ("sshd[mode=aggressive]", 6, "50", {"59.91.122.57"}),
    "sshd-bad-keyexchange-bf": ("sshd[mode=extra]", 6, "50", {"123.123.123.123", "123.57.135.134", "206.189.59.169"}),
    "http-bf-wordpress-bf": ("wordpress", 6, "50", {"81.150.104.130"}),
    "nginx-http-generic-bf": ("nginx-http-auth", 6, "50", {"127.0.0.1"}),
    "nginx_req_limit_exceeded": ("nginx-limit-req", 6, "300", {"::1"}),
}


def address(text):
    """A comparable form; None if it is none."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def run(command, lines=None):
    done = subprocess.run([str(part) for part in command], input=lines, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {last_line(done.stderr)}")
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def read_lines(path):
    """name -> [(address, line)]"""
    out = {}
    for row in path.read_text(encoding="utf-8").splitlines():
        if row.startswith("#"):
            continue
        name, _, _, source, _, line = row.split("\t", 5)
        out.setdefault(name, []).append((source, line))
    return out


def misses_of(node, spec, harmless, rows):
    answers = run([node, "test-filter", spec, "-", "--config-dir", ROOT / "configs", "--filter-dir",
                   ROOT / "tests/conformance", "--now", NOW, "--timezone", "UTC", "--format", "file", "--output", "json"],
                  "".join(line + "\n" for _, line in rows).encode())
    if len(answers) != len(rows):
        sys.exit(f"{spec}: {len(answers)} answers to {len(rows)} lines")
    misses = []
    for (source, line), answer in zip(rows, answers):
        got = address(answer["address"]) if answer["matched"] else None
        expected = None if harmless.search(line) else address(source)
        if got != expected:
            misses.append(f"expected {expected}, got {got}: {line[:200]}")
    return misses


def compare_lines(node, data):
    lines = read_lines(data / "line_addresses.tsv")
    bad = checks = 0
    for name in sorted(lines.keys() - FILTERS.keys() - NOT_COVERED.keys()):
        print(f"{name}: neither read nor excused")
        bad += 1
    print(f"{'lines of':<32}{'filter':<28}{'lines':>6}{'right':>6}")
    for name, filters in sorted(FILTERS.items()):
        rows = lines.get(name, [])
        if not rows:
            print(f"{name}: no lines")
            bad += 1
        for spec, harmless in filters:
            misses = misses_of(node, spec, harmless, rows)
            print(f"{name:<32}{spec:<28}{len(rows):>6}{len(rows) - len(misses):>6}")
            for miss in misses:
                print(f"    {miss}")
            bad += len(misses)
            checks += len(rows)
    read = sum(len(lines.get(name, [])) for name in FILTERS)
    total = sum(map(len, lines.values()))
    for reason in sorted(set(NOT_COVERED.values())):
        names = [name for name in sorted(lines) if NOT_COVERED.get(name) == reason]
        print(f"not read, {reason}: {sum(len(lines[name]) for name in names)} lines of {len(names)}: {' '.join(names)}")
    print(f"peers: {checks - bad} of {checks} checks on {read} of {total} lines agree")
    return bad


def pieces(log, folder):
    """A log of several days one behind another, not in order: each day as a log of its own, which replay counts by time."""
    paths = []
    for number, (_, lines) in enumerate(itertools.groupby(log.read_bytes().splitlines(True), lambda line: line[:6])):
        paths.append(pathlib.Path(folder) / f"{number}.log")
        paths[-1].write_bytes(b"".join(lines))
    return paths


def compare_bans(node, data):
    bad = 0
    for name, (spec, maxretry, findtime, expected) in sorted(BANS.items()):
        with tempfile.TemporaryDirectory(prefix="peers-") as folder:
            (pathlib.Path(folder) / "filter.d").symlink_to(ROOT / "configs/filter.d")
            (pathlib.Path(folder) / "jail.conf").write_text(
                f"[case]\nenabled = true\nfilter = {spec}\nmaxretry = {maxretry}\nfindtime = {findtime}\n"
                f"bantime = 10m\nlogpath = /var/log/case.log\n", encoding="utf-8")
            objects = run([node, "replay", "--config-dir", folder, "--filter-dir", folder, "--jail", "case", "--now", NOW,
                           "--timezone", "UTC", "--format", "file", "--output", "json", *pieces(data / "bans" / name / f"{name}.log", folder)])
        banned = {ban["address"] for ban in objects if "address" in ban}
        same = banned == expected
        bad += not same
        print(f"{name:<32}{spec:<28}{'same' if same else f'expected {sorted(expected)}, got {sorted(banned)}'}")
    print(f"peers: {len(BANS) - bad} of {len(BANS)} sets of bans are the same")
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/release/bin", metavar="DIR",
                        help="where breakwater-node is (%(default)s)")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT.parent / "shared/data/peers", metavar="DIR",
                        help="the peers' lines and logs (%(default)s)")
    options = parser.parse_args()
    if not (options.data / "line_addresses.tsv").is_file():
        print(f"SKIPPED: no {options.data}/line_addresses.tsv")
        return SKIPPED
    node = options.programs / "breakwater-node"
    return 1 if compare_lines(node, options.data) + compare_bans(node, options.data) else 0


if __name__ == "__main__":
    sys.exit(main())
