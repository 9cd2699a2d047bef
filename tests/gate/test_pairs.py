"""Pairs of processes: the order they come in, and how many there is time for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import pairs
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.drive import Observation


def test_the_order_is_abba_and_goes_on_from_call_to_call(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def observe(*builds: Build | Path, **more: Any) -> list[Observation]:
        found = []
        for build in builds[:2]:
            assert isinstance(build, Build)
            order.append(build.name)
            found.append(Observation({"loop": float(len(order)), "other": float(len(order))}))
        return found

    monkeypatch.setattr(pairs, "observe_pair", observe)
    base, head = (Build(name, Path(name), name) for name in ("base", "head"))
    source = pairs.PairSource(base, head, Path(), None, frozenset({"loop"}))
    first, second = source(3), source(1, frozenset({"other"}))
    assert order == ["base", "head", "head", "base", "base", "head", "head", "base"]
    assert set(first) == {"loop"}
    assert set(second) == {"other"}
    np.testing.assert_array_equal(first["loop"], [[1, 4, 5], [2, 3, 6]])
    np.testing.assert_array_equal(second["other"], [[8], [7]])


def test_what_fits_follows_from_the_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0

    def alternate(*args: Any, **more: Any) -> dict[str, Any]:
        nonlocal now
        now += 60.0
        return {}

    monkeypatch.setattr(pairs, "alternate", alternate)
    monkeypatch.setattr(pairs.time, "monotonic", lambda: now)
    base, head = (Build(name, Path(name), name) for name in ("base", "head"))
    source = pairs.PairSource(base, head, Path(), None, frozenset({"loop"}), deadline=1200.0)
    source(6)  # 10 s each
    assert source.fits(14, 1)
    assert not source.fits(15, 1)
    assert source.fits(9, 3)  # 15 s each
    assert not source.fits(10, 3)
    source(2)  # 15 s each, all in all
    assert source.fits(5, 1)
    assert not source.fits(6, 1)
    assert pairs.PairSource(base, head, Path(), None, frozenset({"loop"})).fits(10**9, 1)


def test_a_benchmark_that_stops_working_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "observe_pair", lambda *args, **more: 2 * [Observation({})])
    base, head = (Build(name, Path(name), name) for name in ("base", "head"))
    with pytest.raises(CannotMeasure, match="ran these benchmarks before"):
        pairs.alternate(base, head, Path(), 1, None, names=frozenset({"loop"}))
