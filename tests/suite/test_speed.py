"""`benchmarks.speed`: how a row is made of times, and the rows on small inputs."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import ase.io
import pytest

from benchmarks import measure, speed, speed_derivatives, speed_folders, speed_tools, workloads
from benchmarks.speed_tools import Row, ratio

pytest.importorskip("numba")


@pytest.fixture(autouse=True)
def _threads_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "pin_threads", lambda count=1: None)


@pytest.fixture
def few_ellipsoids(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A few frames in place of those that take seconds to be generated."""
    frames = workloads.system("ellipsoids")[:10]
    lines = (workloads.data_folder() / "ellipsoids.xyz").read_bytes().splitlines(keepends=True)
    assert lines[0] == b"1\n"
    monkeypatch.setattr(speed, "ellipsoids", lambda: frames)
    monkeypatch.setattr(speed_tools, "ellipsoids_text", lambda count: count * b"".join(lines[:3]))
    return frames


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let a call take as many seconds as it returns."""
    monkeypatch.setattr(measure, "best_time", lambda call, repeats: call())
    return lambda seconds: partial(float, seconds)


def test_a_ratio_is_of_equal_work_and_beside_its_target(made_up: Any) -> None:
    slow, fast = made_up(8.0), made_up(2.0)
    row = ratio("a", slow, fast, least=30, work=(1, 10), unit="ms a frame")
    assert row == ("a", "40×, 200 ms a frame", "30×", True)
    assert ratio("a", slow, fast, least=4.5) == ("a", "4.00×", "4.5×", False)
    assert ratio("a", slow, fast, most=4, unit="s") == ("a", "4.00×, 8 s", "4×", True)
    assert not ratio("a", slow, fast, most=3.9)[3]


def test_calls_take_turns_after_one_that_does_not_count() -> None:
    order: list[str] = []
    ratio("a", lambda: order.append("a"), lambda: order.append("b"), least=1, rounds=2, repeats=1)
    assert order == ["a", "b"] * 3


def test_two_threads_are_compared_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 2)
    assert speed_tools.threads_ratio("a", 1.9, lambda count: 3.0 / count) == ("a", "2.00×", "1.9×", True)
    assert not speed_tools.threads_ratio("a", 2.1, lambda count: 3.0 / count)[3]
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 1)
    (row,) = speed.thread_rows({40: 0.0}, rounds=1)
    assert row[1].startswith("not measured: one core")
    assert not row[3]


def test_a_file_repeats_what_is_generated(few_ellipsoids: list[Any]) -> None:
    with speed_tools.file_of(6, generated=2) as path:
        assert len(ase.io.read(path, ":")) == 6


@pytest.mark.usefixtures("few_ellipsoids")
@pytest.mark.parametrize(
    ("rows", "targets"),
    [
        (partial(speed.file_rows, 4), ["10×"]),
        (partial(speed.scaling_rows, (10, 20, 40)), ["1.05"]),
        pytest.param(speed.memory_rows, ["100 MB"] * 2, marks=pytest.mark.slow),
    ],
    ids=["files", "scaling", "memory"],
)
def test_rows_on_small_inputs(rows: Callable[[], Any], targets: list[str]) -> None:
    found: list[Row] = list(rows())
    assert all(re.match(r"-?[\d.]+(×| MB| \()", measured) for _, measured, _, _ in found)
    assert [target for _, _, target, _ in found] == targets


@pytest.mark.slow
def test_rows_of_derivatives() -> None:
    pytest.importorskip("torch")
    found = list(speed_derivatives.derivative_rows(20, (1, 1), rounds=1))
    assert [target for _, _, target, _ in found[:5]] == ["3×", "10×", "2×", "0.5 kB", "4×"]
    assert len({what for what, *_ in found}) == len(found) == 14


def test_sweep_row(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = workloads.system("benzenes")[:2]
    monkeypatch.setattr(workloads, "system", lambda name: frames)
    grid = {"cutoff_radius": [3.0, 4.0], "max_angular": [3, 6]}
    ((what, measured, target, passed),) = speed.sweep_rows(grid, rounds=1, target=0)
    assert "2 cutoffs × 2 sizes, benzenes, 2 frames, against 4 calls" in what
    assert re.fullmatch(r"[\d.]+×, [\d.e+-]+ ms, off by [\de-]+ at most", measured)
    assert (target, passed) == ("0×, 1e-12", True)


@pytest.mark.slow
@pytest.mark.usefixtures("few_ellipsoids")
def test_rows_of_folders() -> None:
    whole, workers = speed_folders.stream_rows(6, rounds=1)
    assert "6 frames" in whole[0]
    assert not whole[3]  # so few frames take less time than the folder
    assert re.fullmatch(r"\d+\.\d\d×", workers[1])
    *peaks, found = speed_folders.stream_memory_rows((3, 6))
    assert [row[3] for row in peaks] == [True, True]  # it is what is imported
    assert "6 against 3 frames" in found[0]


def test_missing_libraries_and_missed_targets_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def needs() -> Any:
        raise ModuleNotFoundError("No module named 'featomic'")

    rows = {"good": lambda: [("a", "2×", "1×", True)], "peers": needs}
    monkeypatch.setattr(speed, "ROWS", rows)
    for names, code in ((["good"], 0), ([], 1)):
        monkeypatch.setattr(sys, "argv", ["speed", *names])
        assert speed.main() == code
    assert re.search(r"peers +\| not measured: No module named 'featomic'", capsys.readouterr().out)


def test_seconds_of_a_thread_count_are_those_of_the_call() -> None:
    assert speed_tools.on_threads(1, partial(time.sleep, 0.01)) >= 0.01
