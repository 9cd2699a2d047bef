"""What the published recordings say, as the documentation has it."""

from __future__ import annotations

import re
from pathlib import Path

from anisoap_bench.history.book import RECORDINGS, Book
from anisoap_bench.history.planted import PLANTS
from anisoap_bench.json_lines import read

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "history.md").read_text(encoding="utf-8")
STAGES = {"find_neighborhoods": "neighbours", "ParticleBatch.of_stack": "checks", "Kernel._fill": "kernel"}


def test_of_the_planted_commits_each_is_named_with_its_stage_and_nothing_else() -> None:
    book = Book(read(ROOT / RECORDINGS / "planted.jsonl.gz")[1])
    commits, found = book.commits, book.changes()
    worse = {plant.commit: STAGES[plant.function] for plant in PLANTS}
    repaired = {plant.until: STAGES[plant.function] for plant in PLANTS if plant.until < len(commits)}
    assert {one.commit for one in found if one.ratio > 1} == set(worse)
    assert {one.commit for one in found if one.ratio < 1} == set(repaired)
    for change in found:
        assert book.is_alone(change)
        why = str(book.reasons[commits[change.commit].hash, change.benchmark]["why"])
        word = "slower" if change.ratio > 1 else "faster"
        assert why.startswith(f"{word}: {(worse | repaired)[change.commit]}, ")
        cells = (change.benchmark, f"× {change.ratio:.3f}", f"{change.low:.3f} to {change.high:.3f}", why.split(";")[0])
        assert re.search(r"\| `{}` \| {} \| {} \| {} \|".format(*map(re.escape, cells)), PAGE), cells
