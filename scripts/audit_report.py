"""Print the vulnerabilities in reports of pip-audit, and say whether there are any.

    python scripts/audit_report.py REPORT.json...

Exit status: 0 without vulnerabilities, 1 with some, 75 if no package could be looked up.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FOUND, NOT_RUN = 1, 75


def summary(packages: Iterable[dict[str, Any]]) -> tuple[int, list[str]]:
    """The exit status and the lines to print, for the packages of all reports."""
    lines: list[str] = []
    audited = skipped = 0
    for package in packages:
        if "skip_reason" in package:
            skipped += 1
            lines.append(f"not looked up: {package['skip_reason']}")
            continue
        audited += 1
        for found in package["vulns"]:
            fixed = ", ".join(found["fix_versions"]) or "no release yet"
            lines.append(
                f"{package['name']} {package['version']}: {found['id']}; fixed in: {fixed}"
            )
    vulnerable = len(lines) - skipped
    if not audited:
        return NOT_RUN, [f"audit: NOT RUN: none of {skipped} packages could be looked up on PyPI."]
    lines.append(f"{audited} packages looked up, {vulnerable} vulnerabilities")
    return (FOUND if vulnerable else 0), lines


def main(reports: list[str]) -> int:
    """Read the reports and print their summary."""
    packages = [
        package
        for name in reports
        for package in json.loads(Path(name).read_text())["dependencies"]
    ]
    status, lines = summary(packages)
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
