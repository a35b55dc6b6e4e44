# SPDX-License-Identifier: Apache-2.0
"""web-filters.list in the forms that are needed of it."""

import pathlib
import re

LIST = pathlib.Path(__file__).with_name("web-filters.list")
# As fail2ban's own web filters, ours say where the date is: without that fail2ban needs ten times as long.
DATE = r"^[^\[]*\[(%d/%b/%Y:%H:%M:%S %z)"
HEAD = '^<HOST> [^"]*'  # what every regex of the list begins with; the rest is its core


def read():
    """[(name, failregex)], in order."""
    filters = []
    for line in LIST.read_text().splitlines():
        if line and not line.startswith("#"):
            name, regex = line.split(maxsplit=1)
            assert regex.startswith(HEAD), f"{LIST.name}: {name} does not begin with {HEAD}"
            filters.append((name, regex))
    return filters


def write(folder, filters):
    """As filter.d/*.conf below the folder."""
    (folder / "filter.d").mkdir(parents=True, exist_ok=True)
    for name, regex in filters:
        text = f"[Definition]\nfailregex = {regex}\ndatepattern = {DATE}\n"
        (folder / "filter.d" / f"{name}.conf").write_text(text.replace("%", "%%"))


def core_pattern(filters):
    """One bytes pattern of Python for lines of a plain log that one of them matches."""
    return re.compile("|".join(f"(?:{regex[len(HEAD):]})" for _, regex in filters).encode())


def core_ere(filters):
    """For grep -E, which has neither (?: nor \\d."""
    cores = (regex[len(HEAD):].replace("(?:", "(").replace(r"\d", "[0-9]") for _, regex in filters)
    return "|".join(cores)
