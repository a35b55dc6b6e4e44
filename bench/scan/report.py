# SPDX-License-Identifier: Apache-2.0
"""What `bench scan` prints."""

ORDER = ("breakwater", "newline", "grep", "rg", "fail2ban", "crowdsec")


def _ratio(row, other):
    if other is None or row["program"] == other["program"]:
        return ""
    ratio = row["lines_per_cpu_s"] / other["lines_per_cpu_s"]
    return f"{ratio:,.0f} x" if ratio >= 10 else f"{ratio:.1f} x"


def table(cases, rows):
    """cases: those that were run, in order."""
    lines = [f"{'case':<16}{'program':<12}{'lines':>10}{'lines/CPU s':>14}{'lines/wall s':>14}{'peak RSS':>11}"
             f"{'to fail2ban':>13}{'to crowdsec':>13}"]
    for case in cases:
        by_program = {row["program"]: row for row in rows if row["case"] == case.name}
        title = case.name
        for name in ORDER:
            row = by_program.get(name)
            if row is None:
                continue
            lines.append(f"{title:<16}{name:<12}{row['lines']:>10,}{row['lines_per_cpu_s']:>14,}"
                         f"{row['lines_per_wall_s']:>14,}{row['peak_rss_kb'] / 1024:>8.1f} MB"
                         f"{_ratio(row, by_program.get('fail2ban')):>13}{_ratio(row, by_program.get('crowdsec')):>13}")
            title = ""
    return "\n".join(lines)


def growth(rows):
    """What a line costs with more filters, to what it costs with one."""
    cost = {row["case"]: 1e9 / row["lines_per_cpu_s"] for row in rows if row["program"] == "breakwater"}
    named = {1: "web-1-1pct", 5: "web-5-1pct", 20: "web-20-1pct", 80: "web-80-1pct"}
    if not all(case in cost for case in named.values()):
        return ""
    first = cost[named[1]]
    parts = [f"{count} filters {cost[case]:.0f} ns ({cost[case] / first:.2f} x)" for count, case in named.items()]
    return "a line through breakwater at 1 % hits: " + ", ".join(parts)
