"""The rows of `benchmarks.speed` about throughput: on small inputs, and with times that are made up."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest

import anisoap_opt
from benchmarks import base_and_head, measure, speed, speed_streaming, speed_sweep, speed_throughput, workloads

pytest.importorskip("numba")

PACKAGE = """
from types import SimpleNamespace

BACKENDS = {"numba": SimpleNamespace(installed=True, dtypes=("float64",), needs="")}


class EllipsoidalDensityProjection:
    def __init__(self, max_angular, radial_basis_name, cutoff_radius, radial_gaussian_width, rotation_key, backend):
        pass

    def power_spectrum(self, frames):
        assert len(frames[0]) == 8
"""


@pytest.fixture(autouse=True)
def _threads_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "pin_threads", lambda count=1: None)


@pytest.fixture
def few_ellipsoids(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A few frames in place of those that take seconds to be generated."""
    frames = workloads.system("ellipsoids")[:10]
    lines = (workloads.data_folder() / "ellipsoids.xyz").read_bytes().splitlines(keepends=True)
    assert lines[0] == b"1\n"
    monkeypatch.setattr(speed_throughput, "ellipsoids", lambda: frames)
    monkeypatch.setattr(speed_throughput, "ellipsoids_text", lambda count: count * b"".join(lines[:3]))
    return frames


def made_up(monkeypatch: pytest.MonkeyPatch, base: float, head: float) -> None:
    """Let the two packages take these times."""
    times = np.array([[base] * 3, [head] * 3])
    monkeypatch.setattr(speed_throughput, "base_and_head", lambda rounds, task, *arguments: times)


@pytest.mark.parametrize(
    ("base", "head", "most", "passed"), [(5, 1, 9, True), (4.9, 1, 9, False), (50, 10, 9, False), (4, 1, np.inf, False)]
)
def test_against_the_commit_before(
    monkeypatch: pytest.MonkeyPatch, base: float, head: float, most: float, passed: bool
) -> None:
    made_up(monkeypatch, base, head)
    what, measured, target, found = speed_throughput.against_base("a call", 5, 3, "one_call", 1, most=most)
    assert (what, found) == ("a call", passed)
    assert measured.startswith(f"{base / head:.2f}×")
    assert target == ("5×" if most == np.inf else "5×, 9000 ms")


def test_a_commit_that_is_not_there_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_and_head, "BASE", "0" * 40)
    base_and_head._base_package.cache_clear()
    rows = list(speed_throughput.call_rows())
    assert all(measured.startswith("not measured: commit 000") and not passed for _, measured, _, passed in rows)
    monkeypatch.setenv("PATH", "")
    assert [row[1] for row in speed_throughput.call_rows()] == ["not measured: there is no git"] * 2


class TestProcesses:
    """Packages that are measured in processes of their own."""

    def package(self, folder: Path, code: str = PACKAGE) -> Path:
        (folder / "anisoap_opt").mkdir()
        (folder / "anisoap_opt" / "__init__.py").write_text(textwrap.dedent(code))
        return folder

    def test_times_are_those_of_the_package_in_the_folder(self, tmp_path: Path) -> None:
        with base_and_head.Process(self.package(tmp_path), "bulk", [8, True]) as process:
            assert all(process.answer() > 0 for _ in range(3))
        assert process.process.returncode == 0

    def test_another_package_is_refused(self, tmp_path: Path) -> None:
        process = base_and_head.Process(tmp_path, "bulk", [8, True])
        with pytest.raises(RuntimeError, match="the package was to come from"):
            process.__enter__()
        process.__exit__(None, None, None)

    def test_a_process_that_fails_is_an_error(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        process = base_and_head.Process(self.package(tmp_path), "bulk", [9, True])
        with pytest.raises(RuntimeError, match="ended with code 1"):
            process.__enter__()
        assert "AssertionError" in capfd.readouterr().err


def test_rows_of_files(monkeypatch: pytest.MonkeyPatch, few_ellipsoids: list[Any]) -> None:
    asked: list[int] = []

    def read(path: Path) -> list[Any]:
        asked.append(len(frames := ase.io.read(path, ":")))
        return frames

    def iread(path: Path) -> Iterator[list[Any]]:
        frames = read(path)
        yield frames[:2]
        yield frames[2:]

    monkeypatch.setattr(anisoap_opt, "read", read, raising=False)
    monkeypatch.setattr(anisoap_opt, "iread", iread, raising=False)
    made_up(monkeypatch, 7.9, 1.0)
    reading, features = speed_throughput.file_rows(4)
    assert reading[0] == "reading ellipsoids, 4 frames, against ase.io.read"
    assert not reading[3]  # it is ASE's
    assert not features[3]
    rows = list(speed_throughput.file_memory_rows((4, 8)))
    assert [row[3] for row in rows] == [True, True]
    assert "8 frames" in rows[1][0]
    assert set(asked) == {4, 8, 200}


def test_a_file_repeats_what_is_generated(few_ellipsoids: list[Any]) -> None:
    with speed_throughput.file_of(6, generated=2) as path:
        assert len(ase.io.read(path, ":")) == 6


class Stub:
    """A calculator that computes nothing."""

    def __init__(self, *arguments: Any) -> None:
        pass

    def power_spectrum(self, given: Any) -> None:
        assert given is not None


def test_rows_against_the_reference(monkeypatch: pytest.MonkeyPatch, few_ellipsoids: list[Any]) -> None:
    given = []
    batches = type("ParticleBatch", (), {"from_frames": staticmethod(lambda frames: given.append(len(frames)) or "b")})
    monkeypatch.setattr(anisoap_opt, "ParticleBatch", batches, raising=False)
    monkeypatch.setattr(speed_throughput, "calculator", Stub)
    rows = list(speed_throughput.reference_rows())
    assert [row[2] for row in rows] == ["2000×", "250×", "450×", "4000×"]
    assert given == [10]


def test_rows_of_order_and_size(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up(monkeypatch, 2.0, 1.0)
    rows = list(speed_throughput.order_rows(20, 60, 120, rounds=1, particles=1))
    assert [row[3] for row in rows[:2]] == [False, True]  # 2.0 against 2.2 and 1.5
    assert [row[2] for row in rows[2:]] == ["1.05×", "1.15×", "1.5×"]
    for _, measured, target, passed in rows[2:]:
        assert passed == (float(measured.split("×")[0]) <= float(target[:-1])) or measured.startswith(target)


def test_rows_of_threads() -> None:
    (row,) = speed_throughput.thread_rows({40: 0.0}, rounds=1)
    assert row[3] != row[1].startswith("not measured")


def test_rows_of_backends() -> None:
    rows = list(speed_throughput.backend_rows((10, 20), rounds=1, particles=1))
    assert [row[0].split(",")[0] for row in rows] == list(speed_throughput.NUMPY_AND_TORCH)
    assert rows[0][1].endswith("µs a particle)")


@pytest.mark.slow
def test_rows_of_folders(few_ellipsoids: list[Any]) -> None:
    whole, workers = speed_streaming.stream_rows(6, rounds=1)
    assert "6 frames" in whole[0]
    assert not whole[3]  # so few frames take less time than the folder
    assert re.fullmatch(r"\d+\.\d\d× \(\d+\.\d\d\)", workers[1])
    *peaks, ratio = speed_streaming.stream_memory_rows((3, 6))
    assert [row[3] for row in peaks] == [True, True]  # it is what is imported
    assert "6 against 3 frames" in ratio[0]


def test_every_row_has_a_name_of_its_own() -> None:
    assert len(set(speed.ROWS.values())) == len(speed.ROWS)


def test_sweep_row(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = workloads.system("benzenes")[:2]
    monkeypatch.setattr(workloads, "system", lambda name: frames)
    grid = {"cutoff_radius": [3.0, 4.0], "max_angular": [3, 6]}
    ((what, measured, target, passed),) = speed_sweep.sweep_rows(grid, rounds=1, target=0)
    assert "2 cutoffs × 2 sizes, benzenes, 2 frames, against 4 calls" in what
    assert re.fullmatch(r"[\d.]+×, [\d.e+-]+ ms, off by [\de-]+ at most", measured)
    assert (target, passed) == ("0×, 1e-12", True)
