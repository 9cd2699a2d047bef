"""A run without processes: which pairs are measured, in which order, and what is written down."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import pairs
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.drive import Observation
from anisoap_bench.gate.why import Why
from anisoap_bench.history import measure
from anisoap_bench.history.book import Book
from anisoap_bench.history.measure import OutOfTime, Session
from anisoap_bench.history.plan import EVERY, NEIGHBOURS
from tests.history.lines import commit, name

BROKEN = name(3)


class FakeBuilds:
    """Builds that cost nothing; one of them fails while it is broken."""

    def __init__(self) -> None:
        self.suite, self.broken, self.compiled = Path("suite"), {BROKEN}, set[tuple[str, str]]()

    def get(self, commit: str) -> Build:
        if commit in self.broken:
            raise CannotMeasure("does not build:\nno compiler")
        return Build(commit[:10], Path(commit), commit)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Measures commits by number, from a new session on the same recording; times are those of `seconds`."""
    builds, seconds = FakeBuilds(), {name(number): 1.0 if number < 6 else 1.3 for number in range(30)}
    about = {number: {**commit(number)} for number in range(30)}
    line = SimpleNamespace(
        numbers={name(number): number for number in range(30)},
        about=lambda one: {
            key: about[int(one[:2])][key] for key in ("number", "date", "subject", "before", "versions")
        },
    )
    file = tmp_path / "m.jsonl"
    ticks = iter(range(10_000))

    def pair(first: Build, second: Build, suite: Path, *, core: int | None, names: frozenset[str]) -> list[Observation]:
        noise = 1 + 1e-3 * math.sin(next(ticks))
        return [Observation(dict.fromkeys(names, noise * seconds[one.commit])) for one in (first, second)]

    monkeypatch.setattr(measure, "warm_up", lambda builds, *args, **more: [Observation({"b": 1.0})])
    monkeypatch.setattr(pairs, "observe_pair", pair)
    monkeypatch.setattr(measure, "observe", lambda *args, **more: [Observation(amounts={"b": {"allocated": 8}})])
    monkeypatch.setattr(measure, "explain", lambda base, head, *args, **more: Why("b", f"slower after {base.name}"))

    def start(*numbers: int, end: float = math.inf) -> Book:
        known = [json.loads(one) for one in file.read_text().splitlines()] if file.exists() else []
        book = Book(known)
        session: Any = Session(book, file, line, builds, core=None, end=end, only="")
        session.measure([name(number) for number in numbers])
        return book

    start.builds, start.file = builds, file
    return start


def test_every_commit_has_its_neighbour_and_a_few_have_the_anchor(run: Any) -> None:
    book = run(*range(9))
    assert book.count("b", name(1), name(2)) == NEIGHBOURS
    assert book.count("b", name(2), name(4)) == NEIGHBOURS  # over the gap
    assert book.of[BROKEN].gap.startswith("does not build")
    anchored = {int(head[:2]) for base, head in book.pairs["b"] if base == name(0)}
    on_line = [0, 1, 2, 4, 5, 6, 7, 8]
    assert anchored == {1, on_line[EVERY], 8}
    assert book.amounts.keys() == {name(number) for number in on_line}
    assert Book(json.loads(one) for one in run.file.read_text().splitlines()).pairs == book.pairs


def test_a_change_is_explained_once_also_by_a_later_run(run: Any) -> None:
    (change,) = run(*range(9)).changes()
    book = run(9)
    assert book.commits[change.commit].hash == name(6)
    assert book.reasons[name(6), "b"]["why"] == f"slower after {name(5)[:10]}"
    assert run.file.read_text().count('"change"') == 1


def test_a_gap_is_tried_again_and_what_was_measured_never_becomes_one(run: Any) -> None:
    run(2, 3, 4)
    run.builds.broken = set()
    book = run(3)
    assert not book.of[BROKEN].gap
    assert book.count("b", name(2), name(3)) == NEIGHBOURS
    run.builds.broken = {BROKEN}
    before = run.file.read_text()
    with pytest.raises(CannotMeasure, match="could be measured, and now cannot: does not build"):
        run(3)
    assert run.file.read_text() == before


def test_nothing_is_begun_after_the_end(run: Any) -> None:
    with pytest.raises(OutOfTime):
        run(0, 1, end=time.monotonic() - 1)
    assert not run.file.exists()
