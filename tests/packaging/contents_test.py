#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What each package holds, and with which rights."""

import gzip
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.packaging import debs  # noqa: E402

MAN = {"breakwater": {"man1/breakwater.1"},
       "breakwater-hub": {"man8/breakwater-hub.8", "man5/breakwater-hub.conf.5"},
       "breakwater-node": {"man8/breakwater-node.8", "man5/breakwater-node.conf.5", "man5/breakwater-jail.5"}}


class Contents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.trees = {name: debs.unpack(name, Path(cls.temporary.name) / name) for name in debs.NAMES}

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def files(self, name):
        return {"/" + str(path.relative_to(self.trees[name])) for path in self.trees[name].rglob("*")
                if path.is_file() and "DEBIAN" not in path.parts}

    def test_no_file_belongs_to_two(self):
        seen = {}
        for name in debs.NAMES:
            for path in self.files(name):
                self.assertNotIn(path, seen, f"in {name} and {seen.get(path)}")
                seen[path] = name

    def test_every_file_below_etc_is_a_conffile(self):
        for name in debs.NAMES:
            listed = self.trees[name] / "DEBIAN/conffiles"
            conffiles = set(listed.read_text().split()) if listed.exists() else set()
            self.assertEqual(conffiles, {path for path in self.files(name) if path.startswith("/etc/")}, name)
        self.assertIn("/etc/breakwater/jail.conf", self.files("breakwater-node"))
        self.assertIn("/usr/share/breakwater-hub/jail.conf", self.files("breakwater-hub"))

    def test_there_is_no_key(self):
        for name in debs.NAMES:
            for _, _, _, path in debs.entries(name):
                self.assertNotRegex(path, r"\.(key|pub)$")

    def test_owned_by_root_and_written_by_nobody_else(self):
        for name in debs.NAMES:
            for mode, owner, _, path in debs.entries(name):
                self.assertEqual(owner, "root/root", path)
                self.assertIn(mode, ("drwxr-xr-x", "-rw-r--r--") if "/usr/bin/" not in path or path.endswith("/")
                              else ("-rwxr-xr-x",), path)

    def test_each_has_its_program_with_man_page_and_completions(self):
        for name in debs.NAMES:
            expected = {f"/usr/bin/{name}", f"/usr/share/bash-completion/completions/{name}",
                        f"/usr/share/zsh/vendor-completions/_{name}", f"/usr/share/doc/{name}/copyright",
                        f"/usr/share/doc/{name}/changelog.Debian.gz"}
            self.assertLessEqual(expected, self.files(name), name)
            pages = {path for path in self.files(name) if path.startswith("/usr/share/man/")}
            self.assertEqual(pages, {f"/usr/share/man/{page}.gz" for page in MAN[name]})

    def test_completions_know_every_verb(self):
        for name in debs.NAMES:
            usage = debs.run(str(self.trees[name] / f"usr/bin/{name}"), "--help")
            verbs = set(re.findall(r"^  ([a-z][a-z-]*)  ", usage.partition("Subcommands:")[2], flags=re.M))
            self.assertGreater(len(verbs), 4, usage)
            share = self.trees[name] / "usr/share"
            offered = debs.run("bash", "-c", 'source "$1"; COMP_WORDS=("$2" ""); COMP_CWORD=1; _${2//-/_}; '
                               'printf "%s\\n" "${COMPREPLY[@]}"', "bash",
                               str(share / f"bash-completion/completions/{name}"), name).split()
            self.assertLessEqual(verbs, set(offered), f"bash: {name}")
            zsh = (share / f"zsh/vendor-completions/_{name}").read_text()
            self.assertLessEqual(verbs, set(re.findall(r"([a-z-]+)\\:", zsh)), f"zsh: {name}")

    def test_the_changelog_tells_of_this_version(self):
        for name in debs.NAMES:
            with gzip.open(self.trees[name] / f"usr/share/doc/{name}/changelog.Debian.gz", "rt") as text:
                newest = re.match(r"breakwater \((\S+)\)", text.readline()).group(1)
            self.assertEqual(debs.field(name, "Version"), newest)
            said = debs.run(str(self.trees[name] / f"usr/bin/{name}"), "--version").strip()
            self.assertEqual(said, f"{name} {newest.rpartition('-')[0]}")

    def test_programs_are_stripped_hardened_and_do_not_tell_where_they_were_built(self):
        for name in debs.NAMES:
            program = self.trees[name] / f"usr/bin/{name}"
            sections = debs.run("readelf", "--wide", "--sections", "--dynamic", "--program-headers", "--file-header",
                                str(program))
            self.assertNotIn(".debug_info", sections)
            self.assertRegex(sections, r"Type:\s+DYN")            # PIE
            self.assertIn("GNU_RELRO", sections)
            self.assertRegex(sections, r"FLAGS.*(BIND_)?NOW")
            self.assertIn("__stack_chk_fail", debs.run("readelf", "--wide", "--dyn-syms", str(program)))
            self.assertNotIn(str(debs.ROOT).encode(), program.read_bytes(), f"{name} holds the path of its source")

    def test_depends_on_what_it_links_and_what_it_runs(self):
        for name in debs.NAMES:
            depends = debs.relations(debs.field(name, "Depends"))
            self.assertLessEqual({"libc6", "libstdc++6", "libzmq5"}, depends, name)
            self.assertEqual("iptables" in depends, name == "breakwater-node")
        self.assertNotIn("docker.io", debs.relations(debs.field("breakwater-node", "Depends")))

    def test_the_sums_are_right(self):
        for name in debs.NAMES:
            done = subprocess.run(["md5sum", "--quiet", "--check", "DEBIAN/md5sums"], cwd=self.trees[name],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            listed = {"/" + line.split(None, 1)[1] for line in
                      (self.trees[name] / "DEBIAN/md5sums").read_text().splitlines()}
            self.assertEqual(listed, self.files(name))


if __name__ == "__main__":
    unittest.main(verbosity=2)
