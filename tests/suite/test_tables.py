"""What the tables of `make bench` and of the dashboard hold."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest

from anisoap_bench import table_of_head as table
from anisoap_bench.asv_files import Results
from anisoap_bench.systems import MEMORY, SECONDS, Line, lines
from benchmarks import workloads
from benchmarks.table import markdown

NAN = float("nan")


def results(values: Mapping[str, list[float | None]], start: int = 0) -> Results:
    """Of benchmarks of two systems and two backends."""
    params = [["'benzenes'", "'ellipsoids'"], ["'reference'", "'numba'"]]
    rows = {name: {"params": params, "result": found, "started_at": start} for name, found in values.items()}
    return Results("", {}, rows)


def test_lines_have_ratios_and_the_later_of_two_results() -> None:
    old = results({SECONDS: [0.04, 0.9, 0.3, 0.4], MEMORY: [1e6, 5e6, NAN, None]}, start=1)
    new = results({SECONDS: [NAN, 0.00002, None, 0.5]}, start=2)
    for order in itertools.permutations([old, new]):
        found = lines(list(order))
        assert [(one.system, one.backend) for one in found] == [
            *(("benzenes", "reference"), ("benzenes", "numba")),
            *(("ellipsoids", "reference"), ("ellipsoids", "numba")),
        ]
        assert [one.milliseconds for one in found] == ["40", "0.02", "300", "500"]
        assert [one.faster for one in found] == ["1×", "2000×", "1×", "0.6×"]
        assert [one.megabytes for one in found] == ["1.0", "5.0", "–", "–"]
        assert {one.error for one in found} == {"–"}
    assert [one.faster for one in lines([results({SECONDS: [NAN, 0.1, None, 0.1]})])] == ["–", "–"]


def test_rows_of_make_bench_have_pairs_per_second() -> None:
    line = Line("ellipsoids", "numba", 2e-4, "0.2", "200×", "5.0", "1e-12")
    system, backend, milliseconds, speed, *rest = table.row(line)
    assert (system, backend, milliseconds, *rest) == ("ellipsoids", "numba", "0.2", "5.0", "200×")
    assert float(speed) == pytest.approx(workloads.count_pairs("ellipsoids") / 200 / 2e-4, rel=0.01)


def test_markdown_is_a_table() -> None:
    cells = ["a", "long"], [["1", "2"]]
    assert markdown(*cells).splitlines() == ["| a | long |", "| - | ---- |", "| 1 | 2    |"]
    assert markdown(*cells, padded=False).splitlines() == ["| a | long |", "|---|---|", "| 1 | 2 |"]
