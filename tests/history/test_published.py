"""What the published recordings say, as the documentation has it."""

from __future__ import annotations

import re
from pathlib import Path

from anisoap_bench.history.book import RECORDINGS, read_book

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "history.md").read_text(encoding="utf-8")
WORSE, REPAIRED = {3: "neighbours", 6: "checks", 8: "kernel"}, {10: "kernel"}
"""Stages that were made to take longer, by commit, and that were repaired."""


def test_of_the_planted_commits_each_is_named_with_its_stage_and_nothing_else() -> None:
    book = read_book(ROOT / RECORDINGS / "planted.jsonl.gz")
    commits, found = book.commits, book.changes()
    assert {one.commit for one in found if one.ratio > 1} == set(WORSE)
    assert {one.commit for one in found if one.ratio < 1} == set(REPAIRED)
    for change in found:
        assert book.is_alone(change)
        why = str(book.reasons[commits[change.commit].hash, change.benchmark]["why"])
        word = "slower" if change.ratio > 1 else "faster"
        assert why.startswith(f"{word}: {(WORSE | REPAIRED)[change.commit]}, ")
        cells = (change.benchmark, f"× {change.ratio:.3f}", f"{change.low:.3f} to {change.high:.3f}", why.split(";")[0])
        assert re.search(r"\| `{}` \| {} \| {} \| {} \|".format(*map(re.escape, cells)), PAGE), cells


def test_of_this_repository_no_commit_changed_anything_and_reference_is_flat() -> None:
    book = read_book(ROOT / RECORDINGS / "amd-epyc-2-cores.jsonl")
    assert book.changes() == []
    levels = book.levels()
    reference = levels["kernel-reference-6"]
    assert len(reference.commits) == 21
    intervals = [reference.interval(place) for place in range(1, 21)]
    flat = sum(low <= 1 <= high for _, low, high in intervals)
    (told,) = re.findall(r"and (\d+) of its 20\s+intervals of 95 % contain 1", PAGE)
    assert flat == int(told)
    ends = {name: line.interval(len(line.values) - 1) for name, line in levels.items()}
    farthest = max(ends, key=lambda name: abs(ends[name][0] - 1))
    for name in (farthest, "kernel-reference-6"):
        ratio, low, high = (f"{one:.2f}" for one in ends[name])
        assert re.search(rf"× {ratio}\s+\[{low}, {high}\]", PAGE), (name, ends[name])
