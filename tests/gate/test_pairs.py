"""Pairs of processes: the order they come in, and how many there is time for."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import pairs
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.drive import Observation
from tests.gate.builds import BASE, HEAD

LOOP = frozenset({"loop"})


def test_the_order_is_abba_and_goes_on_from_call_to_call(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def observe(*builds: Build, **more: Any) -> list[Observation]:
        found = []
        for build in builds[:2]:
            order.append(build.name)
            found.append(Observation({"loop": float(len(order)), "other": float(len(order))}))
        return found

    monkeypatch.setattr(pairs, "observe_pair", observe)
    source = pairs.PairSource(BASE, HEAD, Path(), None)
    first, second = source(3, LOOP), source(1, frozenset({"other"}))
    assert order == ["base", "head", "head", "base", "base", "head", "head", "base"]
    assert set(first) == {"loop"}
    assert set(second) == {"other"}
    np.testing.assert_array_equal(first["loop"], [[1, 4, 5], [2, 3, 6]])
    np.testing.assert_array_equal(second["other"], [[8], [7]])


def test_what_fits_follows_from_the_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    now, took = 1000.0, 10.0

    def observe(*builds: Any, **more: Any) -> list[Observation]:
        nonlocal now
        now += took
        return 2 * [Observation({"loop": 1.0})]

    monkeypatch.setattr(pairs, "observe_pair", observe)
    monkeypatch.setattr(time, "monotonic", lambda: now)
    source = pairs.PairSource(BASE, HEAD, Path(), None, deadline=1200.0)
    source(6, LOOP)  # 10 s each
    assert source.fits(14, 1)
    assert not source.fits(15, 1)
    assert source.fits(9, 3)  # 15 s each
    assert not source.fits(10, 3)
    took = 30.0
    source(2, LOOP)  # 15 s each, all in all
    assert source.fits(5, 1)
    assert not source.fits(6, 1)
    assert pairs.PairSource(BASE, HEAD, Path(), None).fits(10**9, 1)


def test_a_benchmark_that_stops_working_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "observe_pair", lambda *args, **more: 2 * [Observation()])
    with pytest.raises(CannotMeasure, match="base ran these before"):
        pairs.PairSource(BASE, HEAD, Path(), None)(1, LOOP)
