# SPDX-License-Identifier: Apache-2.0
"""Logs of our own making, as the programs write them, with what attackers write into them: names that look like
addresses or like other log lines, odd dates, line ends, bytes that are no text. Addresses for documentation only."""

import datetime
import random

NAMES = ["root", "admin", "bob", "test", "oracle", "", " ", "x y", "jörg", "Москва", "a'b", 'a"b', "a\\b", "%s%n",
         "-", "from 198.51.100.1", "x from 198.51.100.1 port 22 ssh2", "root from 198.51.100.1 port 22 [preauth]",
         "198.51.100.1", "::1", "[198.51.100.1]", "x]: Failed password for root from 198.51.100.1 port 22 ssh2",
         "user=<x>, rip=198.51.100.1, lip=192.0.2.1", "x rhost=198.51.100.1", "client: 198.51.100.1, server: x",
         "2026-01-01 00:00:00", "Jan  1 00:00:00 host sshd[1]: Invalid user x from 198.51.100.1",
         "[01/Jan/2026:00:00:00 +0000]", "N/A",
         "A" * 300, "a b " * 30, "\t", "\x00", "\x1b[31m", "$(id)", "<script>", "host.example.org", "1124013600"]
PATHS = ["/", "/index.html", "/wp-login.php", "/xmlrpc.php", "/.env", "/phpmyadmin/", "/cgi-bin/test.cgi", "/a%20b",
         "/?x=1", "/\\x16\\x03\\x01", "/%27%20OR%201=1", "/admin/198.51.100.1", "http://198.51.100.1/",
         "/?ref=[01/Jan/2026:00:00:00]",
         "//", "*", "/" + "a" * 400, "/w00tw00t.at.ISC.SANS.DFind:)", "/shell.php?c=id"]
AGENTS = ["-", "Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5.0", "sqlmap/1.7", "() { :;}; /bin/bash -c 'id'",
          "Googlebot/2.1 (+http://www.google.com/bot.html)", "198.51.100.1", 'a\\"b', "Москва"]


def attackers(chance):
    return [f"203.0.113.{n}" for n in chance.sample(range(1, 255), 12)] + ["2001:db8::7", "2001:db8:1:2::ffff"]


class Writer:
    """Writes the lines of one log; its clock goes on, now and then back a little. `steady`: in one format of date, and
    not over the end of summer time."""

    def __init__(self, seed, steady=False):
        self.chance = random.Random(seed)
        self._attackers = attackers(self.chance)
        self._steady = steady
        self.at = datetime.datetime(2026, 10, 20 if steady else 24, 20, 0, 0)

    def pick(self, *choices):
        return self.chance.choice(choices)

    def name(self):
        return self.chance.choice(NAMES) if self.chance.random() < 0.6 else f"user{self.chance.randrange(50)}"

    def who(self):
        who = self.chance.choice(self._attackers)
        return "::ffff:" + who if ":" not in who and self.chance.random() < 0.05 else who

    def port(self):
        return self.chance.randrange(1024, 65536)

    def now(self):
        self.at += datetime.timedelta(seconds=self.chance.choice((0, 0, 0, 1, 1, 2, 3, 7, 40, 300, -1, -5)))
        return self.at

    # --- the heads of lines

    def syslog(self, program):
        at = self.now()
        stamps = [at.strftime("%b ") + f"{at.day:2d}" + at.strftime(" %H:%M:%S"),
                  at.strftime("%Y-%m-%dT%H:%M:%S.%f+01:00"), at.strftime("%Y-%m-%dT%H:%M:%SZ")]
        stamp = self.pick(*(stamps[:1] if self._steady else stamps))
        return f"{stamp} {self.pick('host', 'mail.example.org')} {program}[{self.chance.randrange(1, 99999)}]: "

    def clf_date(self):
        zone = self.pick(*(("+0100",) if self._steady else ("+0000", "+0100", "-0730")))
        return self.now().strftime("%d/%b/%Y:%H:%M:%S ") + zone

    # --- one line of each program

    def sshd(self):
        name, who, port = self.name(), self.who(), self.port()
        user = self.pick("", "invalid user ") + name
        head = self.syslog(self.pick("sshd", "sshd", "sshd-session")) + self.pick("", "", "", "error: ", "fatal: ")
        return head + self.pick(
            f"Failed password for {user} from {who} port {port} ssh2",
            f"Failed publickey for {user} from {who} port {port} ssh2: RSA SHA256:abc",
            f"Failed keyboard-interactive/pam for {user} from {who} port {port} ssh2",
            f"Invalid user {name} from {who} port {port}",
            f"Invalid user {name} from {who}",
            f"Connection closed by authenticating user {name} {who} port {port} [preauth]",
            f"Connection reset by {who} port {port} [preauth]",
            f"Disconnected from {self.pick('invalid', 'authenticating')} user {name} {who} port {port} [preauth]",
            f"Disconnecting {user} {who} port {port}: Too many authentication failures [preauth]",
            f"maximum authentication attempts exceeded for {user} from {who} port {port} ssh2 [preauth]",
            f"Received disconnect from {who} port {port}:11: Bye Bye [preauth]",
            f"Received disconnect from {who}: 3: {name}: Auth fail [preauth]",
            f"User {name} from {who} not allowed because not listed in AllowUsers",
            f"Did not receive identification string from {who} port {port}",
            f"Bad protocol version identification '{name}' from {who} port {port}",
            f"Unable to negotiate with {who} port {port}: no matching key exchange method found. Their offer: {name}",
            f"pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser={name} rhost={who}  "
            f"user={name}",
            f"PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost={who}  user={name}",
            f"Accepted publickey for {name} from {who} port {port} ssh2: ED25519 SHA256:abc",
            f"Accepted password for {name} from {who} port {port} ssh2",
            f"banner exchange: Connection from {who} port {port}: invalid format",
            f"message repeated 5 times: [ Failed password for {name} from {who} port {port} ssh2]",
            f"Timeout before authentication for {who} port {port}",
            f"refused connect from {name} ({who})",
            f"Connection from {who} port {port} on 192.0.2.1 port 22",
            f"Connection closed by {who} port {port}",
            "pam_unix(sshd:session): session opened for user bob(uid=1000) by (uid=0)")

    def web(self):
        code = self.pick(200, 301, 400, 401, 403, 404, 444, 500)
        method = self.pick("GET", "POST", "HEAD", "PROPFIND")
        request = self.pick(f"{method} {self.chance.choice(PATHS)} HTTP/1.1", "-", "",
                            "\\x16\\x03\\x01\\x02", self.name().replace('"', "\\x22"))
        user = self.name().replace('"', "\\x22") or "-"
        site = self.pick("", "", "", " ", "example.org:443 ")
        client = f"{self.who()} - {self.pick('-', '-', user)} [{self.clf_date()}]"
        answer = f"{code} {self.chance.randrange(9999)}"
        rest = f'"{self.pick("-", "http://example.org/")}" "{self.chance.choice(AGENTS)}"'
        return f'{site}{client} "{request}" {answer} {rest}{self.pick("", "", " 12")}'

    def nginx_error(self):
        path = self.chance.choice(PATHS)
        server = self.pick("_", "example.org", "")
        referrer = self.pick("", ', referrer: "http://example.org/"')
        where = (f', client: {self.who()}, server: {server}, request: "GET {path} HTTP/1.1", host: "example.org"'
                 f'{referrer}')
        level = self.pick("error", "error", "warn", "crit", "info")
        return self.now().strftime("%Y/%m/%d %H:%M:%S ") + f"[{level}] 12#12: *{self.port()} " + self.pick(
            f'user "{self.name()}": password mismatch{where}',
            f'user "{self.name()}" was not found in "/etc/nginx/htpasswd"{where}',
            f"no user/password was provided for basic authentication{where}",
            f'open() "/var/www{path}" failed (2: No such file or directory){where}',
            f'limiting requests, excess: 5.428 by zone "{self.pick("one", "a b")}"{where}',
            f'limiting connections by zone "one"{where}',
            f"access forbidden by rule{where}",
            "SSL_do_handshake() failed (SSL: error:1408F09C:SSL routines:ssl3_get_record:http request too long) while "
            f"SSL handshaking, client: {self.who()}, server: 0.0.0.0:443",
            f"client intended to send too large body: 9 bytes{where}")

    def apache_error(self):
        client = f"[client {self.who()}:{self.port()}]"
        date = self.now().strftime(self.pick("%a %b %d %H:%M:%S.%f %Y", "%a %b %d %H:%M:%S %Y"))
        module = self.pick("auth_basic:error", "authz_core:error", "core:error", "error", "php7:notice", "cgi:error")
        return f"[{date}] [{module}] {self.pick('', '[pid 7] ', '[pid 7:tid 140] ')}{client} " + self.pick(
            f'AH01617: user {self.name()}: authentication failure for "{self.chance.choice(PATHS)}": Password Mismatch',
            f"AH01618: user {self.name()} not found: {self.chance.choice(PATHS)}",
            f"AH01630: client denied by server configuration: /var/www{self.chance.choice(PATHS)}",
            f"AH01797: client denied by server configuration: uri {self.chance.choice(PATHS)}",
            f"AH00128: File does not exist: /var/www{self.chance.choice(PATHS)}",
            f"File does not exist: /var/www{self.chance.choice(PATHS)}, referer: {self.name()}",
            f"script '/var/www{self.chance.choice(PATHS)}' not found or unable to stat",
            f"AH01071: Got error 'Primary script unknown\\n', referer: {self.name()}",
            f"AH00126: Invalid URI in request GET {self.name()} HTTP/1.1",
            "AH00135: Invalid method in request \\x16\\x03\\x01",
            f"user {self.name()}: one-time-nonce mismatch - sending new nonce")

    def postfix(self):
        client = f"{self.pick('unknown', 'host.example.org', self.name().replace(' ', ''))}[{self.who()}]"
        return self.syslog(self.pick("postfix/smtpd", "postfix/submission/smtpd", "postfix/smtps/smtpd")) + self.pick(
            f"warning: {client}: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
            f"warning: {client}: SASL PLAIN authentication failed: , sasl_username={self.name()}",
            f"warning: {client}: SASL LOGIN authentication failed: Connection lost to authentication server",
            f"NOQUEUE: reject: RCPT from {client}: 554 5.7.1 <{self.name()}>: Relay access denied; from=<a@b> to=<c@d> "
            f"proto=ESMTP helo=<{self.name()}>",
            f"NOQUEUE: reject: RCPT from {client}: 450 4.7.1 <{self.name()}>: Helo command rejected: Host not found; "
            "from=<> to=<c@d>",
            f"NOQUEUE: reject: RCPT from {client}: 550 5.1.1 <{self.name()}>: Recipient address rejected: User unknown "
            "in local recipient table; from=<a@b> to=<c@d> proto=ESMTP helo=<x>",
            f"lost connection after {self.pick('AUTH', 'RCPT', 'CONNECT', 'DATA', 'UNKNOWN')} from {client}",
            f"disconnect from {client} ehlo=1 auth=0/1 quit=1 commands=2/3",
            f"too many errors after AUTH from {client}",
            f"improper command pipelining after HELO from {client}: {self.name()}",
            f"connect from {client}")

    def dovecot(self):
        name = self.name()
        tail = f"rip={self.who()}, lip=192.0.2.1" + self.pick("", ", TLS", ", TLS: Disconnected")
        tail += self.pick("", ", session=<abcDEF0123>")
        return self.syslog("dovecot") + self.pick(
            f"imap-login: Disconnected (auth failed, 3 attempts in 17 secs): user=<{name}>, method=PLAIN, {tail}",
            f"pop3-login: Aborted login (tried to use disallowed plaintext auth): user=<{name}>, {tail}",
            f"imap-login: Disconnected: Too many invalid commands (no auth attempts in 3 secs): user=<>, {tail}",
            f"imap-login: Info: Disconnected (auth failed, 1 attempts): user=<{name}>, method=LOGIN, {tail}",
            f"auth-worker(12): pam({name},{self.who()}): unknown user",
            f"auth-worker(12): pam({name},{self.who()},<abc>): pam_authenticate() failed: Authentication failure "
            "(password mismatch?)",
            f"auth: passwd-file({name},{self.who()}): Password mismatch",
            "auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot "
            f"ruser={name} rhost={self.who()}",
            f"imap-login: Login: user=<{name}>, method=PLAIN, {tail}")

    def ftp(self):
        program = self.pick("vsftpd", "proftpd", "pure-ftpd")
        if program == "vsftpd" and self.chance.random() < 0.5:
            date = self.now().strftime("%a %b %d %H:%M:%S %Y")
            return f'{date} [pid 12] [{self.name()}] {self.pick("FAIL", "OK")} LOGIN: Client "{self.who()}"'
        return self.syslog(program) + self.pick(
            f"pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp ruser={self.name()} "
            f"rhost={self.who()} user=x",
            f"host.example.org ({self.who()}[{self.who()}]) - USER {self.name()}: no such user found from "
            f"{self.who()} [{self.who()}] to 192.0.2.1:21",
            f"host.example.org (host[{self.who()}]) - USER {self.name()} (Login failed): Incorrect password",
            f"host.example.org (host[{self.who()}]) - Maximum login attempts (3) exceeded",
            f"(?@{self.who()}) [WARNING] Authentication failed for user [{self.name()}]")

    def database(self):
        at = self.now()
        mongo = at.strftime("%Y-%m-%dT%H:%M:%S.000+0000 ") + "[conn12] "
        denied = f"Access denied for user '{self.name()}'@'{self.who()}' (using password: {self.pick('YES', 'NO')})"
        return self.pick(
            at.strftime("%Y-%m-%d %H:%M:%S ") + f"12 [Note] {denied}",
            at.strftime("%Y-%m-%dT%H:%M:%S.%fZ ") + f"12 [Warning] {denied}",
            at.strftime("%Y-%m-%d %H:%M:%S.45 ") + f"Logon       Login failed for user '{self.name()}'. Reason: Could "
            f"not find a login matching the name provided. [CLIENT: {self.who()}]",
            mongo + f"end connection {self.who()}:{self.port()} (0 connections now open)",
            mongo + f"Failed to authenticate {self.name()}@admin with mechanism SCRAM-SHA-1: AuthenticationFailed: "
            "SCRAM authentication failed, storedKey mismatch")

    def asterisk(self):
        date = self.now().strftime("%Y-%m-%d %H:%M:%S")
        name, who = self.name(), self.who()
        level = self.pick("NOTICE", "SECURITY", "WARNING")
        return f"[{date}] {level}[12]{self.pick('', '[C-0000012f]')} res_x.c: " + self.pick(
            f"Registration from '\"{name}\" <sip:{name}@192.0.2.1>' failed for '{who}:5060' - Wrong password",
            f"Call from '' ({who}:5060) to extension '{name}' rejected because extension not found in context 'x'.",
            f'SecurityEvent="InvalidPassword",EventTV="1-2",Severity="Error",Service="SIP",EventVersion="2",'
            f'AccountID="{name}",SessionID="0x1",LocalAddress="IPV4/UDP/192.0.2.1/5060",'
            f'RemoteAddress="IPV4/UDP/{who}/{self.port()}",Challenge="abc"',
            f"Request 'REGISTER' from '<sip:{name}@192.0.2.1>' failed for '{who}:5060' (callid: 1) - No matching "
            "endpoint found",
            f"Host {who} failed to authenticate as '{name}'")


SERVICES = {
    "sshd": ["sshd", "pam-generic", "selinux-ssh"],
    "web": ["apache-badbots", "apache-botsearch", "apache-fakegooglebot", "nginx-bad-request", "nginx-botsearch",
            "nginx-http-auth", "php-url-fopen", "traefik-auth", "lighttpd-auth", "apache-pass"],
    "nginx_error": ["nginx-http-auth", "nginx-limit-req", "nginx-botsearch"],
    "apache_error": ["apache-auth", "apache-noscript", "apache-overflows", "apache-nohome", "apache-botsearch",
                     "apache-modsecurity", "apache-shellshock"],
    "postfix": ["postfix", "sendmail-auth", "sendmail-reject"],
    "dovecot": ["dovecot", "pam-generic", "cyrus-imap"],
    "ftp": ["vsftpd", "proftpd", "pure-ftpd", "pam-generic", "wuftpd"],
    "database": ["mysqld-auth", "mssql-auth", "mongodb-auth"],
    "asterisk": ["asterisk", "freeswitch"],
}


def spoilt(line, chance):
    """What happens to lines on the way: another line end, bytes that are no text, a piece missing."""
    kind = chance.randrange(60)
    if kind < 3:
        return line + b"\r"
    if kind == 3:
        return line.replace(b"from", b"from\xff", 1)
    if kind == 4:
        return b" " + line
    if kind == 5:
        return line[:chance.randrange(len(line))]
    return line


def generated_log(service, lines, seed, steady=False):
    """(lines, seconds since 1970 an hour behind the last)."""
    writer = Writer(f"{service} {seed}", steady)
    write = getattr(writer, service)
    log = [spoilt(write().encode().replace(b"\n", b" "), writer.chance) for _ in range(lines)]
    return log, int(writer.at.replace(tzinfo=datetime.timezone.utc).timestamp()) + 3600
