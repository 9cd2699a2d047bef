"""Tell GitHub of new changes: ``tell_changes.py CHANGES.json REPORT.md``.

Opens an issue for commits that made a benchmark slower, or comments on the open one; never twice for the same change.
CHANGES.json and REPORT.md are what ``python -m anisoap_bench history --json … --markdown …`` writes. A change is known
if an issue with the label, open or closed, or a comment on one, names its commit and benchmark. Needs GitHub's `gh`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LABEL = "performance-history"
TITLE = "A commit made a benchmark slower"
MOST = 30_000
"""Characters of the report; GitHub takes no texts of more than 65 536."""


def gh(*arguments: str, body: str | None = None) -> str:
    """Output of GitHub's command."""
    words = ["gh", *arguments, *(["--body-file", "-"] if body is not None else [])]
    return subprocess.run(words, input=body, stdout=subprocess.PIPE, text=True, check=True).stdout


def main(changes: Path, report: Path) -> int:
    """Tell what is new."""
    slower = [one for one in json.loads(changes.read_text())["changes"] if one["ratio"] > 1]
    if not slower:
        print("nothing is slower")
        return 0
    fields = ("--state", "all", "--limit", "1000", "--json", "number,state,body,comments")
    issues = json.loads(gh("issue", "list", "--label", LABEL, *fields))
    told = [text for one in issues for text in (one["body"], *(comment["body"] for comment in one["comments"]))]
    known = {line for text in told for line in text.splitlines()}
    new = {_mark(one): one for one in slower if _mark(one) not in known}
    if not new:
        print(f"all {len(slower)} are told")
        return 0
    lines = [_line(one) for one in new.values()]
    shown = report.read_text()[:MOST]
    words = "\n".join([*lines, "", *new, "", "<details><summary>All</summary>", "", shown, "", "</details>"])
    is_open = [str(one["number"]) for one in issues if one["state"] == "OPEN"]
    if is_open:
        gh("issue", "comment", is_open[0], body=words)
    else:
        gh("label", "create", LABEL, "--force", "--description", "Found by the history of the benchmarks")
        gh("issue", "create", "--title", TITLE, "--label", LABEL, body=words)
    print(f"told {len(new)}")
    return 0


def _line(change: dict[str, Any]) -> str:
    """One change in words; what a commit calls itself stands as code, in which nobody is mentioned."""
    subject = "".join(" " if sign in "`\r\n" else sign for sign in change["subject"])
    where = f"{change['commit'][:10]}{'' if change.get('alone', True) else ' or one before it that was not measured'}"
    size = "× {ratio:.3f} [{low:.3f}, {high:.3f}]".format(**change)
    return f"- {change['benchmark']} {size}: {where} `{subject}`, {change['why']}"


def _mark(change: dict[str, Any]) -> str:
    """What nobody sees, by which a change is known again; the report names old changes too."""
    return f"<!-- {change['commit']} {change['benchmark']} -->"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
